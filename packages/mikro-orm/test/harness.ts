import { join } from "node:path";
import { EntityCaseNamingStrategy } from "@mikro-orm/core";
import { MikroORM as PgliteOrm } from "@mikro-orm/pglite";
import { MikroORM as PostgresOrm } from "@mikro-orm/postgresql";
import { MikroORM as SqliteOrm } from "@mikro-orm/sqlite";
import type { Harness, HarnessCapabilities, ValueField } from "@sync/conformance";
import {
  type KitServer, pgliteSession, POSTGRES_VALUES, postgresProbe, postgresTables, type Run, sqliteProbe, sqliteTables, type SqlTransaction,
} from "@sync/test-adapters/conformance";
import { temporaryFolder } from "@sync/test-databases";
import type Database from "better-sqlite3";
import { mikroOrmDatabase } from "../src/index.ts";
import { postgresKit, sqliteKit } from "./support/kit-schema.ts";

const capabilities: HarnessCapabilities = {
  changesSince: true, fingerprints: false, exactWrites: true, state: true, cloudIdField: true, atomicUnits: true, foreignKeys: true, checks: true,
  notNull: true, defaults: true, transactions: true, overlappingTransactions: true, foreignValues: true, reopening: true, uninstall: true,
};

const namingStrategy = EntityCaseNamingStrategy;
const postgresTypes = { size: "bigint" };

export function postgresHarness(server: KitServer): Harness {
  return {
    capabilities,
    values: POSTGRES_VALUES,
    async open(namespace) {
      const schema = await server.fresh(namespace, postgresTables(postgresTypes));
      const orms: PostgresOrm[] = [];
      const open = () => {
        const { connectionString: clientUrl, options } = schema.config;
        const orm = new PostgresOrm({ entities: postgresKit as never, clientUrl, driverOptions: { options }, pool: { max: 4 }, namingStrategy });
        orms.push(orm);
        return mikroOrmDatabase(orm);
      };
      const database = open();
      return {
        database, probe: postgresProbe(schema.run, { types: postgresTypes, begin: schema.begin }), server: { product: "PostgreSQL", version: schema.version },
        reopen: async () => open(),
        uninstall: () => database.uninstall(),
        async close() {
          await Promise.all(orms.map((orm) => orm.close()));
          await schema.close();
        },
      };
    },
  };
}

export function pgliteHarness(): Harness {
  return {
    capabilities: { ...capabilities, overlappingTransactions: false },
    values: POSTGRES_VALUES,
    async open() {
      const { client, run, begin, version } = await pgliteSession(postgresTables(postgresTypes));
      const orms: PgliteOrm[] = [];
      const open = () => {
        const orm = new PgliteOrm({ entities: postgresKit as never, dbName: "postgres", driverOptions: { pglite: client }, namingStrategy });
        orms.push(orm);
        return mikroOrmDatabase(orm);
      };
      const database = open();
      return {
        database, probe: postgresProbe(run, { types: postgresTypes, begin }), server: { product: "PostgreSQL", version, compatible: "PGlite" },
        reopen: async () => open(),
        uninstall: () => database.uninstall(),
        close: async () => void (await Promise.all(orms.map((orm) => orm.close()))),
      };
    },
  };
}

const sqliteValues: readonly ValueField[] = ["text", "flag", "small", "big", "price", "ratio", "moment", "day", "bytes", "choice", "data"];
/** The column's type is numeric to SQLite: a document that is a bare number is one. */
const data = { store: (text: string) => text, load: String };

export function sqliteHarness(): Harness {
  return {
    capabilities: { ...capabilities, changesSince: false, fingerprints: true, overlappingTransactions: false },
    values: sqliteValues,
    async open(namespace) {
      const folder = temporaryFolder(namespace);
      const orms: SqliteOrm[] = [];
      const connect = async (): Promise<{ orm: SqliteOrm; handle: Database.Database }> => {
        const orm = new SqliteOrm({ entities: sqliteKit as never, dbName: join(folder.path, "kit.sqlite"), namingStrategy });
        orms.push(orm);
        const handle: Database.Database = await orm.em.getConnection().getNativeClient();
        // Nothing here has to outlive a power cut.
        handle.pragma("synchronous = off");
        return { orm, handle };
      };
      const { orm, handle } = await connect();
      for (const statement of sqliteTables(sqliteValues, { big: "bigint", moment: "datetime", day: "date", data: "json" })) handle.exec(statement);
      const run: Run = async (sql, parameters = []) => {
        const statement = handle.prepare(sql).safeIntegers();
        if (statement.reader) return statement.raw().all(...parameters) as unknown[][];
        statement.run(...parameters);
        return [];
      };
      const begin = async (): Promise<SqlTransaction> => {
        handle.exec("begin");
        return { run, commit: async () => void handle.exec("commit"), rollback: async () => void handle.exec("rollback") };
      };
      const database = mikroOrmDatabase(orm);
      const { version } = handle.prepare<[], { version: string }>("select sqlite_version() as version").get()!;
      return {
        database, probe: sqliteProbe(run, { values: sqliteValues, storage: { data }, begin }), server: { product: "SQLite", version },
        reopen: async () => mikroOrmDatabase((await connect()).orm),
        uninstall: () => database.uninstall(),
        async close() {
          await Promise.all(orms.map((each) => each.close()));
          folder.remove();
        },
      };
    },
  };
}

import { join } from "node:path";
import type { Harness, HarnessCapabilities, ValueField } from "@sync/conformance";
import { type KitServer, postgresProbe, postgresTables, type Run, sqliteProbe, sqliteTables, type SqlTransaction } from "@sync/test-adapters/conformance";
import { temporaryFolder } from "@sync/test-databases";
import type Database from "better-sqlite3";
import { DataSource } from "typeorm";
import { typeormDatabase } from "../src/index.ts";
import { postgresEntities, sqliteEntities } from "./support/kit-schema.ts";

const capabilities: HarnessCapabilities = {
  changesSince: true, fingerprints: false, exactWrites: true, state: true, cloudIdField: true, atomicUnits: true, foreignKeys: true, checks: true,
  notNull: true, defaults: true, transactions: true, overlappingTransactions: true, foreignValues: true, reopening: true, uninstall: true,
};

const postgresTypes = { size: "bigint" };
const postgresValues: readonly ValueField[] = [
  "text", "flag", "small", "big", "price", "ratio", "moment", "wall", "day", "clock", "span", "bytes", "token", "choice", "data", "tags",
];

export function postgresHarness(server: KitServer, writes: "bulk" | "orm" = "bulk"): Harness {
  return {
    capabilities: { ...capabilities, exactWrites: writes === "bulk" },
    values: postgresValues,
    async open(namespace) {
      const schema = await server.fresh(namespace, postgresTables(postgresTypes));
      const sources: DataSource[] = [];
      const open = async () => {
        const { connectionString: url, options } = schema.config;
        const source = await new DataSource({ type: "postgres", url, extra: { options }, poolSize: 4, installExtensions: false, entities: postgresEntities }).initialize();
        sources.push(source);
        return typeormDatabase(source, { kinds: { Thing: { wall: { type: "local", digits: 6 } } }, writes });
      };
      const database = await open();
      return {
        database, probe: postgresProbe(schema.run, { types: postgresTypes, begin: schema.begin }), server: { product: "PostgreSQL", version: schema.version },
        reopen: open,
        uninstall: () => database.uninstall(),
        async close() {
          await Promise.all(sources.map((source) => source.destroy()));
          await schema.close();
        },
      };
    },
  };
}

const sqliteValues: readonly ValueField[] = ["text", "flag", "small", "big", "price", "ratio", "moment", "day", "clock", "bytes", "choice", "data"];

/** As TypeORM stores a Date. */
const moment = {
  store: (text: string) => new Date(text).toISOString().replace("T", " ").replace("Z", ""),
  load: (stored: unknown) => `${(stored as string).replace(" ", "T")}Z`,
};

export function sqliteHarness(): Harness {
  return {
    capabilities: { ...capabilities, changesSince: false, fingerprints: true, overlappingTransactions: false },
    values: sqliteValues,
    async open(namespace) {
      const folder = temporaryFolder(namespace);
      const sources: DataSource[] = [];
      const connect = async (): Promise<DataSource> => {
        const source = new DataSource({
          type: "better-sqlite3", database: join(folder.path, "kit.sqlite"), entities: sqliteEntities,
          // Nothing here has to outlive a power cut.
          prepareDatabase: (handle: Database.Database) => void handle.pragma("synchronous = off"),
        });
        sources.push(source);
        return await source.initialize();
      };
      const source = await connect();
      const handle = (source.driver as unknown as { databaseConnection: Database.Database }).databaseConnection;
      for (const statement of sqliteTables(sqliteValues, { moment: "datetime", day: "date", clock: "time" })) handle.exec(statement);
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
      const database = typeormDatabase(source);
      const { version } = handle.prepare<[], { version: string }>("select sqlite_version() as version").get()!;
      return {
        database, probe: sqliteProbe(run, { values: sqliteValues, storage: { moment }, begin }), server: { product: "SQLite", version },
        reopen: async () => typeormDatabase(await connect()),
        uninstall: () => database.uninstall(),
        async close() {
          await Promise.all(sources.map((each) => each.destroy()));
          folder.remove();
        },
      };
    },
  };
}

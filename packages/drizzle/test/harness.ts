import { join } from "node:path";
import type { Harness, HarnessCapabilities, ValueField } from "@sync/conformance";
import {
  type KitServer, pgliteSession, POSTGRES_VALUES, postgresProbe, postgresTables, type Run, sqliteProbe, sqliteTables, type SqlTransaction,
} from "@sync/test-adapters/conformance";
import { temporaryFolder } from "@sync/test-databases";
import Database from "better-sqlite3";
import { drizzle as betterSqlite } from "drizzle-orm/better-sqlite3";
import { drizzle as nodePostgres } from "drizzle-orm/node-postgres";
import { drizzle as pglite } from "drizzle-orm/pglite";
import { Pool } from "pg";
import { drizzleDatabase } from "../src/index.ts";
import { postgresSchema, sqliteSchema } from "./support/kit-schema.ts";

const capabilities: HarnessCapabilities = {
  changesSince: true, fingerprints: false, exactWrites: true, state: true, cloudIdField: true, atomicUnits: true, foreignKeys: true, checks: true,
  notNull: true, defaults: true, transactions: true, overlappingTransactions: true, foreignValues: true, reopening: true, uninstall: true,
};

const postgresTypes = { size: "bigint" };

export function postgresHarness(server: KitServer): Harness {
  return {
    capabilities,
    values: POSTGRES_VALUES,
    async open(namespace) {
      const schema = await server.fresh(namespace, postgresTables(postgresTypes));
      const pools: Pool[] = [];
      const open = () => {
        const pool = new Pool({ ...schema.config, max: 4 });
        pools.push(pool);
        return drizzleDatabase(nodePostgres(pool), { schema: postgresSchema });
      };
      const database = open();
      return {
        database, probe: postgresProbe(schema.run, { types: postgresTypes, begin: schema.begin }), server: { product: "PostgreSQL", version: schema.version },
        reopen: async () => open(),
        uninstall: () => database.uninstall(),
        async close() {
          await Promise.all(pools.map((pool) => pool.end()));
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
      const open = () => drizzleDatabase(pglite(client), { schema: postgresSchema });
      const database = open();
      return {
        database, probe: postgresProbe(run, { types: postgresTypes, begin }), server: { product: "PostgreSQL", version, compatible: "PGlite" },
        reopen: async () => open(),
        uninstall: () => database.uninstall(),
        close: async () => {},
      };
    },
  };
}

const sqliteValues: readonly ValueField[] = ["text", "flag", "small", "big", "price", "ratio", "moment", "bytes", "choice", "data"];

export function sqliteHarness(): Harness {
  return {
    capabilities: { ...capabilities, changesSince: false, fingerprints: true, overlappingTransactions: false },
    values: sqliteValues,
    async open(namespace) {
      const folder = temporaryFolder(namespace);
      const handles: Database.Database[] = [];
      const connect = (): Database.Database => {
        const handle = new Database(join(folder.path, "kit.sqlite"));
        // Nothing here has to outlive a power cut.
        handle.pragma("synchronous = off");
        handle.pragma("foreign_keys = on");
        handles.push(handle);
        return handle;
      };
      const handle = connect();
      for (const statement of sqliteTables(sqliteValues, { big: "blob" })) handle.exec(statement);
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
      const digits = { store: (text: string) => Buffer.from(text), load: (stored: unknown) => Buffer.from(stored as Uint8Array).toString() };
      const open = (on: Database.Database) => drizzleDatabase(betterSqlite(on), { schema: sqliteSchema });
      const database = open(handle);
      const { version } = handle.prepare<[], { version: string }>("select sqlite_version() as version").get()!;
      return {
        database, probe: sqliteProbe(run, { values: sqliteValues, storage: { big: digits }, begin }), server: { product: "SQLite", version },
        reopen: async () => open(connect()),
        uninstall: () => database.uninstall(),
        async close() {
          for (const each of handles) each.close();
          folder.remove();
        },
      };
    },
  };
}

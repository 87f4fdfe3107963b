import type { Harness } from "@sync/conformance";
import { type KitServer, pgliteHarnessOf, postgresHarnessOf, sqliteHarnessOf } from "@sync/test-adapters/conformance";
import Database from "better-sqlite3";
import { drizzle as betterSqlite } from "drizzle-orm/better-sqlite3";
import { drizzle as nodePostgres } from "drizzle-orm/node-postgres";
import { drizzle as pglite } from "drizzle-orm/pglite";
import { Pool } from "pg";
import { drizzleDatabase } from "../src/index.ts";
import { postgresSchema, sqliteSchema } from "./support/kit-schema.ts";

const types = { size: "bigint" };
type Writes = "bulk" | "orm";

export function postgresHarness(server: KitServer, writes: Writes = "bulk"): Harness {
  return postgresHarnessOf(server, ({ config }) => {
    const pool = new Pool({ ...config, max: 4 });
    return { database: drizzleDatabase(nodePostgres(pool), { schema: postgresSchema, writes }), close: () => pool.end() };
  }, { types, writes });
}

export function pgliteHarness(writes: Writes = "bulk"): Harness {
  return pgliteHarnessOf((client) => ({ database: drizzleDatabase(pglite(client), { schema: postgresSchema, writes }) }), { types, writes });
}

export function sqliteHarness(writes: Writes = "bulk"): Harness {
  return sqliteHarnessOf((path) => {
    const handle = new Database(path);
    return { database: drizzleDatabase(betterSqlite(handle), { schema: sqliteSchema, writes }), handle, close: () => handle.close() };
  }, {
    writes,
    values: ["text", "flag", "small", "big", "price", "ratio", "moment", "bytes", "choice", "data"],
    types: { big: "blob" },
    storage: { big: { store: (text) => Buffer.from(text), load: (stored) => Buffer.from(stored as Uint8Array).toString() } },
  });
}

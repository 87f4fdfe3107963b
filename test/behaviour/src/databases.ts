import { join } from "node:path";
import type { PGlite } from "@electric-sql/pglite";
import type { Database as SyncDatabase } from "@sync/core";
import { drizzleDatabase } from "@sync/drizzle";
import { openPglite as startPglite, temporaryFolder } from "@sync/test-databases";
import Database from "better-sqlite3";
import { drizzle as betterSqlite } from "drizzle-orm/better-sqlite3";
import { drizzle as nodePostgres } from "drizzle-orm/node-postgres";
import pg from "pg";
import { schemaOf, type Dialect } from "./tables.ts";

export type Row = Record<string, unknown>;

/** A database of an application: what a sync gets, and a way to it that knows nothing of syncs. */
export interface Side {
  readonly engine: "sqlite" | "postgres" | "pglite";
  readonly dialect: Dialect;
  readonly database: SyncDatabase;
  /** One or more statements of the application. */
  exec(sql: string): Promise<void>;
  rows<T extends Row = Row>(sql: string): Promise<T[]>;
  close(): Promise<void>;
}

/** Drizzle tables by model name, of the engine's own dialect. */
export type Schema = Readonly<Record<string, object>>;

export interface SqliteSide extends Side {
  readonly path: string;
}

export function openSqlite(ddl: string, options: { schema?: Schema; path?: string; timeout?: number } = {}): SqliteSide {
  const folder = options.path === undefined ? temporaryFolder("behaviour") : undefined;
  const path = options.path ?? join(folder!.path, "application.sqlite");
  const client = new Database(path, options.timeout === undefined ? {} : { timeout: options.timeout });
  client.pragma("foreign_keys = on");
  if (ddl !== "") client.exec(ddl);
  return {
    engine: "sqlite", dialect: "sqlite", path,
    database: untyped(drizzleDatabase(betterSqlite(client), { schema: options.schema ?? schemaOf("sqlite"), patience: 200 })),
    exec: async (sql) => void client.exec(sql),
    rows: async <T extends Row>(sql: string) => client.prepare(sql).all() as T[],
    async close() {
      client.close();
      folder?.remove();
    },
  };
}

export interface PostgresSide extends Side {
  readonly pool: pg.Pool;
}

/** `url`: of a fresh database. The sync gets a pool; the application speaks through a connection of its own. */
export async function openPostgres(url: string, ddl: string, options: { schema?: Schema; through?: string; serverIdentity?: string } = {}): Promise<PostgresSide> {
  // Without listeners a connection that the server ends would end the process: every application has these lines.
  const application = new pg.Client({ connectionString: url });
  await application.connect();
  application.on("error", () => {});
  if (ddl !== "") await application.query(ddl);
  const { schema = schemaOf("postgres"), through = url, serverIdentity } = options;
  const pool = new pg.Pool({ connectionString: through, max: 4 });
  pool.on("error", () => {});
  return {
    engine: "postgres", dialect: "postgres", pool,
    database: untyped(drizzleDatabase(nodePostgres(pool), { schema, ...(serverIdentity === undefined ? {} : { serverIdentity }) })),
    exec: async (sql) => void (await application.query(sql)),
    rows: async <T extends Row>(sql: string) => (await application.query<T>(sql)).rows,
    async close() {
      await pool.end();
      await application.end();
    },
  };
}

/** One start is shared by the tests of a file: it takes seconds. */
let shared: Promise<PGlite> | undefined;

export async function openPglite(ddl: string, options: { schema?: Schema } = {}): Promise<Side> {
  const { drizzle } = await import("drizzle-orm/pglite"); // here, since not every process that imports this file needs it
  const client = await (shared ??= startPglite());
  await client.exec("drop schema if exists public cascade; create schema public");
  if (ddl !== "") await client.exec(ddl);
  return {
    engine: "pglite", dialect: "postgres",
    database: untyped(drizzleDatabase(drizzle(client), { schema: options.schema ?? schemaOf("postgres") })),
    exec: async (sql) => void (await client.exec(sql)),
    rows: async <T extends Row>(sql: string) => (await client.query<T>(sql)).rows,
    close: async () => {},
  };
}

/** These tests speak of models by name; that the compiler checks names is a test of its own. */
export function untyped(database: object): SyncDatabase {
  return database as SyncDatabase;
}

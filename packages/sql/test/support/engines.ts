import { DatabaseSync } from "node:sqlite";
import { describePostgres } from "@sync/test-databases/vitest";
import { openPglite } from "@sync/test-databases";
import Database from "better-sqlite3";
import { Pool } from "pg";
import { afterAll, describe } from "vitest";
import type { Executor, TextRow } from "../../src/index.ts";
import { betterExecutor, nodeExecutor, pgliteExecutor, poolExecutor } from "./executors.ts";

/** One empty database behind one kind of handle. */
export interface Session {
  readonly executor: Executor;
  /** Behind the package's back: several statements without parameters. */
  exec(sql: string): Promise<void>;
  /** Behind the package's back: rows as texts. */
  rows(sql: string): Promise<readonly TextRow[]>;
  close(): Promise<void>;
}

export interface Engine {
  readonly name: "postgres" | "pglite" | "better-sqlite3" | "node:sqlite";
  readonly dialect: Executor["dialect"];
  open(): Promise<Session>;
}

function texts(rows: readonly (readonly unknown[])[]): readonly TextRow[] {
  return rows.map((row) => row.map((value) => (value === null ? null : `${value as string | number | bigint}`)));
}

const better: Engine = {
  name: "better-sqlite3",
  dialect: "sqlite",
  async open() {
    const database = new Database(":memory:");
    return {
      executor: betterExecutor(database),
      exec: async (sql) => void database.exec(sql),
      rows: async (sql) => texts(database.prepare(sql).raw().safeIntegers().all() as unknown[][]),
      close: async () => void database.close(),
    };
  },
};

const node: Engine = {
  name: "node:sqlite",
  dialect: "sqlite",
  async open() {
    const database = new DatabaseSync(":memory:");
    return {
      executor: nodeExecutor(database),
      exec: async (sql) => database.exec(sql),
      async rows(sql) {
        const statement = database.prepare(sql);
        statement.setReturnArrays(true);
        statement.setReadBigInts(true);
        return texts(statement.all() as unknown as unknown[][]);
      },
      close: async () => database.close(),
    };
  },
};

/** One server start is shared by the file: it takes seconds. */
let shared: ReturnType<typeof openPglite> | undefined;

const pglite: Engine = {
  name: "pglite",
  dialect: "postgres",
  async open() {
    const database = await (shared ??= openPglite());
    await database.exec("drop schema if exists public cascade; create schema public");
    return {
      executor: pgliteExecutor(database),
      exec: async (sql) => void (await database.exec(sql)),
      rows: async (sql) => texts((await database.query(sql, [], { rowMode: "array" })).rows as unknown[][]),
      close: async () => {},
    };
  },
};

/** Runs the cases on every engine; `file` (import.meta.url) names the databases on a real server. */
export function onEveryEngine(file: string, body: (engine: Engine) => void): void {
  for (const engine of [better, node, pglite]) describe(engine.name, () => body(engine));
  onPostgres(file, body);
}

/** One handle per dialect: for what no driver has a say in. */
export function onEveryDialect(file: string, body: (engine: Engine) => void): void {
  describe(better.name, () => body(better));
  onPostgres(file, body);
}

/** Only where transactions can meet: a real server. */
export function onPostgres(file: string, body: (engine: Omit<Engine, "open"> & { open(): Promise<PostgresSession> }) => void): void {
  describePostgres("postgres", (server) => {
    // One database per file, one schema per test: a database takes ten times as long to make.
    let opened: Promise<{ readonly url: string; readonly pool: Pool; end(): Promise<void> }> | undefined;
    afterAll(async () => (await opened)?.end());
    const open = async (): Promise<Awaited<NonNullable<typeof opened>>> => {
      const database = await server.freshDatabase(file);
      const pool = new Pool({ connectionString: database.url, max: 8 });
      // A dropped database ends idle connections; that is no failure of a test.
      pool.on("error", () => {});
      return { url: database.url, pool, end: () => pool.end().then(() => database.drop()) };
    };
    body({
      name: "postgres",
      dialect: "postgres",
      async open() {
        const { url, pool } = await (opened ??= open());
        await pool.query("drop schema if exists other cascade; drop schema public cascade; create schema public; grant all on schema public to public");
        return {
          url,
          pool,
          executor: poolExecutor(pool),
          exec: async (sql) => void (await pool.query(sql)),
          rows: async (sql) =>
            (await pool.query<(string | null)[]>({ text: sql, rowMode: "array", types: { getTypeParser: () => (text: unknown) => text } })).rows,
          close: async () => {},
        };
      },
    });
  });
}

export interface PostgresSession extends Session {
  readonly url: string;
  readonly pool: Pool;
}

export const engines: Readonly<Record<"better" | "node" | "pglite", Engine>> = { better, node, pglite };

import type { PGlite } from "@electric-sql/pglite";
import type { Harness, HarnessCapabilities, ValueField } from "@sync/conformance";
import type { LibraryDatabase } from "@sync/sql";
import { temporaryFolder } from "@sync/test-databases";
import { pgliteSession } from "./pglite.ts";
import type { FreshSchema, KitServer } from "./pool.ts";
import { POSTGRES_VALUES, postgresProbe, postgresTables } from "./postgres.ts";
import { sqliteProbe, sqliteTables, type Storage } from "./sqlite.ts";
import type { Run, SqlTransaction, Types } from "./tables.ts";

/** What one process of an application opens: the subject, and how to close what it stands on. */
export interface Opened {
  readonly database: LibraryDatabase;
  close?(): unknown;
}

/** better-sqlite3's `Database`. */
export interface SqliteHandle {
  exec(sql: string): unknown;
  prepare(sql: string): unknown;
  pragma(source: string): unknown;
}

export interface OpenedSqlite extends Opened {
  /** For the probe: the application's own connection, where it can be had. */
  readonly handle: SqliteHandle;
  /** A transaction of the application. @default one of the handle's */
  begin?(): Promise<SqlTransaction>;
}

export interface Relational {
  /** By field: the column's type where the library has it otherwise than most. */
  readonly types?: Types;
  readonly values?: readonly ValueField[];
  /** @default "bulk" */
  readonly writes?: "bulk" | "orm";
}

const capabilities = {
  state: true, cloudIdField: true, atomicUnits: true, foreignKeys: true, checks: true, notNull: true, defaults: true, transactions: true,
  foreignValues: true, reopening: true, uninstall: true,
} as const;

function capabilitiesOn(engine: "postgres" | "sqlite", overlappingTransactions: boolean, writes: Relational["writes"]): HarnessCapabilities {
  return { ...capabilities, changesSince: engine === "postgres", fingerprints: engine === "sqlite", exactWrites: writes !== "orm", overlappingTransactions };
}

/** Opens as often as it is asked, and closes all of it. */
async function opener<Each extends Opened>(open: () => Each | Promise<Each>, rest: () => unknown) {
  const all = [await open()];
  const [first] = all as [Each];
  return {
    first,
    session: {
      database: first.database,
      uninstall: () => first.database.uninstall(),
      async reopen() {
        const again = await open();
        all.push(again);
        return again.database;
      },
      async close() {
        await Promise.all(all.map((each) => each.close?.()));
        await rest();
      },
    },
  };
}

/** The laws on a real server; the library gets a pool of at most four connections. */
export function postgresHarnessOf(
  server: KitServer,
  open: (schema: FreshSchema) => Opened | Promise<Opened>,
  { types = {}, values = POSTGRES_VALUES, writes }: Relational,
): Harness {
  return {
    capabilities: capabilitiesOn("postgres", true, writes),
    values,
    async open(namespace) {
      const schema = await server.fresh(namespace, postgresTables(types, values));
      const { session } = await opener(() => open(schema), () => schema.close());
      const { run, begin, version } = schema;
      return { ...session, probe: postgresProbe(run, { types, values, begin }), server: { product: "PostgreSQL", version } };
    },
  };
}

/** The laws on PGlite: one session that everything shares. */
export function pgliteHarnessOf(open: (client: PGlite) => Opened, { types = {}, values = POSTGRES_VALUES, writes }: Relational): Harness {
  return {
    capabilities: capabilitiesOn("postgres", false, writes),
    values,
    async open() {
      const { client, run, begin, version } = await pgliteSession(postgresTables(types, values));
      const { session } = await opener(() => open(client), () => undefined);
      return { ...session, probe: postgresProbe(run, { types, values, begin }), server: { product: "PostgreSQL", version, compatible: "PGlite" } };
    },
  };
}

export interface RelationalSqlite extends Relational {
  readonly values: readonly ValueField[];
  readonly storage?: Partial<Record<string, Storage>>;
}

/** The laws on a SQLite file, at this path. */
export function sqliteHarnessOf(
  open: (path: string) => OpenedSqlite | Promise<OpenedSqlite>,
  { types = {}, values, storage = {}, writes }: RelationalSqlite,
): Harness {
  return {
    capabilities: capabilitiesOn("sqlite", false, writes),
    values,
    async open(namespace) {
      const folder = temporaryFolder(namespace);
      const { first, session } = await opener(() => opened(open, `${folder.path}/kit.sqlite`), () => folder.remove());
      const { handle } = first;
      for (const statement of sqliteTables(values, types)) handle.exec(statement);
      const run = runOn(handle);
      const begin = async (): Promise<SqlTransaction> => {
        handle.exec("begin");
        return { run, commit: async () => void handle.exec("commit"), rollback: async () => void handle.exec("rollback") };
      };
      const [[version]] = (await run("select sqlite_version()")) as [[string]];
      return { ...session, probe: sqliteProbe(run, { values, storage, begin: first.begin ?? begin }), server: { product: "SQLite", version } };
    },
  };
}

async function opened(open: (path: string) => OpenedSqlite | Promise<OpenedSqlite>, path: string): Promise<OpenedSqlite> {
  const each = await open(path);
  // Nothing here has to outlive a power cut.
  each.handle.pragma("synchronous = off");
  each.handle.pragma("foreign_keys = on");
  return each;
}

interface Prepared {
  readonly reader: boolean;
  raw(): Prepared;
  all(...parameters: readonly unknown[]): unknown[][];
  run(...parameters: readonly unknown[]): unknown;
}

function runOn(handle: SqliteHandle): Run {
  return async (sql, parameters = []) => {
    const statement = (handle.prepare(sql) as { safeIntegers(): Prepared }).safeIntegers();
    if (statement.reader) return statement.raw().all(...parameters);
    statement.run(...parameters);
    return [];
  };
}

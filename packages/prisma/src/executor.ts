import { type Executor, sqliteIsInTransaction, type Statement, type TextRow, whenFree } from "@sync/sql";
import type { Engine, PrismaClientLike } from "./client.ts";

export function prismaExecutor(client: PrismaClientLike, engine: Engine, patience: number): Executor {
  return engine === "sqlite" ? sqliteExecutor(client, patience) : postgresExecutor(client);
}

/** A pool: a lone statement is its own transaction, the array form has a connection to itself. */
function postgresExecutor(client: PrismaClientLike): Executor {
  return {
    dialect: "postgres",
    query: (statement) => rowsOn(client, statement),
    atomic: (statements) => transaction(client, statements),
  };
}

/**
 * One connection, which the application uses at the same time. Prisma sends its lone statements whenever they come, so they
 * join any transaction that is open and vanish with its rollback; and a statement of ours would join theirs.
 *
 * The array form with this adapter runs without leaving the microtask queue. Begun on a fresh turn of the event loop, while
 * no transaction is open, it is over before the application runs again. Both conditions are needed: of 30,000 acknowledged
 * inserts the array form alone swallowed 506, on a fresh turn but behind an open transaction 267, with both none.
 */
function sqliteExecutor(client: PrismaClientLike, patience: number): Executor {
  async function atomic(statements: readonly Statement[]): Promise<TextRow[][]> {
    await whenFree(patience, () => sqliteIsInTransaction((sql) => client.$queryRawUnsafe(sql)));
    // Never an array of one: Prisma sends it without BEGIN.
    return (await transaction(client, [...statements, nothing])).slice(0, -1);
  }

  return { dialect: "sqlite", atomic, query: async (statement) => (await atomic([statement]))[0]! };
}

const nothing: Statement = { sql: "select 1 as c0", params: [] };

/** On a client, or within a transaction of it. */
export async function rowsOn(client: PrismaClientLike, { sql, params }: Statement): Promise<TextRow[]> {
  return rowsOf(await client.$queryRawUnsafe(sql, ...params));
}

async function transaction(client: PrismaClientLike, statements: readonly Statement[]): Promise<TextRow[][]> {
  const operations = statements.map(({ sql, params }) => client.$queryRawUnsafe(sql, ...params));
  return ((await client.$transaction(operations as never)) as (readonly RawRow[])[]).map(rowsOf);
}

type RawRow = Readonly<Record<string, string | null>>;

/** Statements name their columns `c0`, `c1`, …: an object keeps them in that order. */
function rowsOf(rows: readonly RawRow[]): TextRow[] {
  return rows.map((row) => Object.values(row));
}

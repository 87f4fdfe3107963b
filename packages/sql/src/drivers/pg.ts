import { Readable } from "node:stream";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { SyncError } from "@sync/core";
import type { CopyIn, Executor, Statement, TextRow } from "../executor.ts";

/** One connection of node-postgres. */
export interface PgClientLike {
  query(config: never): unknown;
  connect(): unknown;
}

/** node-postgres' `Pool`. */
export interface PgPoolLike extends PgClientLike {
  readonly totalCount: number;
}

export interface Connection {
  query<S extends Writable>(submittable: S): S;
  query(config: object): Promise<{ rows: TextRow[] }>;
}

interface PoolConnection extends Connection {
  release(error?: unknown): void;
}

/** Rows as arrays, and every value as the text that the server sent. */
const asText = { rowMode: "array", types: { getTypeParser: () => (text: string) => text } };

async function run(on: Connection, { sql, params }: Statement): Promise<TextRow[]> {
  return (await on.query({ text: sql, values: params, ...asText })).rows;
}

/** One statement on a connection that somebody else has taken. */
export function pgQuery(on: unknown, statement: Statement): Promise<TextRow[]> {
  return run(on as Connection, statement);
}

/** A connection of its own for each transaction. */
export function pgPoolExecutor(client: PgPoolLike): Executor {
  const pool = client as unknown as Connection & { connect(): Promise<PoolConnection> };

  /** `undefined` rolls back. */
  async function transaction<T>(work: (connection: Connection) => Promise<T | undefined>): Promise<T | undefined> {
    const connection = await pool.connect();
    let failed: unknown;
    try {
      await connection.query({ text: "begin" });
      const answer = await work(connection);
      await connection.query({ text: answer === undefined ? "rollback" : "commit" });
      return answer;
    } catch (error) {
      // When not even this works the pool must not hand the connection out again.
      await connection.query({ text: "rollback" }).catch(() => (failed = error));
      throw error;
    } finally {
      connection.release(failed);
    }
  }

  return {
    dialect: "postgres",
    query: (statement) => run(pool, statement),
    atomic: async (statements) =>
      (await transaction(async (connection) => {
        const answers: TextRow[][] = [];
        for (const statement of statements) answers.push(await run(connection, statement));
        return answers;
      }))!,
    copyTransaction: (guard, steps) =>
      transaction(async (connection) => {
        const answers = [await run(connection, guard)];
        if (answers[0]!.length === 0) return undefined;
        for (const step of steps) {
          answers.push("copy" in step ? await copyIn(connection, step) : await run(connection, step));
        }
        return answers;
      }),
  };
}

async function copyIn(connection: Connection, { copy, chunks }: CopyIn): Promise<TextRow[]> {
  const { from } = await import("pg-copy-streams");
  await pipeline(Readable.from(chunks), connection.query(from(copy)));
  return [];
}

/**
 * One connection that the application uses too. What is sent here is one message, at a moment when nothing else is under way
 * and no transaction is open. Several statements in one message are one transaction, which nothing can fall into.
 */
export function pgClientExecutor(client: PgClientLike, patience: number): Executor {
  const connection = client as unknown as SharedConnection;
  if (typeof connection.getTransactionStatus !== "function") {
    throw new SyncError("OPTIONS.ENGINE", "This version of node-postgres does not tell when a client is in a transaction: use a Pool.");
  }

  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(send: () => Promise<T>): Promise<T> => {
    const mine = last.then(() => whenFree(send));
    last = mine.catch(() => {});
    return mine;
  };
  const whenFree = <T>(send: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      // What is sent then would wait for ever; after its end it is refused at once.
      if (connection._connected === false && connection._connecting === false) {
        throw new SyncError("ENDPOINT.CLOSED", "This PostgreSQL client is not connected: `await client.connect()` before the sync runs.");
      }
      if (connection._ended === true) return void send().then(resolve, reject);
      const attempt = (): void => {
        if (connection.readyForQuery !== true || connection.getTransactionStatus() !== "I") return;
        clearTimeout(timer);
        connection.off("drain", attempt);
        send().then(resolve, reject);
      };
      const timer = setTimeout(() => {
        connection.off("drain", attempt);
        const message = `The application kept this PostgreSQL connection busy for ${patience} ms; a Pool is never busy.`;
        reject(new SyncError("ENDPOINT.BUSY", message, { retryable: true }));
      }, patience);
      connection.on("drain", attempt);
      attempt();
    });

  return {
    dialect: "postgres",
    query: (statement) => inTurn(() => run(connection, statement)),
    atomic: (statements) => inTurn(() => pgMessage(connection, statements)),
  };
}

interface SharedConnection extends Connection {
  readonly readyForQuery?: boolean;
  readonly _connected?: boolean;
  readonly _connecting?: boolean;
  readonly _ended?: boolean;
  getTransactionStatus(): string | null;
  on(event: "drain", listener: () => void): void;
  off(event: "drain", listener: () => void): void;
}

/** Several statements in one message. */
export async function pgMessage(on: Connection, statements: readonly Statement[]): Promise<TextRow[][]> {
  const answer = await on.query({ text: statements.map(withLiterals).join(";\n"), ...asText });
  return [answer].flat().map(({ rows }) => rows);
}

/** A message of several statements takes no parameters. */
function withLiterals({ sql, params }: Statement): string {
  return sql.replace(/\$(\d+)::text/g, (_, number: string) => {
    const value = params[Number(number) - 1];
    return value == null ? "null::text" : `${escapeLiteral(value)}::text`;
  });
}

/** As PostgreSQL reads it whatever `standard_conforming_strings` says. */
function escapeLiteral(text: string): string {
  return `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

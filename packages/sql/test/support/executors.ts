import { DatabaseSync } from "node:sqlite";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { PGlite } from "@electric-sql/pglite";
import Database from "better-sqlite3";
import type { Pool, PoolClient } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import type { CopyIn, Executor, Statement, TextRow } from "../../src/index.ts";

/** Executors as adapters have them, so that this package is tested over every kind of handle. */

const asText = { getTypeParser: () => (text: unknown): unknown => text };

function send(client: Pool | PoolClient, { sql, params }: Statement): Promise<readonly TextRow[]> {
  return client
    .query({ text: sql, values: [...params], rowMode: "array", types: asText })
    .then((result) => result.rows as unknown as TextRow[]);
}

export function poolExecutor(pool: Pool): Executor {
  const transaction = async <T>(work: (client: PoolClient) => Promise<T>): Promise<T> => {
    const client = await pool.connect();
    let broken: Error | undefined;
    try {
      await client.query("begin");
      const result = await work(client);
      await client.query(result === undefined ? "rollback" : "commit");
      return result;
    } catch (error) {
      await client.query("rollback").catch((lost: Error) => (broken = lost));
      throw error;
    } finally {
      client.release(broken);
    }
  };
  return {
    dialect: "postgres",
    query: (statement) => send(pool, statement),
    atomic: (statements) =>
      transaction(async (client) => {
        const answers: (readonly TextRow[])[] = [];
        for (const statement of statements) answers.push(await send(client, statement));
        return answers;
      }),
    copyTransaction: (guard, steps) =>
      transaction(async (client) => {
        const answers = [await send(client, guard)];
        if (answers[0]!.length === 0) return undefined;
        for (const step of steps) answers.push("copy" in step ? await copy(client, step) : await send(client, step));
        return answers;
      }),
  };
}

async function copy(client: PoolClient, { copy: sql, chunks }: CopyIn): Promise<readonly TextRow[]> {
  await pipeline(Readable.from(chunks), client.query(copyFrom(sql)));
  return [];
}

export function pgliteExecutor(database: PGlite): Executor {
  const run = async (on: Pick<PGlite, "query">, { sql, params }: Statement): Promise<readonly TextRow[]> =>
    (await on.query(sql, [...params], { rowMode: "array" })).rows as unknown as TextRow[];
  return {
    dialect: "postgres",
    query: (statement) => run(database, statement),
    atomic: (statements) =>
      database.transaction(async (transaction) => {
        const answers: (readonly TextRow[])[] = [];
        for (const statement of statements) answers.push(await run(transaction, statement));
        return answers;
      }),
  };
}

export function betterExecutor(database: Database.Database): Executor {
  const run = ({ sql, params }: Statement): readonly TextRow[] => {
    const statement = database.prepare(sql);
    if (statement.reader) return statement.raw().all(...params) as TextRow[];
    statement.run(...params);
    return [];
  };
  return {
    dialect: "sqlite",
    query: async (statement) => run(statement),
    atomic: async (statements) => database.transaction(() => statements.map(run)).immediate(),
  };
}

export function nodeExecutor(database: DatabaseSync): Executor {
  const run = ({ sql, params }: Statement): readonly TextRow[] => {
    const statement = database.prepare(sql);
    statement.setReturnArrays(true);
    return statement.all(...params) as unknown as TextRow[];
  };
  return {
    dialect: "sqlite",
    query: async (statement) => run(statement),
    async atomic(statements) {
      database.exec("begin immediate");
      try {
        const answers = statements.map(run);
        database.exec("commit");
        return answers;
      } catch (error) {
        if (database.isTransaction) database.exec("rollback");
        throw error;
      }
    },
  };
}

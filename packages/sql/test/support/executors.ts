import { DatabaseSync } from "node:sqlite";
import Database from "better-sqlite3";
import type { Executor, Statement, TextRow } from "../../src/index.ts";

export { pgPoolExecutor as poolExecutor } from "../../src/drivers/pg.ts";
export { pgliteExecutor } from "../../src/drivers/pglite.ts";

/** Executors as adapters have them, so that this package is tested over every kind of handle. */

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

/** The same, telling how each statement was sent. */
export function counting(executor: Executor, sent: string[]): Executor {
  return {
    dialect: executor.dialect,
    query: (statement) => {
      sent.push("query");
      return executor.query(statement);
    },
    atomic: (statements) => {
      sent.push(`atomic ${statements.length}`);
      return executor.atomic(statements);
    },
  };
}

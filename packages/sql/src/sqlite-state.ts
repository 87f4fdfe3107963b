import type { StateStore } from "@sync/core";
import type { Executor, Statement, TextRow } from "./executor.ts";
import { sqlState } from "./state.ts";

/** The memory of pairs in a SQLite file of its own, through `node:sqlite`. `:memory:` lasts as long as the store. */
export function sqliteState(path: string): StateStore {
  const file = nodeSqliteExecutor(path);
  return sqlState(file, { name: "sqlite file", close: () => file.close() });
}

/** Opens the file at the first statement. */
function nodeSqliteExecutor(path: string): Executor & { close(): Promise<void> } {
  let opened: Promise<Connection> | undefined;
  const connection = (): Promise<Connection> => (opened ??= open(path));
  return {
    dialect: "sqlite",
    async query(statement) {
      const file = await connection();
      return file.run(statement);
    },
    async atomic(statements) {
      const file = await connection();
      return file.atomic(statements);
    },
    async close() {
      const file = await opened;
      opened = undefined;
      file?.close();
    },
  };
}

interface Connection {
  run(statement: Statement): readonly TextRow[];
  atomic(statements: readonly Statement[]): readonly (readonly TextRow[])[];
  close(): void;
}

async function open(path: string): Promise<Connection> {
  // Not at the top: whoever keeps state elsewhere need not have this module.
  const { DatabaseSync } = await import("node:sqlite");
  const database = new DatabaseSync(path);
  // Losing the last commits with the power is allowed: state may be behind the data, never ahead of it.
  database.exec("pragma journal_mode = wal; pragma synchronous = normal; pragma busy_timeout = 5000");
  const prepare = (sql: string): ReturnType<typeof database.prepare> => {
    const statement = database.prepare(sql);
    statement.setReturnArrays(true);
    return statement;
  };
  const run = ({ sql, params }: Statement): readonly TextRow[] => prepare(sql).all(...params) as unknown as readonly TextRow[];
  return {
    run,
    atomic(statements) {
      database.exec("begin immediate");
      try {
        const rows = statements.map(run);
        database.exec("commit");
        return rows;
      } catch (error) {
        if (database.isTransaction) database.exec("rollback");
        throw error;
      }
    },
    close: () => database.close(),
  };
}

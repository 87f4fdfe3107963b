import { SyncError } from "@sync/core";
import { betterSqliteExecutor, postgresExecutor } from "@sync/sql";
import type { Executor } from "@sync/sql";
import type { DataSourceLike } from "./client.ts";
import { handleOf } from "./client.ts";

/**
 * Runs statements on the handle behind a data source, which is asked for each time: one that was destroyed and initialised
 * again has another. `patience`: how many milliseconds to wait for the application to end a transaction of its own, where
 * both share one connection.
 */
export function typeormExecutor(dataSource: DataSourceLike, patience: number): Executor {
  let last: { readonly client: object; readonly executor: Executor } | undefined;
  const current = (): Executor => {
    if (!dataSource.isInitialized) {
      throw new SyncError("ENDPOINT.CLOSED", "This DataSource was destroyed: run the sync before `dataSource.destroy()`, or after it is initialised again.");
    }
    const { engine, client } = handleOf(dataSource);
    if (last === undefined || last.client !== client) {
      last = { client, executor: engine === "sqlite" ? betterSqliteExecutor(client, patience) : postgresExecutor(client, "pg-pool", patience) };
    }
    return last.executor;
  };
  const { dialect, copyTransaction } = current();
  return {
    dialect,
    query: async (statement) => await current().query(statement),
    atomic: async (statements) => await current().atomic(statements),
    ...(copyTransaction ? { copyTransaction: async (guard, steps) => await current().copyTransaction!(guard, steps) } : {}),
  };
}

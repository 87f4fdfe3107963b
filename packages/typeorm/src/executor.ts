import { betterSqliteExecutor, postgresExecutor } from "@sync/sql";
import type { Executor } from "@sync/sql";
import type { DataSourceLike } from "./client.ts";
import { handleOf } from "./client.ts";

/**
 * Runs statements on the handle behind a data source. `patience`: how many milliseconds to wait for the application to end
 * a transaction of its own, where both share one connection.
 */
export function typeormExecutor(dataSource: DataSourceLike, patience: number): Executor {
  const handle = handleOf(dataSource);
  if (handle.engine === "sqlite") return betterSqliteExecutor(handle.client, patience);
  return postgresExecutor(handle.client, "pg-pool", patience);
}

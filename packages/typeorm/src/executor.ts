import { SyncError } from "@sync/core";
import { currentExecutor } from "@sync/sql";
import type { Executor } from "@sync/sql";
import type { DataSourceLike } from "./client.ts";
import { handleOf } from "./client.ts";

/** Runs statements on the handle behind a data source. `patience`: milliseconds to wait for the application where both share it. */
export function typeormExecutor(dataSource: DataSourceLike, patience: number): Executor {
  const handle = (): object => {
    if (dataSource.isInitialized) return handleOf(dataSource).client;
    throw new SyncError("ENDPOINT.CLOSED", "This DataSource was destroyed: run the sync before `dataSource.destroy()`, or after it is initialised again.");
  };
  return currentExecutor(handleOf(dataSource).engine === "sqlite" ? "better-sqlite3" : "pg-pool", handle, patience);
}

import { betterSqliteExecutor, postgresExecutor } from "@sync/sql";
import type { BetterSqliteLike, Executor, PostgresLike } from "@sync/sql";
import type { DrizzleLike } from "./client.ts";
import { driverOf } from "./client.ts";

/**
 * Runs statements on the driver's handle behind a Drizzle database. `patience`: how many milliseconds to wait for the
 * application to end a transaction of its own, where both share one connection.
 */
export function drizzleExecutor(db: DrizzleLike, patience: number): Executor {
  const driver = driverOf(db);
  if (driver === "better-sqlite3") return betterSqliteExecutor(db.$client as BetterSqliteLike, patience);
  return postgresExecutor(db.$client as PostgresLike, driver, patience);
}

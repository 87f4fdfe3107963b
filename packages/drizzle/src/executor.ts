import { pgClientExecutor, pgliteExecutor, pgPoolExecutor } from "@sync/sql";
import type { Executor } from "@sync/sql";
import type { DrizzleLike, Driver } from "./client.ts";
import { driverOf } from "./client.ts";
import { betterSqliteExecutor } from "./drivers/better-sqlite.ts";

const executors: Readonly<Record<Driver, (client: never, patience: number) => Executor>> = {
  "better-sqlite3": betterSqliteExecutor,
  "pg-pool": pgPoolExecutor,
  "pg-client": pgClientExecutor,
  pglite: pgliteExecutor,
};

/**
 * Runs statements on the driver's handle behind a Drizzle database. `patience`: how many milliseconds to wait for the
 * application to end a transaction of its own, where both share one connection.
 */
export function drizzleExecutor(db: DrizzleLike, patience: number): Executor {
  return executors[driverOf(db)](db.$client as never, patience);
}

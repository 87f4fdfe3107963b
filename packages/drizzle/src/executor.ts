import type { Executor } from "@sync/sql";
import type { BetterSqliteLike, DrizzleLike, PgClientLike, PgliteLike, PgPoolLike } from "./client.ts";
import { driverOf } from "./client.ts";
import { betterSqliteExecutor } from "./drivers/better-sqlite.ts";
import { pgClientExecutor, pgPoolExecutor } from "./drivers/pg.ts";
import { pgliteExecutor } from "./drivers/pglite.ts";

/**
 * Runs statements on the driver's handle behind a Drizzle database. `patience`: how many milliseconds to wait for the
 * application to end a transaction of its own, where both share one connection.
 */
export function drizzleExecutor(db: DrizzleLike, patience: number): Executor {
  switch (driverOf(db)) {
    case "better-sqlite3":
      return betterSqliteExecutor(db.$client as BetterSqliteLike, patience);
    case "pg-pool":
      return pgPoolExecutor(db.$client as PgPoolLike);
    case "pg-client":
      return pgClientExecutor(db.$client as PgClientLike, patience);
    case "pglite":
      return pgliteExecutor(db.$client as PgliteLike);
  }
}

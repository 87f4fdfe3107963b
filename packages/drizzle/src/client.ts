import { SyncError } from "@sync/core";
import { isBetterSqlite, postgresDriver } from "@sync/sql";
import type { BetterSqliteLike, PostgresDriver, PostgresLike } from "@sync/sql";

/** What this package needs of a Drizzle database: the driver's handle that it works on. */
export interface DrizzleLike {
  readonly $client: BetterSqliteLike | PostgresLike;
}

export type Driver = "better-sqlite3" | PostgresDriver;

/** Which driver a Drizzle database works on. */
export function driverOf(db: DrizzleLike): Driver {
  const client: unknown = typeof db === "object" && db !== null ? Reflect.get(db, "$client") : undefined;
  if (isBetterSqlite(client)) return "better-sqlite3";
  const driver = postgresDriver(client);
  if (driver) return driver;
  if (client !== undefined) {
    throw new SyncError("OPTIONS.ENGINE", "This Drizzle driver is not supported; better-sqlite3, node-postgres and PGlite are.");
  }
  throw new SyncError("OPTIONS.WRONG_CLIENT", "drizzleDatabase needs the database that `drizzle(…)` returned as its first argument.");
}

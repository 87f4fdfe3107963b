import { SyncError } from "@sync/core";
import type { PgClientLike, PgliteLike, PgPoolLike } from "@sync/sql";

/** better-sqlite3's `Database`. */
export interface BetterSqliteLike {
  readonly inTransaction: boolean;
  prepare(sql: string): unknown;
}

/** What this package needs of a Drizzle database: the driver's handle that it works on. */
export interface DrizzleLike {
  readonly $client: BetterSqliteLike | PgPoolLike | PgClientLike | PgliteLike;
}

export type Driver = "better-sqlite3" | "pg-pool" | "pg-client" | "pglite";

/** Which driver a Drizzle database works on. */
export function driverOf(db: DrizzleLike): Driver {
  const client: unknown = typeof db === "object" && db !== null ? Reflect.get(db, "$client") : undefined;
  const has = (name: string, type: string): boolean =>
    typeof client === "object" && client !== null && typeof Reflect.get(client, name) === type;
  if (has("inTransaction", "boolean") && has("prepare", "function")) return "better-sqlite3";
  if (has("transaction", "function") && has("waitReady", "object") && has("query", "function")) return "pglite";
  if (has("query", "function") && has("connect", "function")) return has("totalCount", "number") ? "pg-pool" : "pg-client";
  if (client !== undefined) {
    throw new SyncError("OPTIONS.ENGINE", "This Drizzle driver is not supported; better-sqlite3, node-postgres and PGlite are.");
  }
  throw new SyncError("OPTIONS.WRONG_CLIENT", "drizzleDatabase needs the database that `drizzle(…)` returned as its first argument.");
}

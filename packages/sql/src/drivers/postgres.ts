import type { Executor } from "../executor.ts";
import { pgClientExecutor, type PgClientLike, pgPoolExecutor, type PgPoolLike } from "./pg.ts";
import { pgliteExecutor, type PgliteLike } from "./pglite.ts";

export type PostgresLike = PgPoolLike | PgClientLike | PgliteLike;
export type PostgresDriver = "pg-pool" | "pg-client" | "pglite";

const executors: Readonly<Record<PostgresDriver, (client: never, patience: number) => Executor>> = {
  "pg-pool": pgPoolExecutor,
  "pg-client": pgClientExecutor,
  pglite: pgliteExecutor,
};

/** Which of the drivers it is, by its looks; undefined for anything else. */
export function postgresDriver(client: unknown): PostgresDriver | undefined {
  const has = (name: string, type: string): boolean =>
    typeof client === "object" && client !== null && typeof Reflect.get(client, name) === type;
  if (has("transaction", "function") && has("waitReady", "object") && has("query", "function")) return "pglite";
  if (has("query", "function") && has("connect", "function")) return has("totalCount", "number") ? "pg-pool" : "pg-client";
  return undefined;
}

/**
 * Runs statements on a client of the user's. `patience`: how many milliseconds to wait for the application to end a
 * transaction of its own, where both share one connection.
 */
export function postgresExecutor(client: PostgresLike, driver: PostgresDriver, patience: number): Executor {
  return executors[driver](client as never, patience);
}

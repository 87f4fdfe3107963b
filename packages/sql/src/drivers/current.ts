import type { Executor } from "../executor.ts";
import { betterSqliteExecutor } from "./better-sqlite.ts";
import type { PostgresDriver } from "./postgres.ts";
import { postgresExecutor } from "./postgres.ts";

/** Drivers on whose handles units run. */
export type Driver = PostgresDriver | "better-sqlite3";

/**
 * Works on whatever handle a library has at the moment, which is asked for with each statement: one that was closed and opened
 * again has another. `patience`: milliseconds to wait for the application to end a transaction of its own, where both share it.
 */
export function currentExecutor(driver: Driver, handle: () => object | Promise<object>, patience: number): Executor {
  let last: { readonly handle: object; readonly executor: Executor } | undefined;
  async function current(): Promise<Executor> {
    const now = await handle();
    if (last === undefined || last.handle !== now) {
      const executor = driver === "better-sqlite3" ? betterSqliteExecutor(now as never, patience) : postgresExecutor(now as never, driver, patience);
      last = { handle: now, executor };
    }
    return last.executor;
  }
  return {
    dialect: driver === "better-sqlite3" ? "sqlite" : "postgres",
    query: async (statement) => await (await current()).query(statement),
    atomic: async (statements) => await (await current()).atomic(statements),
    ...(driver === "pg-pool" ? { copyTransaction: async (guard, steps) => await (await current()).copyTransaction!(guard, steps) } : {}),
    ...(driver === "pglite" ? { dropsLeadingMark: true, place: () => last!.executor.place!() } : {}), // asked for after a statement
  };
}

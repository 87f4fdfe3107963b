import { SyncError } from "@sync/core";
import { isBetterSqlite, pooledTransaction, postgresDriver } from "@sync/sql";
import type { BetterSqliteLike, PgTransaction, PostgresDriver, PostgresLike } from "@sync/sql";
import { is } from "drizzle-orm";
import { PgTransaction as DrizzlePgTransaction } from "drizzle-orm/pg-core";
import { SQLiteTransaction } from "drizzle-orm/sqlite-core";

/** What this package needs of a Drizzle database: the driver's handle that it works on. */
export interface DrizzleLike {
  readonly $client: BetterSqliteLike | PostgresLike;
}

/** What `db.transaction` gives, on a pool of node-postgres. */
export interface TransactionLike {
  rollback(): never;
}

/** The transaction that was passed instead of a database; undefined where it is one. */
export function transactionOf(db: DrizzleLike | TransactionLike): PgTransaction | undefined {
  if (is(db, SQLiteTransaction)) {
    throw new SyncError("OPTIONS.TRANSACTION", "On SQLite a transaction is on the connection that everybody shares: run the sync before it, or after its end.");
  }
  if (!is(db, DrizzlePgTransaction)) return undefined;
  const { session } = db as unknown as { readonly session: { readonly client?: unknown } };
  const transaction = pooledTransaction(session.client);
  if (transaction) return transaction;
  throw new SyncError("OPTIONS.TRANSACTION", "A sync inside a transaction needs one that is open on a Pool of node-postgres: run it outside of this one.");
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

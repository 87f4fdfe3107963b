import type { Database, StateStore } from "@sync/core";
import { SyncError, unfold } from "@sync/core";
import { pgTransactionExecutor, pooledTransaction, postgresDriver, postgresExecutor, sqlDatabase } from "@sync/sql";
import type { PostgresLike } from "@sync/sql";
import { modelsOf } from "./models.ts";
import type { DocumentOptions, JsonbDatabaseOptions } from "./options.ts";
import { checkOptions } from "./options.ts";
import type { JsonbTypes } from "./types.ts";

export interface JsonbDatabase<Kinds extends Readonly<Record<string, DocumentOptions>>> extends Database<JsonbTypes<Kinds>> {
  readonly state: StateStore;
  /** `Model.path` that takes no part, and why. */
  readonly leftOut: ReadonlyMap<string, string>;
  /** Removes everything that the sync has ever made in this database. */
  uninstall(): Promise<void>;
}

/**
 * JSONB documents of a PostgreSQL database as one side of a sync: each kind a model, and each array of objects named as
 * children a model of its own (`Country`, `Country.regions`). All work goes through `client`, which is never closed and stays
 * free for the application. With a client of a pool on which your transaction is open, all of it, state included, goes through
 * that transaction, and is rolled back with it.
 */
export function jsonbDatabase<const Kinds extends Readonly<Record<string, DocumentOptions>>>(
  client: PostgresLike,
  options: JsonbDatabaseOptions<Kinds>,
): JsonbDatabase<Kinds> {
  const driver = postgresDriver(client);
  if (!driver) throw new SyncError("OPTIONS.WRONG_CLIENT", "jsonbDatabase needs a Pool or Client of node-postgres, or a PGlite, as its first argument.");
  checkOptions(options);
  const { models, trees, leftOut } = modelsOf(options.documents);
  const { sideTables, patcher, patience = 10_000, serverIdentity } = options;
  const name = `postgres-jsonb/${driver === "pglite" ? "pglite" : "pg"}`;
  const transaction = pooledTransaction(client);
  const executor = transaction ? pgTransactionExecutor(transaction) : postgresExecutor(client, driver, patience);
  const tables = sqlDatabase({ name, executor, models, inTransaction: transaction !== undefined, sideTables, serverIdentity });
  return {
    ...unfold<JsonbTypes<Kinds>>({ ...tables, documents: tables.documents! }, trees, { patcher }),
    state: tables.state,
    leftOut,
    uninstall: () => tables.uninstall(),
  };
}

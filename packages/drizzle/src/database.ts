import { SyncError } from "@sync/core";
import type { ModelTypes } from "@sync/core";
import { libraryDatabase, pgTransactionExecutor } from "@sync/sql";
import type { LibraryDatabase } from "@sync/sql";
import type { DrizzleLike, TransactionLike } from "./client.ts";
import { driverOf, transactionOf } from "./client.ts";
import { drizzleExecutor } from "./executor.ts";
import { modelsOf } from "./models.ts";
import type { DrizzleDatabaseOptions } from "./options.ts";
import { checkOptions } from "./options.ts";
import { postgresRecords, sqliteRecords } from "./records.ts";
import type { DrizzleColumn } from "./tables.ts";
import { tablesOf } from "./tables.ts";

/** Model name → field name → its TypeScript type, as the tables have them. */
export type DrizzleTypes<Schema> = {
  [Model in keyof Schema as Schema[Model] extends { $inferSelect: object } ? Model : never]: Schema[Model] extends { $inferSelect: infer Row } ? Row : never;
} extends infer Types extends ModelTypes
  ? Types
  : ModelTypes;

export type DrizzleDatabase<Schema> = LibraryDatabase<DrizzleTypes<Schema>>;

/**
 * The tables of a Drizzle database as one side of a sync. All work goes through the driver's handle that this database
 * stands on; it is never closed, and stays free for the application while a sync runs. With what `db.transaction` gives on a pool,
 * all of it, state included, goes through that transaction, and is rolled back with it.
 */
export function drizzleDatabase<Schema extends object>(
  db: DrizzleLike | TransactionLike,
  options: DrizzleDatabaseOptions<Schema>,
): DrizzleDatabase<Schema> {
  checkOptions(options as DrizzleDatabaseOptions);
  const { schema, syncFields = {}, kinds = {}, patience = 10_000, writes } = options as DrizzleDatabaseOptions;
  const transaction = transactionOf(db);
  if (transaction && writes === "orm") throw new SyncError("OPTIONS.TRANSACTION", 'Inside a transaction there is no `writes: "orm"`: leave it out, or run outside.');
  const driver = transaction ? "pg-pool" : driverOf(db as DrizzleLike);
  if (writes === "orm" && driver === "pg-client") {
    throw new SyncError("OPTIONS.ENGINE", "`writes: \"orm\"` needs a transaction on a connection of its own: give Drizzle a Pool instead of one Client.");
  }
  const executor = transaction ? pgTransactionExecutor(transaction) : drizzleExecutor(db as DrizzleLike, patience);
  const { dialect } = executor;
  const tables = tablesOf(schema, dialect);
  const models = modelsOf(tables, { dialect, syncFields, nameOf: casingOf(db), kinds });
  const recordsOn = dialect === "sqlite" ? sqliteRecords : postgresRecords;
  const records = writes === "orm" ? { records: recordsOn(db, tables.tables, models.models, kinds) } : {};
  return libraryDatabase(models, options, { name: `drizzle/${driver}`, executor, inTransaction: transaction !== undefined, ...records });
}

/** Drizzle names a column without a name of its own after its key, by the database's `casing`. */
function casingOf(db: object): (column: DrizzleColumn) => string {
  const { casing } = (db as { dialect?: { casing?: { getColumnCasing?(column: DrizzleColumn): string } } }).dialect ?? {};
  return (column) => casing?.getColumnCasing?.(column) ?? column.name;
}

import { SyncError } from "@sync/core";
import type { ModelTypes } from "@sync/core";
import { libraryDatabase } from "@sync/sql";
import type { LibraryDatabase } from "@sync/sql";
import type { DrizzleLike } from "./client.ts";
import { driverOf } from "./client.ts";
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
 * stands on; it is never closed, and stays free for the application while a sync runs.
 */
export function drizzleDatabase<Schema extends object>(db: DrizzleLike, options: DrizzleDatabaseOptions<Schema>): DrizzleDatabase<Schema> {
  checkOptions(options as DrizzleDatabaseOptions);
  const { schema, syncFields = {}, kinds = {}, patience = 10_000, writes } = options as DrizzleDatabaseOptions;
  const driver = driverOf(db);
  if (writes === "orm" && driver === "pg-client") {
    throw new SyncError("OPTIONS.ENGINE", "`writes: \"orm\"` needs a transaction on a connection of its own: give Drizzle a Pool instead of one Client.");
  }
  const executor = drizzleExecutor(db, patience);
  const { dialect } = executor;
  const tables = tablesOf(schema, dialect);
  const models = modelsOf(tables, { dialect, syncFields, nameOf: casingOf(db), kinds });
  const recordsOn = dialect === "sqlite" ? sqliteRecords : postgresRecords;
  const records = writes === "orm" ? { records: recordsOn(db, tables.tables, models.models, kinds) } : {};
  return libraryDatabase(models, options, { name: `drizzle/${driver}`, executor, ...records });
}

/** Drizzle names a column without a name of its own after its key, by the database's `casing`. */
function casingOf(db: DrizzleLike): (column: DrizzleColumn) => string {
  const { casing } = (db as { dialect?: { casing?: { getColumnCasing?(column: DrizzleColumn): string } } }).dialect ?? {};
  return (column) => casing?.getColumnCasing?.(column) ?? column.name;
}

import { SyncError } from "@sync/core";
import type { ModelTypes } from "@sync/core";
import { checkEntityOptions, checkOwnConnection, libraryDatabase, pgTransactionExecutor } from "@sync/sql";
import type { LibraryDatabase } from "@sync/sql";
import type { DataSource } from "typeorm";
import type { DataSourceLike, TransactionLike } from "./client.ts";
import { handleOf, openedBy } from "./client.ts";
import { typeormExecutor } from "./executor.ts";
import { subscribedHints } from "./hints.ts";
import { modelsOf } from "./models.ts";
import type { TypeormDatabaseOptions } from "./options.ts";
import { recordWriter } from "./records.ts";

/** Entity name → property → its TypeScript type. `author.id`: a column of a relation with several. */
export type TypeormTypes<Entities extends object> = {
  [Name in keyof Entities & string]: { [Property in keyof Entities[Name] & string]: Entities[Name][Property] } & {
    [Column in `${keyof Entities[Name] & string}.${string}`]: unknown;
  };
} extends infer Types extends ModelTypes ? Types : ModelTypes;

export type TypeormDatabase<Entities extends object = ModelTypes> = LibraryDatabase<TypeormTypes<Entities>>;

/**
 * The entities of an initialised data source as one side of a sync. All work goes through the data source's own handle; it
 * is never closed, and stays free for the application while a sync runs. With the manager of a transaction on PostgreSQL, all of
 * it, state included, goes through that, and is rolled back with it. A data source does not tell the compiler its
 * entities: with `typeormDatabase<{ Country: Country }>(…)` names of models and fields are checked.
 */
export function typeormDatabase<Entities extends object = ModelTypes>(
  source: DataSourceLike | TransactionLike,
  options: TypeormDatabaseOptions<keyof Entities & string> = {},
): TypeormDatabase<Entities> {
  checkEntityOptions(options, "typeormDatabase");
  const { dataSource, transaction } = openedBy(source);
  const { syncFields = {}, kinds = {}, keys = {}, patience = 10_000, writes, hints: listens = false } = options as TypeormDatabaseOptions;
  const { engine } = handleOf(dataSource);
  checkOwnConnection(options, engine, "TypeORM");
  if (transaction && (writes === "orm" || listens)) {
    throw new SyncError("OPTIONS.TRANSACTION", "Inside a transaction there are neither hints nor `writes: \"orm\"`: leave them out, or run outside.");
  }
  const models = modelsOf(dataSource, { engine, syncFields, kinds, keys });
  const records = writes === "orm" ? { records: recordWriter(dataSource as DataSource, models.models) } : {};
  const hints = listens ? subscribedHints(dataSource as DataSource, models.models) : undefined;
  return libraryDatabase(models, options as TypeormDatabaseOptions, {
    name: `typeorm/${engine}`, executor: transaction ? pgTransactionExecutor(transaction) : typeormExecutor(dataSource, patience), inTransaction: transaction !== undefined,
    ...records, ...(hints ? { hints, close: async () => hints.close() } : {}),
  });
}

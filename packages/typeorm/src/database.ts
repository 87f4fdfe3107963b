import type { ModelTypes } from "@sync/core";
import { libraryDatabase } from "@sync/sql";
import type { LibraryDatabase } from "@sync/sql";
import type { DataSourceLike } from "./client.ts";
import { handleOf } from "./client.ts";
import { typeormExecutor } from "./executor.ts";
import { modelsOf } from "./models.ts";
import type { TypeormDatabaseOptions } from "./options.ts";
import { checkOptions } from "./options.ts";

/** Entity name → property → its TypeScript type. `author.id`: a column of a relation with several. */
export type TypeormTypes<Entities extends object> = {
  [Name in keyof Entities & string]: { [Property in keyof Entities[Name] & string]: Entities[Name][Property] } & {
    [Column in `${keyof Entities[Name] & string}.${string}`]: unknown;
  };
} extends infer Types extends ModelTypes
  ? Types
  : ModelTypes;

export type TypeormDatabase<Entities extends object = ModelTypes> = LibraryDatabase<TypeormTypes<Entities>>;

/**
 * The entities of an initialised data source as one side of a sync. All work goes through the data source's own handle; it
 * is never closed, and stays free for the application while a sync runs. A data source does not tell the compiler its
 * entities: with `typeormDatabase<{ Country: Country }>(…)` names of models and fields are checked.
 */
export function typeormDatabase<Entities extends object = ModelTypes>(
  dataSource: DataSourceLike,
  options: TypeormDatabaseOptions<keyof Entities & string> = {},
): TypeormDatabase<Entities> {
  checkOptions(options);
  const { syncFields = {}, kinds = {}, keys = {}, patience = 10_000 } = options as TypeormDatabaseOptions;
  const { engine } = handleOf(dataSource);
  const models = modelsOf(dataSource, { engine, syncFields, kinds, keys });
  return libraryDatabase(models, options as TypeormDatabaseOptions, { name: `typeorm/${engine}`, executor: typeormExecutor(dataSource, patience) });
}

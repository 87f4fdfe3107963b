import type { EntityOptions } from "@sync/sql";

/**
 * `kinds` is for properties with a `Type` of your own: what its `convertToJSValue` gives. Entities with a relation of several
 * columns go in bulk, too.
 */
export type MikroOrmDatabaseOptions<Model extends string = string> = EntityOptions<Model>;

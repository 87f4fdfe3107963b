import type { EntityOptions } from "@sync/sql";

/**
 * `kinds` are those of what the `from` of a column's `transformer` gives. And `{ type: "local", … }` is for a PostgreSQL `timestamp`
 * that holds the time on a wall somewhere, rather than a moment in this process's zone. `writes: "orm"`: on PostgreSQL.
 */
export type TypeormDatabaseOptions<Model extends string = string> = EntityOptions<Model>;

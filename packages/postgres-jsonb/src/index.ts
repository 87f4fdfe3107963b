export { jsonbDatabase } from "./database.ts";
export type { JsonbDatabase } from "./database.ts";
export { jsonbSchema } from "./models.ts";
export { syncProperties } from "./sync-fields.ts";
export { kinds } from "./kinds.ts";
export type { ChildOptions, DocumentOptions, JsonbDatabaseOptions, KeyOptions, KeyType, RecordOptions, ReferenceOptions } from "./options.ts";
export type { JsonbTypes } from "./types.ts";

// What an application needs besides, so that one package is enough to install.
export * from "@sync/core/application";
export { sqliteState } from "@sync/sql";
export type { PgClientLike, PgliteLike, PgPoolLike, PostgresLike } from "@sync/sql";

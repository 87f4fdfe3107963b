export { type TypeormDatabase, typeormDatabase, type TypeormTypes } from "./database.ts";
export { Synced, synced } from "./synced.ts";
export { addSyncColumns, dropSyncColumns, syncColumns } from "./sync-fields.ts";
export type { TypeormDatabaseOptions } from "./options.ts";
export type { DataSourceLike, TransactionLike } from "./client.ts";

// What an application needs besides, so that one package is enough to install.
export * from "@sync/core/application";
export { sqliteState, type SyncFieldNames } from "@sync/sql";

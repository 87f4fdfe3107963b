export { drizzleDatabase } from "./database.ts";
export type { DrizzleDatabase, DrizzleTypes } from "./database.ts";
export { synced } from "./synced.ts";
export { pgSyncColumns, sqliteSyncColumns } from "./sync-fields.ts";
export type { PgSyncColumns, SqliteSyncColumns } from "./sync-fields.ts";
export type { DrizzleDatabaseOptions } from "./options.ts";
export type { DrizzleLike, TransactionLike } from "./client.ts";

// What an application needs besides, so that one package is enough to install.
export * from "@sync/core/application";
export { sqliteState } from "@sync/sql";
export type { BetterSqliteLike, PgClientLike, PgliteLike, PgPoolLike, SyncFieldNames } from "@sync/sql";

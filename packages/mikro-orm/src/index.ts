export { mikroOrmDatabase, type MikroOrmDatabase, type MikroOrmTypes } from "./database.ts";
export { Synced, synced } from "./synced.ts";
export { syncProperties } from "./sync-fields.ts";
export { syncTables } from "./schema-generator.ts";
export type { MikroOrmDatabaseOptions } from "./options.ts";
export type { MikroOrmLike } from "./client.ts";

// What an application needs besides, so that one package is enough to install.
export * from "@sync/core/application";
export { sqliteState, type SyncFieldNames } from "@sync/sql";

export { prismaDatabase } from "./database.ts";
export type { PrismaDatabase } from "./database.ts";
export { synced } from "./declarations.ts";
export type { PrismaDeclarations } from "./declarations.ts";
export { addSyncColumns, syncFields } from "./sync-fields.ts";
export type { SyncColumnNames } from "./sync-fields.ts";
export type { PrismaDatabaseOptions } from "./options.ts";
export type { PrismaClientLike, PrismaTypes } from "./client.ts";
export type { PrismaDmmf } from "./dmmf.ts";

// What an application needs besides, so that one package is enough to install.
export * from "@sync/core/application";
export { sqliteState } from "@sync/sql";
export type { SyncFieldNames } from "@sync/sql";

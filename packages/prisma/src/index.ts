export { prismaDatabase, type PrismaDatabase } from "./database.ts";
export { type PrismaDeclarations, synced } from "./declarations.ts";
export { addSyncColumns, type SyncColumnNames, syncFields } from "./sync-fields.ts";
export type { PrismaDatabaseOptions } from "./options.ts";
export type { PrismaClientLike, PrismaTypes } from "./client.ts";
export type { PrismaDmmf } from "./dmmf.ts";

// What an application needs besides, so that one package is enough to install.
export * from "@sync/core/application";
export { sqliteState, type SyncFieldNames } from "@sync/sql";

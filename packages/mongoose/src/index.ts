export { mongooseDatabase } from "./database.ts";
export type { MongooseDatabase } from "./database.ts";
export { synced } from "./options.ts";
export { syncPaths } from "./sync-fields.ts";
export type { ChildOptions, MongooseDatabaseOptions, RecordOptions } from "./options.ts";

// What an application needs besides, so that one package is enough to install.
export * from "@sync/core/application";

export { DatabaseNotAvailable } from "./not-available.ts";
export { temporaryFolder, type TemporaryFolder } from "./folder.ts";
export { openPostgres, type PostgresServer, type FreshDatabase } from "./postgres.ts";
export { startEmbedded, type EmbeddedServer } from "./embedded.ts";
export { openMongo, type MongoServer } from "./mongo.ts";
export { startMongo, type RunningMongo } from "./mongo-server.ts";
export { openPglite } from "./pglite.ts";

export { drizzleDatabase } from "./database.ts";
export type { DrizzleDatabase, DrizzleTypes } from "./database.ts";
export type { DrizzleDatabaseOptions, SyncFieldNames } from "./options.ts";
export type { BetterSqliteLike, DrizzleLike, PgClientLike, PgliteLike, PgPoolLike } from "./client.ts";

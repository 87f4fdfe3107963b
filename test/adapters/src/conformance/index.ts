export { pgliteSession, type PgliteSession } from "./pglite.ts";
export { kitServer, type FreshSchema, type KitServer } from "./pool.ts";
export { POSTGRES_VALUES, postgresProbe, postgresTables } from "./postgres.ts";
export { sqliteProbe, sqliteTables, type Storage } from "./sqlite.ts";
export type { Run, SqlTransaction } from "./tables.ts";

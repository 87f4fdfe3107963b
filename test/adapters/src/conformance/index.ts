export type { Run, SqlTransaction } from "./tables.ts";
export { POSTGRES_VALUES, postgresProbe, postgresTables } from "./postgres.ts";
export { kitServer, type FreshSchema, type KitServer } from "./pool.ts";
export { pgliteHarnessOf, postgresHarnessOf, sqliteHarnessOf } from "./harnesses.ts";
export { pgliteSession, type PgliteSession } from "./pglite.ts";
export { sqliteProbe, sqliteTables, type Storage } from "./sqlite.ts";

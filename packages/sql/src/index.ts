export { type SqlDatabase, sqlDatabase, type SqlDatabaseOptions } from "./database.ts";
export { type Fault, faultOf, type Meaning, meaningOf, type MeaningOptions } from "./errors.ts";
export type { CopyIn, Executor, Statement, TextRow } from "./executor.ts";
export type { KeyMaker, SqlColumn, SqlModel } from "./model.ts";
export { postgresColumn, type PostgresColumnOptions, postgresKind } from "./postgres/columns.ts";
export { sqliteColumn, type SqliteColumnOptions, type SqliteStorage } from "./sqlite/columns.ts";
export { sqliteState } from "./sqlite-state.ts";
export { sqlState, type SqlStateOptions } from "./state.ts";

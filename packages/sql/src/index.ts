export { type Conversion, convertedField, driversForm, stampOf, type StoredField, wholly } from "./convert.ts";
export { type SqlDatabase, sqlDatabase, type SqlDatabaseOptions } from "./database.ts";
export { betterSqliteExecutor, type BetterSqliteLike, isBetterSqlite } from "./drivers/better-sqlite.ts";
export { whenFree } from "./drivers/free.ts";
export { currentExecutor, type Driver } from "./drivers/current.ts";
export { kyselyExecutor, type KyselyLike, kyselyQuery } from "./drivers/kysely.ts";
export { type PgClientLike, type PgPoolLike, pgQuery } from "./drivers/pg.ts";
export { type PgTransaction, pgTransactionExecutor } from "./drivers/pg-transaction.ts";
export { pooledTransaction } from "./drivers/pooled-transaction.ts";
export type { PgliteLike } from "./drivers/pglite.ts";
export { patiently } from "./drivers/patiently.ts";
export { type PostgresDriver, postgresDriver, postgresExecutor, type PostgresLike } from "./drivers/postgres.ts";
export { EntityHints, type EntityReader } from "./entity-hints.ts";
export { checkEntityOptions, type EntityOptions } from "./entity-options.ts";
export { type Fault, faultOf, type Meaning, meaningOf, type MeaningOptions } from "./errors.ts";
export type { CopyIn, Executor, Statement, TextRow } from "./executor.ts";
export {
  checkConnectionOptions, checkLibraryOptions, type ConnectionOptions, type Fill, type LibraryDatabase, libraryDatabase, type LibraryModel,
  type LibraryModels, type LibraryOptions, namedSyncFields, type SyncFieldNames, syncFieldsOf,
} from "./library.ts";
export { keyMakerBy, onDeleteOf } from "./library-keys.ts";
export { type LibraryColumn, libraryModels, type LibraryTable } from "./library-model.ts";
export { type DocumentKey, type KeyMaker, qualified, quoted, type SqlColumn, type SqlModel } from "./model.ts";
export { checkPerModel, type OwnTypeOptions, type PerModel } from "./per-model.ts";
export { postgresColumn, type PostgresColumnOptions, postgresKind } from "./postgres/columns.ts";
export { documentTables } from "./postgres/document-keys.ts";
export { postgresProcessZoneColumn } from "./postgres/process-zone.ts";
export { postgresUtcColumn } from "./postgres/utc.ts";
export type { RecordData, RecordSession, RecordWriter, TurnWriter } from "./records.ts";
export { sideTableNames } from "./sides.ts";
export { renamedColumn } from "./renamed.ts";
export { sqliteIsInTransaction } from "./sqlite/in-transaction.ts";
export { sqliteNumericJsonColumn } from "./sqlite/json.ts";
export { sqliteBinaryJsonField, sqliteDateField, sqliteKindOf, sqliteUtcField } from "./sqlite/stored.ts";
export { sqliteColumn, type SqliteColumnOptions, type SqliteStorage } from "./sqlite/columns.ts";
export { listInText, type ListText, sqliteListField } from "./sqlite/list.ts";
export { sqliteState } from "./sqlite-state.ts";
export { sqlState, type SqlStateOptions } from "./state.ts";
export { isWellFormed } from "./well-formed.ts";

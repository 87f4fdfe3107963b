export { drizzleDatabase } from "./database.ts";
export type { DrizzleDatabase, DrizzleTypes } from "./database.ts";
export { synced } from "./synced.ts";
export { pgSyncColumns, sqliteSyncColumns } from "./sync-fields.ts";
export type { PgSyncColumns, SqliteSyncColumns } from "./sync-fields.ts";
export type { DrizzleDatabaseOptions } from "./options.ts";
export type { DrizzleLike, TransactionLike } from "./client.ts";

// What an application needs besides, so that one package is enough to install.
export {
  ask, cloudId, createSync, decideWith, deterministic, exactDiffer, exactMapper, fallback, fieldMerge, isSyncError, leftWins, naturalKey,
  newest, overwrite, perField, planPage, planTable, randomIdentity, rightWins, SyncError, versionVector,
} from "@sync/core";
export type {
  ApplyResult, ComparedField, Conflict, ConflictPolicy, ConflictRecord, Converters, Decision, Declaration, Difference, Differ, Direction, FieldMapping,
  FirstLink, Identity, LiveField, LiveRecord, MappedField, Mapper, MatchRule, ModelCounts, ModelOptions, OnEditDelete, Plan, PlannedAction,
  PlanPageOptions, PlanSummary, PlanTableOptions, QuarantineRecord, RunOptions, RunResult, StateStore, Sync, SyncEvent, SyncOptions,
  VerifyCounts, VerifyResult,
} from "@sync/core";
export { sqliteState } from "@sync/sql";
export type { BetterSqliteLike, PgClientLike, PgliteLike, PgPoolLike, SyncFieldNames } from "@sync/sql";

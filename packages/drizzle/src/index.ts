export { drizzleDatabase } from "./database.ts";
export type { DrizzleDatabase, DrizzleTypes } from "./database.ts";
export type { DrizzleDatabaseOptions } from "./options.ts";
export type { BetterSqliteLike, DrizzleLike } from "./client.ts";

// What an application needs besides, so that one package is enough to install.
export {
  ask, cloudId, createSync, decideWith, deterministic, fallback, fieldMerge, isSyncError, leftWins, naturalKey, newest, overwrite, perField, planPage, planTable, rightWins, SyncError, versionVector,
} from "@sync/core";
export type {
  ApplyResult, CloudIds, Conflict, ConflictPolicy, ConflictRecord, Difference, Direction, FieldMapping, FirstLink, LiveField, LiveRecord, MatchRule, ModelCounts, ModelOptions,
  OnEditDelete, Plan, PlannedAction, PlanPageOptions, PlanSummary, PlanTableOptions, QuarantineRecord, RunOptions, RunResult, StateStore, Sync, SyncEvent, SyncOptions,
  VerifyCounts, VerifyResult,
} from "@sync/core";
export { sqliteState } from "@sync/sql";
export type { PgClientLike, PgliteLike, PgPoolLike, SyncFieldNames } from "@sync/sql";

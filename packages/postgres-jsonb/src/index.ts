export { jsonbDatabase } from "./database.ts";
export type { JsonbDatabase } from "./database.ts";
export { jsonbSchema } from "./ddl.ts";
export { kinds } from "./kinds.ts";
export type { ChildOptions, DocumentOptions, JsonbDatabaseOptions, KeyOptions, KeyType, RecordOptions, ReferenceOptions } from "./options.ts";
export type { JsonbTypes } from "./types.ts";

// What an application needs besides, so that one package is enough to install.
export { ask, cloudId, createSync, decideWith, fallback, fieldMerge, isSyncError, leftWins, naturalKey, newest, perField, rightWins, SyncError } from "@sync/core";
export type {
  ApplyResult, Conflict, ConflictPolicy, ConflictRecord, Difference, Direction, FieldMapping, FirstLink, MatchRule, ModelCounts, ModelOptions, OnEditDelete,
  Plan, PlannedAction, PlanSummary, QuarantineRecord, RunOptions, RunResult, StateStore, Sync, SyncEvent, SyncOptions, VerifyCounts, VerifyResult,
} from "@sync/core";
export { sqliteState } from "@sync/sql";
export type { PgClientLike, PgliteLike, PgPoolLike, PostgresLike } from "@sync/sql";

export { jsonbDatabase } from "./database.ts";
export type { JsonbDatabase } from "./database.ts";
export { jsonbSchema } from "./ddl.ts";
export { syncProperties } from "./sync-fields.ts";
export { kinds } from "./kinds.ts";
export type { ChildOptions, DocumentOptions, JsonbDatabaseOptions, KeyOptions, KeyType, RecordOptions, ReferenceOptions } from "./options.ts";
export type { JsonbTypes } from "./types.ts";

// What an application needs besides, so that one package is enough to install.
export {
  ask, cloudId, createSync, decideWith, deterministic, exactDiffer, exactMapper, exactPatcher, fallback, fieldMerge, isSyncError, leftWins,
  naturalKey, newest, overwrite, perField, planPage, planTable, randomIdentity, rightWins, SyncError, versionVector,
} from "@sync/core";
export type {
  ApplyResult, ComparedField, Conflict, ConflictPolicy, ConflictRecord, Converters, Decision, Declaration, Difference, Differ, Direction, DocumentChange,
  FieldMapping, FirstLink, Identity, JsonPatch, LiveField, LiveRecord, MappedField, Mapper, MatchRule, ModelCounts, ModelOptions,
  OnEditDelete, Patcher, Plan, PlannedAction, PlanPageOptions, PlanSummary, PlanTableOptions, QuarantineRecord, RunOptions, RunResult,
  StateStore, Sync, SyncEvent, SyncOptions, VerifyCounts, VerifyResult,
} from "@sync/core";
export { sqliteState } from "@sync/sql";
export type { PgClientLike, PgliteLike, PgPoolLike, PostgresLike } from "@sync/sql";

export { mongooseDatabase } from "./database.ts";
export type { MongooseDatabase } from "./database.ts";
export { synced } from "./options.ts";
export { syncPaths } from "./sync-fields.ts";
export type { ChildOptions, MongooseDatabaseOptions, RecordOptions } from "./options.ts";

// What an application needs besides, so that one package is enough to install.
export {
  ask, cloudId, createSync, decideWith, deterministic, exactDiffer, exactMapper, exactPatcher, fallback, fieldMerge, isSyncError, leftWins,
  naturalKey, newest, overwrite, perField, planPage, planTable, randomIdentity, rightWins, SyncError, versionVector,
} from "@sync/core";
export type {
  ApplyResult, ComparedField, Conflict, ConflictPolicy, ConflictRecord, Converters, Decision, Difference, Differ, Direction, DocumentChange,
  FieldMapping, FirstLink, Identity, JsonPatch, LiveField, LiveRecord, MappedField, Mapper, MatchRule, ModelCounts, ModelOptions,
  OnEditDelete, Patcher, Plan, PlannedAction, PlanPageOptions, PlanSummary, PlanTableOptions, QuarantineRecord, RunOptions, RunResult,
  StateStore, Sync, SyncEvent, SyncOptions, VerifyCounts, VerifyResult,
} from "@sync/core";

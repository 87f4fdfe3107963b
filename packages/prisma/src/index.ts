export { prismaDatabase } from "./database.ts";
export type { PrismaDatabase } from "./database.ts";
export { synced } from "./declarations.ts";
export type { PrismaDeclarations } from "./declarations.ts";
export { addSyncColumns, syncFields } from "./sync-fields.ts";
export type { SyncColumnNames } from "./sync-fields.ts";
export type { PrismaDatabaseOptions } from "./options.ts";
export type { PrismaClientLike, PrismaTypes } from "./client.ts";
export type { PrismaDmmf } from "./dmmf.ts";

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
export type { SyncFieldNames } from "@sync/sql";

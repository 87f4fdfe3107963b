// What an application needs, with whichever adapters: each of them gives all of this as its own.
export { createSync, type Plan, type Sync } from "./sync.ts";
export type {
  Direction, Drift, FieldMapping, FirstLink, ModelOptions, ModelsOptions, OnEditDelete, Runtime, SyncOptions,
} from "./options.ts";
export { deterministic, randomIdentity, type Identity } from "./engines/identity.ts";
export {
  ask, decideWith, fieldMerge, leftWins, newest, overwrite, perField, rightWins,
  type Conflict, type ConflictPolicy, type ConflictSide, type Decision,
} from "./engines/conflict-policy.ts";
export { exactDiffer, type ComparedField, type Differ } from "./engines/differ.ts";
export { exactMapper, type Converters, type MappedField, type Mapper } from "./engines/mapper.ts";
export { exactPatcher, type DocumentChange, type Patcher } from "./engines/patcher.ts";
export { versionVector } from "./engines/version-vector.ts";
export { cloudId, fallback, naturalKey } from "./engines/match.ts";
export type { Declaration, MatchForm, MatchRule, NaturalKeyOptions } from "./declaration.ts";
export { isSyncError, SyncError, type SyncErrorOptions } from "./errors.ts";
export type { SyncEvent, ModelCounts, Step } from "./run/events.ts";
export type { HintedRunOptions, PlanSummary, RunOptions, RunResult } from "./run/run.ts";
export type { ApplyResult } from "./run/apply.ts";
export type { RunRecord } from "./undo/run-log.ts";
export type { ConflictFilter, ConflictValue, ShownConflict } from "./log/conflict-log.ts";
export type { QuarantineFilter } from "./log/quarantine-log.ts";
export type { Erased, RecordName } from "./log/erase.ts";
export type { Pruned, Retention } from "./log/prune.ts";
export type { UndoOptions, UndoResult } from "./undo/undo.ts";
export type { KeptRecord, UndoCounts } from "./undo/undoing.ts";
export type { KeptReason } from "./undo/judge.ts";
export type { PlannedAction } from "./run/plan-sink.ts";
export type { LiveField, LiveRecord } from "./report/look.ts";
export { planPage, type PlanPageOptions } from "./report/page.ts";
export { planTable, type PlanTableOptions } from "./report/table.ts";
export type { Difference, VerifyCounts, VerifyResult } from "./run/verify.ts";
export type { ConflictRecord, QuarantineRecord, StateStore } from "./state.ts";
export type { JsonPatch } from "./documents/contract.ts";

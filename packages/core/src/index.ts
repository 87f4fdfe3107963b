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
export { declarationOf, declare } from "./declare.ts";
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

// For adapters.
export type { Capabilities, Changes, Claim, ClaimRequest, Database, Encounter, Endpoint, FetchRequest, Finding, Fingerprint, Inspection, Key, KeyRange, KnownPair, ModelTypes, Page, Row, RowFault, ScanRequest } from "./endpoint.ts";
export type { Hint, HintedModel, Hints } from "./hints.ts";
export { HintLog } from "./hint-log.ts";
export type { Batch, Committed, DeleteBatch, IdentifyBatch, InsertBatch, Outcome, Refusal, Unit, UpdateBatch } from "./unit.ts";
export { fieldOf, type Field, type Model, type Reference, type SyncFields, type UniqueKey } from "./model.ts";
export type {
  Base, Checkpoint, Collection, ConflictRecord, Fences, PreImage, QuarantineRecord, ReadRequest, SideMark, StateChange, StateRecords, StateStore, Touched,
} from "./state.ts";
export {
  atMeet, canonical, decode, encode, fits, isValueError, matchForm, meet, narrowed, VALUE_CODES, ValueError,
  type BooleanKind, type BytesKind, type DateKind, type DecimalKind, type Digits, type DurationKind, type EnumKind, type FloatKind,
  type InstantKind, type IntegerKind, type JsonKind, type Kind, type ListKind, type LocalKind, type Meet, type NarrowOptions,
  type TextKind, type TimeKind, type UuidKind, type Value, type ValueErrorCode,
} from "./value.ts";
export { hash64, HASH_LENGTH, hasher, type Hasher } from "./hash.ts";
export { hintFor, nearest } from "./names.ts";
export { unfold, type UnfoldOptions } from "./documents/unfold.ts";
export type { DocumentTree, TreeChild, TreeField, TreeRecord, TreeReference } from "./documents/tree.ts";
export type {
  DocumentBatch, DocumentDatabase, Documents, DocumentUnit, DocumentWrite, FoundElement, InnerIdentity, JsonPatch, WantedElement, Way,
} from "./documents/contract.ts";

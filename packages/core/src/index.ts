export * from "./application.ts";

// For adapters.
export { declarationOf, declare } from "./declare.ts";
export { declarationIn } from "./declaration-text.ts";
export type { Capabilities, Changes, Claim, ClaimRequest, Database, Encounter, Endpoint, FetchRequest, Finding, Fingerprint, Inspection, Key, KeyRange, KnownPair, ModelTypes, Page, Row, RowFault, ScanRequest } from "./endpoint.ts";
export type { Hint, HintedModel, Hints } from "./hints.ts";
export { HintLog } from "./hint-log.ts";
export type { Batch, ChildRows, Committed, DeleteBatch, IdentifyBatch, InsertBatch, Outcome, Refusal, Unit, UpdateBatch } from "./unit.ts";
export { fieldOf, type Field, type Model, type Reference, type SyncFields, type UniqueKey } from "./model.ts";
export type {
  Base, Checkpoint, Collection, Fences, PreImage, ReadRequest, SideMark, StateChange, StateRecords, Touched,
} from "./state.ts";
export {
  atMeet, canonical, decode, encode, fits, isValueError, matchForm, meet, narrowed, VALUE_CODES, ValueError,
  type BooleanKind, type BytesKind, type DateKind, type DecimalKind, type Digits, type DurationKind, type EnumKind, type FloatKind,
  type InstantKind, type IntegerKind, type JsonKind, type Kind, type ListKind, type LocalKind, type Meet, type NarrowOptions,
  type TextKind, type TimeKind, type UuidKind, type Value, type ValueErrorCode,
} from "./value.ts";
export { hash64, HASH_LENGTH, hasher, type Hasher } from "./hash.ts";
export { checkNames, hintFor, nearest } from "./names.ts";
export { unfold, type UnfoldOptions } from "./documents/unfold.ts";
export type { DocumentTree, TreeChild, TreeField, TreeRecord, TreeReference } from "./documents/tree.ts";
export type {
  DocumentBatch, DocumentDatabase, Documents, DocumentUnit, DocumentWrite, FoundElement, InnerIdentity, WantedElement, Way,
} from "./documents/contract.ts";

import type { Key, Row } from "../endpoint.ts";
import type { SideName } from "../mapping/pair-model.ts";
import type { Value } from "../value.ts";

/** A row as the planner sees it: values at the meet, references as the parents' cloudIds. */
export interface PairRecord {
  readonly side: SideName;
  readonly row: Row;
  readonly key: Key;
  readonly cloudId: string | null;
  /** One per `PairModel.fields`, then one per `extras`. */
  readonly meet: readonly Value[];
}

export type ActionKind =
  /** Nothing to do and nothing to remember. */
  | "none"
  /** Both sides hold it and agree: remembered as linked. */
  | "link"
  /** Both sides came to the same new values by themselves: only the base moves. */
  | "settle"
  | "create"
  | "update"
  | "delete"
  /** Gone on both sides: only the base goes. */
  | "forget"
  /** Nothing is written until a person decides. */
  | "park";

export interface PlannedConflict {
  readonly kind: "update-update" | "update-delete" | "first-link";
  /** Positions in `PairModel.fields`; empty for the whole record. */
  readonly fields: readonly number[];
  readonly rule: string;
  readonly decision: "left" | "right" | "custom" | "open";
}

/** What to do about one record, and why. Plain data, made without I/O from two records and their base. */
export interface RecordPlan {
  readonly action: ActionKind;
  /** Where `create` and `delete` write. */
  readonly side?: SideName;
  /** Positions of the fields that `update` writes on each side. */
  readonly toLeft: readonly number[];
  readonly toRight: readonly number[];
  /** Values decided by a function that neither side had, by position. */
  readonly custom?: ReadonlyMap<number, Value>;
  /** Fields that wait: their base stays as it was. */
  readonly open: readonly number[];
  /** Fields changed on the side that a one-way pair does not read: reported, their base stays as it was. */
  readonly drift: readonly number[];
  /** Such fields where that is wanted: remembered as each side has them. */
  readonly kept?: readonly number[];
  readonly conflicts: readonly PlannedConflict[];
  /** A short statement such as `changed on the left: name`. */
  readonly reason: string;
}

import type { MatchForm, MatchRule } from "../declaration.ts";
import type { Identity } from "../engines/identity.ts";
import type { ConflictPolicy } from "../engines/conflict-policy.ts";
import type { Endpoint } from "../endpoint.ts";
import type { FirstLink, OnEditDelete } from "../options.ts";
import type { Kind, Meet, Value } from "../value.ts";

export type SideName = "left" | "right";
export const otherSide = (side: SideName): SideName => (side === "left" ? "right" : "left");

/** A mapped field as one side sees it. */
export interface FieldSide {
  /** The field's own names: one for a plain field, the foreign key's for a reference. */
  readonly names: readonly string[];
  /** Where its values stand in a row of that side. */
  readonly at: readonly number[];
  readonly kinds: readonly Kind[];
  readonly nullable: boolean;
  readonly writable: boolean;
}

/** One field of the logical record. Its value is a plain value at the meet, or a parent's cloudId. */
export interface PairField {
  /** The left name; messages and policies use it. */
  readonly name: string;
  readonly left: FieldSide;
  readonly right: FieldSide;
  /** Plain fields: how both sides are held against each other. */
  readonly meet: Meet | undefined;
  /** In what form values at the meet are compared; undefined: as they are. */
  readonly form?: (value: string) => string;
  /** References: the parent's pair model. */
  readonly parent: string | undefined;
  /** A reference that closes a cycle: created empty, filled at the end of the run. */
  readonly late: boolean;
  /** Decimals may be cut to fit. */
  readonly narrow: boolean;
  readonly toRight: ((value: never) => unknown) | undefined;
  readonly toLeft: ((value: never) => unknown) | undefined;
  /** Fields with the same group merge as one. */
  readonly group: number;
}

/** One model of one side, as this pair reads it. */
export interface ModelSide {
  readonly side: SideName;
  readonly endpoint: Endpoint;
  readonly name: string;
  /** What is read, in order; `FieldSide.at` points into it. */
  readonly fields: readonly string[];
  /** Where the primary key stands in `fields`, when it is mapped or made of references: an insert's key comes from its values. */
  readonly keyAt: readonly number[] | undefined;
  /** Set on records this sync creates here. */
  readonly constants: readonly { readonly field: string; readonly value: Value }[];
}

/** A match rule, resolved to positions in `PairModel.fields`. */
export interface PairRule {
  readonly rule: MatchRule;
  readonly at: readonly number[];
  readonly form: MatchForm;
  readonly nulls: "never" | "equal";
  /** Relies on a unique key on both sides. */
  readonly unique: boolean;
  /** Unique on both sides and compared as stored: the counterpart can be fetched by key instead of being looked for. */
  readonly byKey: boolean;
  /** Several records with one match form: never, with a unique key on both sides. */
  readonly mayRepeat: boolean;
}

/** Two models kept the same: what planner and runner work with. Made once, before a run. */
export interface PairModel {
  /** The left model's name. */
  readonly name: string;
  readonly left: ModelSide;
  readonly right: ModelSide;
  /** Compared and written. */
  readonly fields: readonly PairField[];
  /** Read for a policy only; they stand behind `fields` in a record's values. */
  readonly extras: readonly PairField[];
  readonly rules: readonly PairRule[];
  /** Absent: new cloudIds are random. */
  readonly identity?: Identity;
  readonly policy: ConflictPolicy;
  readonly firstLink: FirstLink | undefined;
  readonly onEditDelete: OnEditDelete;
  /** The position of the field that makes a record a tombstone: a flag by being true, any other by having a value. */
  readonly softDelete?: { readonly at: number; readonly flag: boolean };
  readonly keepBase: "hashes" | "values";
  /** One text per field: name, kinds and converter. Another text means the field has no base. */
  readonly signature: readonly string[];
  /** Pair models this one refers to, itself left out. */
  readonly parents: readonly string[];
  /** It refers to itself: creates go level by level. */
  readonly selfReference: boolean;
}

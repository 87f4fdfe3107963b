/** How a natural key is brought to its match form. The stored form is never changed. */
export interface MatchForm {
  /** Leading and trailing white space does not count. */
  readonly trim?: boolean;
  /** `"lower"`: letter case does not count (Unicode lower case, no locale). */
  readonly case?: "lower";
  /** `"NFC"`: composed and decomposed letters are the same. */
  readonly unicode?: "NFC";
}

export interface NaturalKeyOptions extends MatchForm {
  /**
   * A record with a null in its key: `"never"` matches by this rule (default), or nulls are `"equal"` to one another.
   * @default "never"
   */
  readonly nulls?: "never" | "equal";
  /**
   * Allow fields that no unique key covers; duplicates are then looked for, listed and quarantined.
   * @default false
   */
  readonly withoutUniqueKey?: boolean;
}

/** One way to recognise that two records are the same thing. Rules are tried in order; `Fields` serves the compiler. */
export type MatchRule<Fields extends string = string> =
  | { readonly rule: "cloudId" }
  | { readonly rule: "natural"; readonly fields: readonly Fields[]; readonly options: NaturalKeyOptions }
  | { readonly rule: "fallback"; readonly fields: readonly Fields[]; readonly options: NaturalKeyOptions };

/**
 * What a model says by itself of how it is kept the same, in its library's own style: a decorator, a schema plugin, a
 * comment. Names its own fields, whichever side it stands on. The `models` of a sync override it, option by option; where
 * both sides declare, the left one's word goes first.
 */
export interface Declaration<Fields extends string = string> {
  /** The name that it shares with its counterpart, where the models' names differ. @default the model's name */
  readonly as?: string;
  /** How its records are recognised; tried in order after the stored cloudId. */
  readonly match?: MatchRule<Fields> | readonly MatchRule<Fields>[];
  /** These fields take no part; added to what the other side leaves out. */
  readonly omit?: readonly Fields[];
  /** Fields that merge as one: `[["amount", "currency"]]`. */
  readonly together?: readonly (readonly Fields[])[];
  /** The field that the application sets where it deletes without deleting. */
  readonly softDelete?: Fields;
  /** What is remembered of the last agreed state. @default "hashes" */
  readonly keepBase?: "hashes" | "values";
}

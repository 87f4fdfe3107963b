import { SyncError } from "../errors.ts";

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

/** Match by the stored cloudId. Always tried first, so it is needed only where it is the one rule. */
export function cloudId(): { readonly rule: "cloudId" } {
  return { rule: "cloudId" };
}

/** Match by the fields that name a record in the real world: `naturalKey("code")`, `naturalKey(["resource", "action"])`. */
export function naturalKey<const Fields extends string>(
  fields: Fields | readonly Fields[],
  options: NaturalKeyOptions = {},
): MatchRule<Fields> {
  return { rule: "natural", fields: list("naturalKey", fields), options };
}

/**
 * For records without a natural key: match where all these fields are equal. Several candidates are never guessed
 * between: they are quarantined. A field may be a reference; it is compared as the parent's identity.
 */
export function fallback<const Fields extends string>(
  fields: Fields | readonly Fields[],
  options: Omit<NaturalKeyOptions, "withoutUniqueKey"> = {},
): MatchRule<Fields> {
  return { rule: "fallback", fields: list("fallback", fields), options: { nulls: "equal", ...options } };
}

function list<Fields extends string>(name: string, fields: Fields | readonly Fields[]): readonly Fields[] {
  const all = typeof fields === "string" ? [fields] : fields;
  if (all.length === 0) throw new SyncError("OPTIONS.EMPTY_MATCH", `${name}() needs at least one field.`);
  return all;
}

/** `natural key "code"`, for reasons and findings. */
export function nameOfRule(rule: MatchRule): string {
  if (rule.rule === "cloudId") return "cloudId";
  return `${rule.rule === "natural" ? "natural key" : "fallback"} ${rule.fields.map((name) => `\`${name}\``).join(", ")}`;
}

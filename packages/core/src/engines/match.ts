import type { MatchRule, NaturalKeyOptions } from "../declaration.ts";
import { SyncError } from "../errors.ts";

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

import type { MatchRule } from "../declaration.ts";
import { nameOfRule } from "../engines/match.ts";
import type { Model } from "../model.ts";
import { hintFor } from "../names.ts";
import type { Draft } from "./draft.ts";
import type { PairField, PairRule, SideName } from "./pair-model.ts";

/** How records are recognised: what is declared, or what names the records of a join table. */
export function compileRules(draft: Draft, fields: readonly PairField[]): PairRule[] {
  const declared = draft.entry.match ?? byReferences(draft, fields);
  if (!declared) {
    draft.error("OPTIONS.NO_MATCH", `Model \`${draft.name}\` has no \`match\`: say how its records are recognised, e.g. naturalKey("code").`);
    return [];
  }
  const rules: PairRule[] = [];
  for (const rule of Array.isArray(declared) ? (declared as readonly MatchRule[]) : [declared as MatchRule]) {
    if (rule.rule === "cloudId") continue;
    const at = rule.fields.map((name) => fields.findIndex((field) => field.name === name || field.left.names.includes(name)));
    const missing = rule.fields.filter((_, index) => at[index]! < 0);
    for (const name of missing) {
      draft.error("OPTIONS.UNKNOWN_FIELD", `The ${nameOfRule(rule)} of \`${draft.name}\` names \`${name}\`, which is not a mapped field.${hintFor(name, fields.map((field) => field.name))}`, name);
    }
    if (missing.length > 0) continue;
    const { trim, case: letterCase, unicode, nulls, withoutUniqueKey } = rule.options;
    const plainForm = !trim && letterCase === undefined && unicode === undefined;
    const covered = (["left", "right"] as const).map((side) => isUnique(draft.models[side], side, at.map((index) => fields[index]!)));
    // Said to repeat, it is looked for repeats, whatever the models say.
    const unique = covered.every(Boolean) && rule.rule === "natural" && !withoutUniqueKey;
    if (rule.rule === "natural" && !covered.every(Boolean) && !withoutUniqueKey) {
      const where = covered[0] ? "right" : covered[1] ? "left" : "left and right";
      draft.error("MATCH.NOT_UNIQUE", `No unique key on the ${where} covers the ${nameOfRule(rule)} of \`${draft.name}\`. Add one, or allow it with \`withoutUniqueKey: true\`: duplicates are then looked for.`);
    }
    const formed = at.some((index) => fields[index]!.form !== undefined);
    const converted = formed || at.some((index) => fields[index]!.toRight !== undefined || !sameKind(fields[index]!));
    rules.push({
      rule, at, form: { ...(trim ? { trim } : {}), ...(letterCase ? { case: letterCase } : {}), ...(unicode ? { unicode } : {}) },
      nulls: nulls ?? "never", unique, byKey: unique && plainForm && !converted && nulls !== "equal", mayRepeat: !unique || !plainForm || formed,
    });
  }
  return rules;
}

/** Where the same references make up the whole primary key on both sides, as in a join table, they name the record. */
function byReferences({ models }: Draft, fields: readonly PairField[]): MatchRule | undefined {
  const key = fields.filter((field) => field.parent !== undefined && field.left.names.every((name) => models.left.primaryKey.includes(name)));
  const areAll = (["left", "right"] as const).every((side) => {
    const names = new Set(key.flatMap((field) => field[side].names));
    return names.size === models[side].primaryKey.length && models[side].primaryKey.every((name) => names.has(name));
  });
  return areAll ? { rule: "natural", fields: key.map((field) => field.name), options: {} } : undefined;
}

function isUnique(model: Model, side: SideName, fields: readonly PairField[]): boolean {
  const names = new Set(fields.flatMap((field) => field[side].names));
  return [model.primaryKey, ...model.uniqueKeys.map((key) => key.fields)].some((key) => key.every((name) => names.has(name)));
}

const sameKind = (field: PairField): boolean => field.parent !== undefined || field.left.kinds[0]!.type === field.right.kinds[0]!.type;

import { nameOfRule } from "../engines/match.ts";
import type { Finding } from "../endpoint.ts";
import type { PairField, PairModel, PairRule, SideName } from "./pair-model.ts";

/**
 * Match rules that rely on a unique key which stands in the model, but not in the live database: what they recognised
 * would be a guess. `findings`: what the database of that side says about its models.
 */
export function unheldRules(models: readonly PairModel[], side: SideName, findings: readonly Finding[]): Finding[] {
  return models.flatMap((pairModel) => {
    const { endpoint, name } = pairModel[side];
    const missing = new Set(findings.flatMap(({ model, key }) => (model === name && key ? [JSON.stringify(key)] : [])));
    if (missing.size === 0) return [];
    const words = findings.flatMap(({ model, key, message }) => (model === name && key ? [message] : []));
    const held = [endpoint.model.primaryKey, ...endpoint.model.uniqueKeys.map((key) => key.fields)].filter((key) => !missing.has(JSON.stringify(key)));
    return pairModel.rules.flatMap(({ rule, at, unique }): Finding[] => {
      const names = new Set(at.flatMap((position) => pairModel.fields[position]![side].names));
      if (!unique || held.some((key) => key.every((field) => names.has(field)))) return [];
      return [{
        severity: "error", code: "MATCH.NOT_UNIQUE", model: pairModel.name,
        message: `The ${side} database holds no unique index for the ${nameOfRule(rule)} of \`${pairModel.name}\`, although its model says so. Add one, or allow it with \`withoutUniqueKey: true\`: duplicates are then looked for. What was found: ${words.join("; ")}.`,
      }];
    });
  });
}

/** Kinds whose meet cuts nothing off: different values stay different. */
const uncut: ReadonlySet<string> = new Set(["text", "uuid", "integer", "enum", "boolean"]);

/**
 * Whether the live database of this side keeps two records from having one match form, whatever was declared. `missing`: unique
 * keys of this side's model that it does not hold, as JSON texts. What is unique inside of documents is so on somebody's word.
 */
export function keepsApart({ fields, ...sides }: PairModel, rule: PairRule, side: SideName, missing: ReadonlySet<string>): boolean {
  const { model } = sides[side].endpoint;
  const own = rule.at.map((at) => fields[at]!);
  if (model.within !== undefined || rule.nulls !== "never" || Object.keys(rule.form).length > 0 || !own.every((field) => isUncut(field, side))) return false;
  const names = new Set(own.flatMap((field) => field[side].names));
  const keys = [model.primaryKey, ...model.uniqueKeys.map((key) => key.fields)];
  return keys.some((key) => key.every((name) => names.has(name)) && !missing.has(JSON.stringify(key)));
}

function isUncut({ parent, form, toRight, meet, ...sides }: PairField, side: SideName): boolean {
  if (parent !== undefined) return true;
  return form === undefined && toRight === undefined && meet !== undefined && uncut.has(meet.type) && sides[side].kinds[0]!.type === meet.type;
}

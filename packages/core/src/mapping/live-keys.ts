import { nameOfRule } from "../engines/match.ts";
import type { Finding } from "../endpoint.ts";
import type { PairModel, SideName } from "./pair-model.ts";

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

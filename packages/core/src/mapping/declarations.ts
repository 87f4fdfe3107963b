import type { Declaration, MatchRule } from "../declaration.ts";
import type { Database, Finding } from "../endpoint.ts";
import { fieldOf, type Model } from "../model.ts";
import type { SyncOptions } from "../options.ts";
import type { AnyModelOptions } from "./draft.ts";
import type { SideName } from "./pair-model.ts";

/** The options of every model by the left one's name: what `models` says, over what the models declare themselves. */
export function declaredModels(options: SyncOptions, findings: Finding[]): Record<string, AnyModelOptions> {
  const given = (options.models ?? {}) as Readonly<Record<string, AnyModelOptions | false | undefined>>;
  const taken = new Set(Object.entries(given).flatMap(([name, entry]) => (entry ? [entry.right ?? name] : [])));
  const lefts = [...options.left.endpoints.values()].map(({ model }) => model);
  const rights = [...options.right.endpoints.values()].map(({ model }) => model);
  const models: Record<string, AnyModelOptions> = {};
  for (const [name, entry] of Object.entries(given)) {
    const right = entry ? options.right.endpoints.get(entry.right ?? name)?.model : undefined;
    if (entry) models[name] = merged(entry, options.left.endpoints.get(name)?.model, right);
  }
  for (const left of lefts) {
    if (Object.hasOwn(given, left.name)) continue;
    const right = rights.find((model) => sharedName(model) === sharedName(left));
    if (!left.declared && !right?.declared) continue;
    if (right) {
      models[left.name] = merged(right.name === left.name ? {} : { right: right.name }, left, right);
      taken.add(right.name);
    } else findings.push(alone("left", left, options.right));
  }
  for (const right of rights) {
    const leftOut = lefts.some((model) => sharedName(model) === sharedName(right) && given[model.name] === false);
    if (right.declared && !taken.has(right.name) && !leftOut) findings.push(alone("right", right, options.left));
  }
  return models;
}

const sharedName = ({ name, declared }: Model): string => declared?.as ?? name;

function merged(entry: AnyModelOptions, left: Model | undefined, right: Model | undefined): AnyModelOptions {
  if (!left?.declared && !right?.declared) return entry;
  const leftNames = new Map(Object.entries(entry.fields ?? {}).map(([name, to]) => [typeof to === "string" ? to : (to?.right ?? name), name]));
  const nameOf = (name: string): string => leftNames.get(name) ?? name;
  // A right field without counterpart takes no part anyway.
  const counts = (name: string): boolean => !left || !right || fieldOf(left, nameOf(name)) !== undefined || fieldOf(right, name) === undefined;
  const fromRight = right?.declared && renamed({ ...right.declared, ...(right.declared.omit ? { omit: right.declared.omit.filter(counts) } : {}) }, nameOf);
  const { as: _left, ...own } = left?.declared ?? {};
  const { as: _right, ...others } = fromRight ?? {};
  const omit = [...new Set([...(own.omit ?? []), ...(others.omit ?? [])])];
  return { ...others, ...own, ...(omit.length > 0 ? { omit } : {}), ...entry };
}

/** A declaration in the names of the other side's fields. */
function renamed(declaration: Declaration, nameOf: (name: string) => string): Declaration {
  const { match, omit, together, softDelete } = declaration;
  const ruleOf = (rule: MatchRule): MatchRule => (rule.rule === "cloudId" ? rule : { ...rule, fields: rule.fields.map(nameOf) });
  return {
    ...declaration,
    ...(match ? { match: Array.isArray(match) ? match.map(ruleOf) : ruleOf(match as MatchRule) } : {}),
    ...(omit ? { omit: omit.map(nameOf) } : {}),
    ...(together ? { together: together.map((names) => names.map(nameOf)) } : {}),
    ...(softDelete === undefined ? {} : { softDelete: nameOf(softDelete) }),
  };
}

function alone(side: SideName, { name }: Model, other: Database): Finding {
  const [named, without] = side === "left"
    ? [`\`models: { ${name}: { right: … } }\``, `\`models: { ${name}: false }\``]
    : [`\`models: { …: { right: "${name}" } }\``, "the `models` of its own database"];
  const message = `Model \`${name}\` on the ${side} is declared to be synced, and ${other.name} has no model of that name: name its counterpart by ${named} or by \`as\` in the declaration, or leave it out by ${without}.`;
  return { severity: "error", code: "MODEL.DECLARED_ALONE", model: name, message };
}

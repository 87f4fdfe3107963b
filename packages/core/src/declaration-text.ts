import type { Declaration, MatchRule, NaturalKeyOptions } from "./declaration.ts";
import { fallback, naturalKey } from "./engines/match.ts";
import { SyncError } from "./errors.ts";

/**
 * For adapters: what a comment beside a model says of how it is kept the same, `@sync(match: code)`; undefined where it says nothing.
 * Words need no quotes: `match: [resource, action], omit: [draft]`.
 */
export function declarationIn(comment: string, model: string): Declaration | undefined {
  const found = /^@sync\b(?:\(([^)]*)\))?/m.exec(comment);
  if (!found) return undefined;
  const isJson = (word: string): boolean => word.startsWith('"') || word === "true" || word === "false";
  const words = (found[1] ?? "").replaceAll(/"(?:[^"\\]|\\.)*"|[A-Za-z_]\w*/g, (word) => (isJson(word) ? word : JSON.stringify(word)));
  try {
    const { match, ...rest } = JSON.parse(`{${words}}`) as { readonly match?: Match } & Declaration;
    return match === undefined ? rest : { ...rest, match: rulesOf(match) };
  } catch (cause) {
    const looks = "it looks like `/// @sync(match: code)` or `/// @sync(match: [resource, action], omit: [draft])`";
    throw new SyncError("OPTIONS.DECLARATION", `The comment \`@sync(…)\` of model \`${model}\` cannot be read; ${looks}.`, { model, cause });
  }
}

type Rule = { readonly natural?: string | readonly string[]; readonly fallback?: string | readonly string[] } & NaturalKeyOptions;
type Match = string | readonly string[] | Rule | readonly Rule[];

/** A name, or the names of one natural key; `{ natural: email, case: lower }`; `{ fallback: [title, city] }`; a list of these. */
function rulesOf(match: Match): MatchRule | readonly MatchRule[] {
  if (typeof match === "string" || isNames(match)) return naturalKey(match);
  return isRules(match) ? match.map(ruleOf) : ruleOf(match);
}

function ruleOf({ natural, fallback: fields, ...options }: Rule): MatchRule {
  if (natural !== undefined) return naturalKey(natural, options);
  if (fields !== undefined) return fallback(fields, options);
  throw new Error("neither natural nor fallback");
}

const isNames = (match: Match): match is readonly string[] => Array.isArray(match) && match.every((each) => typeof each === "string");
const isRules = (match: Match): match is readonly Rule[] => Array.isArray(match);

import { fallback, hintFor, naturalKey, SyncError } from "@sync/core";
import type { Declaration, MatchRule, NaturalKeyOptions } from "@sync/core";
import type { PrismaClientLike, PrismaTypes } from "./client.ts";
import type { DmmfModel } from "./dmmf.ts";

/** How models are kept the same, by their names. `Client` is for the compiler: `synced<typeof prisma>({ … })` checks the names. */
export type PrismaDeclarations<Client = unknown> = unknown extends Client
  ? { readonly [Model in string]?: Declaration }
  : { readonly [Model in keyof PrismaTypes<Client> & string]?: Declaration<keyof PrismaTypes<Client>[Model] & string> };

interface SyncedExtension {
  readonly name: "sync";
  /** Of no closer type: the compiler would take it for one of the client's models. */
  readonly client: { readonly $synced: object };
}

/** A client extension that says how models are kept the same: `prisma.$extends(synced({ Country: { match: naturalKey("code") } }))`. */
export function synced<Client = unknown>(declarations: PrismaDeclarations<Client>): SyncedExtension {
  return { name: "sync", client: { $synced: declarations } };
}

/** What comments in the schema say (`/// @sync(match: code)`), and over it what extensions of the client say. */
export function declarationsOf(models: readonly DmmfModel[], client: PrismaClientLike): ReadonlyMap<string, Declaration> {
  const extended = (Reflect.get(client, "$synced") ?? {}) as PrismaDeclarations;
  const names = models.map(({ name }) => name);
  const unknown = Object.keys(extended).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new SyncError("OPTIONS.UNKNOWN_MODEL", `synced(): the schema has no model \`${unknown}\`.${hintFor(unknown, names)}`, { model: unknown });
  return new Map(models.flatMap(({ name, documentation = "" }) => {
    const comment = /^@sync\b(?:\(([^)]*)\))?/m.exec(documentation);
    if (!comment && !extended[name]) return [];
    return [[name, { ...(comment ? readComment(name, comment[1] ?? "") : {}), ...extended[name] }] as const];
  }));
}

/** Words need no quotes in a comment, as in Prisma's own attributes: `match: [resource, action], omit: [draft]`. */
function readComment(model: string, words: string): Declaration {
  const quoted = words.replaceAll(/"(?:[^"\\]|\\.)*"|[A-Za-z_]\w*/g, (word) => (word.startsWith('"') || word === "true" || word === "false" ? word : JSON.stringify(word)));
  try {
    const { match, ...rest } = JSON.parse(`{${quoted}}`) as { readonly match?: Match } & Declaration;
    return match === undefined ? rest : { ...rest, match: rulesOf(match) };
  } catch (cause) {
    throw new SyncError("OPTIONS.DECLARATION", `The comment \`@sync(…)\` of model \`${model}\` cannot be read; it looks like \`/// @sync(match: code)\` or \`/// @sync(match: [resource, action], omit: [draft])\`.`, { model, cause });
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

import {
  ask, decideWith, fieldMerge, leftWins, newest, overwrite, perField, rightWins, versionVector, type ConflictPolicy, type Drift, type OnEditDelete,
} from "@sync/core";
import type { Random } from "../random.ts";
import { SIDES, type SideName } from "../spec.ts";

/** One record as it stands on a side, by field. */
export type Item = Readonly<Record<string, string | null>>;

/** Whose value stands; `open`: nobody's, until a person has decided; or values that the rule has made. */
export type Verdict = SideName | "open" | { readonly values: Item };

/** A rule twice: as the engine is given it, and as the oracle understands it. */
export interface Rule {
  readonly policy: ConflictPolicy;
  readonly verdict: (fields: readonly string[], left: Item, right: Item) => Verdict;
}

/** What a case is played by. */
export interface Rules {
  readonly source: SideName | undefined;
  readonly drift: Drift;
  readonly mirror: boolean;
  readonly conflicts: Rule;
  /** Records go over whole. */
  readonly whole: boolean;
  readonly firstLink: { readonly option: SideName | "ask" | ConflictPolicy; readonly verdict: Rule["verdict"] };
  readonly onEditDelete: OnEditDelete;
  readonly keepBase: "hashes" | "values";
  readonly softDelete: boolean;
  /** Fields that are decided together; each field is in one of them. */
  readonly groups: readonly (readonly string[])[];
}

export const fieldsOf = ({ groups }: Rules): readonly string[] => groups.flat();

export function pickRules(random: Random): Rules {
  const source = random.chance(0.35) ? random.pick(SIDES) : undefined;
  const vector = random.chance(0.3);
  const softDelete = random.chance(0.35);
  const { rule: conflicts, whole } = pickPolicy(random, vector);
  const first = random.pick<SideName | "ask" | "newest">(["left", "right", "ask", "newest"]);
  const newer = newestRule("left");
  return {
    source, drift: random.pick(["report", "keep", "overwrite"]), mirror: random.chance(0.4), conflicts, whole,
    firstLink: first === "newest" ? { option: newer.policy, verdict: newer.verdict } : { option: first, verdict: () => (first === "ask" ? "open" : first) },
    onEditDelete: random.pick(["delete", "edit", "ask"]), keepBase: random.pick(["hashes", "values"]), softDelete,
    groups: [
      ["label"], ["code"], ["a"], ["b"], ...(random.chance(0.5) ? [["amount", "currency"]] : [["amount"], ["currency"]]),
      ...(softDelete ? [["deletedAt"]] : []), ...(vector ? [["vector"]] : []),
    ],
  };
}

function pickPolicy(random: Random, vector: boolean): { readonly rule: Rule; readonly whole: boolean } {
  const otherwise = simple(random);
  if (vector) {
    const vectors = vectorRule(random.chance(0.3) ? fieldsRule(random, simple(random), otherwise) : otherwise);
    return { rule: random.chance(0.3) ? fieldsRule(random, vectors, otherwise, vectors) : vectors, whole: false };
  }
  const kind = random.below(10);
  if (kind < 3) return { rule: fieldsRule(random, simple(random), otherwise), whole: false };
  if (kind < 6) return { rule: { policy: overwrite(otherwise.policy), verdict: otherwise.verdict }, whole: true };
  return { rule: random.chance(0.3) ? { policy: fieldMerge({ otherwise: otherwise.policy }), verdict: otherwise.verdict } : otherwise, whole: false };
}

const simple = (random: Random): Rule => random.pick([
  { policy: leftWins(), verdict: () => "left" as const }, { policy: rightWins(), verdict: () => "right" as const },
  newestRule(random.pick(SIDES)), newestRule(random.pick(SIDES)), { policy: ask(), verdict: () => "open" as const }, { policy: ask(), verdict: () => "open" as const },
  greaterRule,
]);

function newestRule(tie: SideName): Rule {
  return {
    policy: newest("stamp", { tie }),
    verdict: (_, { stamp: left = null }, { stamp: right = null }) => (left === right ? tie : Number(left ?? -1) > Number(right ?? -1) ? "left" : "right"),
  };
}

/** A user's own function: of each field the value that comes later in the alphabet, whoever wrote it. */
const greaterRule: Rule = {
  policy: decideWith("the greater text", ({ fields, left, right }) => ({ values: fields.map((field) => greater(left.value(field) ?? null, right.value(field) ?? null)) })),
  verdict: (fields, left, right) => ({ values: Object.fromEntries(fields.map((field) => [field, greater(left[field]!, right[field]!)])) }),
};

const greater = (a: string | null, b: string | null): string | null => ((a ?? "") > (b ?? "") ? a : b);

/** One rule for some fields, another for the rest. */
function fieldsRule(random: Random, named: Rule, otherwise: Rule, vectors?: Rule): Rule {
  const fields = random.pick([["a"], ["a", "currency"], ["b", "amount"]]);
  const policies = Object.fromEntries(fields.map((field) => [field, named.policy]));
  const make = random.pick([
    (): ConflictPolicy => perField(policies, { otherwise: otherwise.policy }), (): ConflictPolicy => fieldMerge({ fields: policies, otherwise: otherwise.policy }),
  ]);
  return {
    policy: make(),
    verdict: (disputed, left, right) => {
      const rule = disputed.some((field) => fields.includes(field)) ? named : disputed.includes("vector") ? vectors ?? otherwise : otherwise;
      return rule.verdict(disputed, left, right);
    },
  };
}

/** Whoever has seen the other's writes is right. */
function vectorRule(otherwise: Rule): Rule {
  return {
    policy: versionVector("vector", { otherwise: otherwise.policy }),
    verdict: (fields, left, right) => {
      const [a, b] = [countersOf(left), countersOf(right)];
      const ahead = SIDES.some((site) => (a[site] ?? 0) > (b[site] ?? 0));
      const behind = SIDES.some((site) => (a[site] ?? 0) < (b[site] ?? 0));
      if (ahead !== behind) return ahead ? "left" : "right";
      if (!fields.includes("vector")) return otherwise.verdict(fields, left, right);
      return { values: { vector: vectorText({ left: Math.max(a.left ?? 0, b.left ?? 0), right: Math.max(a.right ?? 0, b.right ?? 0) }) } };
    },
  };
}

type Counters = Partial<Record<SideName, number>>;

export const countersOf = (item: Item): Counters => JSON.parse(item["vector"] ?? "{}") as Counters;

/** The sites that have written, in the order of their names. */
export const vectorText = (counters: Counters): string => JSON.stringify(Object.fromEntries(SIDES.filter((site) => (counters[site] ?? 0) > 0).map((site) => [site, counters[site]])));

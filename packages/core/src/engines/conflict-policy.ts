import { SyncError } from "../errors.ts";
import type { Kind, Value } from "../value.ts";

/** One side of a conflict. */
export interface ConflictSide {
  /** The value of a field of this record, by its logical name, in canonical form at the meet; undefined if not read. */
  value(field: string): Value | undefined;
}

/** What a policy sees. Plain values; no clock, no I/O: a policy is a pure function. */
export interface Conflict {
  readonly model: string;
  readonly kind: "update-update" | "first-link";
  /** The fields that are decided together (one, unless declared `together`). */
  readonly fields: readonly string[];
  /** What both sides agreed on last, where it is known. */
  readonly base: readonly Value[] | undefined;
  readonly left: ConflictSide;
  readonly right: ConflictSide;
}

/** `open`: nobody may decide but a person; the field waits and the rest of the record moves on. */
export type Decision = "left" | "right" | "open" | { readonly values: readonly Value[] };

/** Decides what both sides changed. Deterministic: the same conflict gets the same decision everywhere. */
export interface ConflictPolicy {
  /** Stands in the conflict log, such as `newest(updatedAt)`. */
  readonly name: string;
  /** Fields the policy looks at besides the ones in conflict; read from both sides even when not compared. */
  readonly reads: readonly string[];
  /** Fields that the policy itself brings together, and the kind they must have on both sides; they have to be mapped. */
  readonly merges?: Readonly<Record<string, Kind["type"]>>;
  /** All fields of a record that differ are decided as one. Where absent, each field by itself. */
  readonly whole?: true;
  decide(conflict: Conflict): Decision;
  /** The policy that answers for these fields, for the log. */
  nameFor?(fields: readonly string[]): string;
}

/** The left side's value stands. */
export function leftWins(): ConflictPolicy {
  return { name: "left wins", reads: [], decide: () => "left" };
}

/** The right side's value stands. */
export function rightWins(): ConflictPolicy {
  return { name: "right wins", reads: [], decide: () => "right" };
}

/**
 * Of each field in conflict, the value of that side stands whose record has the greater `field`. Needs a time or a counter that
 * every writer raises; the clocks of two machines decide here, so prefer a rule about the data where there is one.
 * Equal or missing on both sides: `tie` (default left). Missing on one side: the other one.
 */
export function newest(field: string, options: { readonly tie?: "left" | "right" } = {}): ConflictPolicy {
  const tie = options.tie ?? "left";
  return {
    name: `newest(${field})`,
    reads: [field],
    decide(conflict) {
      const left = conflict.left.value(field) ?? null;
      const right = conflict.right.value(field) ?? null;
      if (left === right) return tie;
      if (left === null) return "right";
      if (right === null) return "left";
      return compareStamps(left, right) > 0 ? "left" : "right";
    },
  };
}

/** Nobody but a person decides: the conflict is parked, the field keeps its old base, other fields move on. */
export function ask(): ConflictPolicy {
  return { name: "ask", reads: [], decide: () => "open" };
}

/** Your own function. It must be pure: same conflict, same answer. */
export function decideWith(name: string, decide: (conflict: Conflict) => Decision, reads: readonly string[] = []): ConflictPolicy {
  return { name, reads, decide };
}

/**
 * Records go over whole instead of field by field: where both sides changed a record, be it in different fields, one side's
 * record replaces the other's. Which one: that side, or as the policy decides. Given for a sync or a model, never for fields.
 */
export function overwrite(winner: "left" | "right" | ConflictPolicy): ConflictPolicy {
  const policy = winner === "left" ? leftWins() : winner === "right" ? rightWins() : winner;
  refuseWhole("overwrite()", [policy]);
  return { ...policy, name: `overwrite(${policy.name})`, whole: true, nameFor: () => `overwrite(${policy.name})` };
}

/** For policies that decide by fields: there is no whole record within them. */
export function refuseWhole(where: string, policies: readonly ConflictPolicy[]): void {
  if (!policies.some((policy) => policy?.whole)) return;
  throw new SyncError("OPTIONS.VALUE", `overwrite() decides whole records and cannot stand within ${where}: write overwrite(${where === "overwrite()" ? '"left"' : where}) instead.`);
}

/** A policy for each named field, and one for the rest. Fields declared `together` follow the first one named. */
export function perField(
  fields: Readonly<Record<string, ConflictPolicy>>,
  options: { readonly otherwise: ConflictPolicy },
): ConflictPolicy {
  const policies = [...Object.values(fields), options.otherwise];
  refuseWhole("perField()", policies);
  const policyFor = (names: readonly string[]): ConflictPolicy => {
    for (const name of names) {
      const policy = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (policy) return policy;
    }
    return policies.find(({ merges = {} }) => names.some((name) => Object.hasOwn(merges, name))) ?? options.otherwise;
  };
  return {
    name: `per field, otherwise ${options.otherwise.name}`,
    reads: [...new Set([...Object.values(fields), options.otherwise].flatMap((policy) => policy.reads))],
    merges: Object.fromEntries(policies.flatMap((policy) => Object.entries(policy.merges ?? {}))),
    decide: (conflict) => policyFor(conflict.fields).decide(conflict),
    nameFor: (names) => {
      const policy = policyFor(names);
      return policy.nameFor?.(names) ?? policy.name;
    },
  };
}

/**
 * Three-way merge per field: what one side changed is taken from that side; what both changed is decided by
 * `fields[name]`, else by `otherwise`. Every policy but `overwrite()` merges so: without `fields` this is `otherwise` by itself.
 */
export function fieldMerge(options: {
  readonly otherwise: ConflictPolicy;
  readonly fields?: Readonly<Record<string, ConflictPolicy>>;
}): ConflictPolicy {
  refuseWhole("fieldMerge()", [options.otherwise]);
  return options.fields ? perField(options.fields, options) : options.otherwise;
}

/** Times in canonical form order by text unless years differ in length; whole numbers by value. */
function compareStamps(left: string, right: string): number {
  if (/^-?\d+$/.test(left) && /^-?\d+$/.test(right)) {
    const [a, b] = [BigInt(left), BigInt(right)];
    return a < b ? -1 : a > b ? 1 : 0;
  }
  const [a, b] = [Date.parse(left), Date.parse(right)];
  if (a !== b && !Number.isNaN(a) && !Number.isNaN(b)) return a - b;
  // Same millisecond: the fraction decides; "…05Z" sorts after "…05.1Z" as text, so compare without the zone.
  const [x, y] = [left.replace(/Z$/, ""), right.replace(/Z$/, "")];
  return x < y ? -1 : x > y ? 1 : 0;
}

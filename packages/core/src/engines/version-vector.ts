import { canonical, type Value } from "../value.ts";
import { refuseWhole, type Conflict, type ConflictPolicy, type Decision } from "./conflict-policy.ts";

/** Site → how often that site has written the record. A site that is not in it has not. */
type Vector = ReadonlyMap<string, number>;

/**
 * The side that has seen the other's writes stands. `field` holds a JSON object of counters by site, `{"shop":3,"depot":1}`,
 * which every writer raises under its own name. Where both have written without having seen the other, where the vectors are
 * equal, and where one is none, `otherwise` decides. The vectors themselves merge, the greater counter of each site, once no field
 * of their record waits for a person.
 */
export function versionVector(field: string, options: { readonly otherwise: ConflictPolicy }): ConflictPolicy {
  const { otherwise } = options;
  refuseWhole("versionVector()", [otherwise]);
  return {
    name: `versionVector(${field}), otherwise ${otherwise.name}`,
    reads: [...new Set([field, ...otherwise.reads])],
    merges: { ...otherwise.merges, [field]: "json" },
    decide(conflict) {
      const [left, right] = [vectorOf(conflict.left.value(field)), vectorOf(conflict.right.value(field))];
      if (!left || !right) return otherwise.decide(conflict);
      const dominant = dominantOf(left, right);
      const at = conflict.fields.indexOf(field);
      const alone = at === 0 && conflict.fields.length === 1;
      const decision = dominant ?? (alone ? "left" : otherwise.decide(conflict));
      return at < 0 || dominant || decision === "open" ? decision : withVector(conflict, decision, at, textOf(merged(left, right)));
    },
  };
}

/** The decision, but for the vector, which is both sides'. */
function withVector(conflict: Conflict, decision: Exclude<Decision, "open">, at: number, vector: string): Decision {
  const values = typeof decision === "object" ? [...decision.values] : conflict.fields.map((name) => conflict[decision].value(name) ?? null);
  values[at] = vector;
  return { values };
}

function dominantOf(left: Vector, right: Vector): "left" | "right" | undefined {
  const [ahead, behind] = [isAhead(left, right), isAhead(right, left)];
  if (ahead === behind) return undefined;
  return ahead ? "left" : "right";
}

/** Whether this one has seen a write that the other has not. */
function isAhead(one: Vector, other: Vector): boolean {
  return [...one].some(([site, count]) => count > (other.get(site) ?? 0));
}

function merged(left: Vector, right: Vector): Vector {
  const sites = new Map(left);
  for (const [site, count] of right) sites.set(site, Math.max(count, sites.get(site) ?? 0));
  return sites;
}

function textOf(vector: Vector): string {
  return canonical({ type: "json" }, JSON.stringify(Object.fromEntries(vector)));
}

/** Null: nobody has written yet. Undefined: no vector. */
function vectorOf(value: Value | undefined): Vector | undefined {
  const stored: unknown = value === null || value === undefined ? {} : JSON.parse(value);
  if (typeof stored !== "object" || stored === null || Array.isArray(stored)) return undefined;
  const counters = Object.entries(stored as Record<string, unknown>);
  const isVector = counters.every(([, count]) => Number.isSafeInteger(count) && (count as number) >= 0);
  return isVector ? new Map(counters as [string, number][]) : undefined;
}

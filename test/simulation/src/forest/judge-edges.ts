import type { ForestTold } from "./judge.ts";
import type { Bearer, Edge, Store } from "./stores.ts";
import type { Users } from "./users.ts";

interface Scene {
  readonly stores: readonly Store[];
  readonly told: readonly ForestTold[];
  readonly users: Users;
  readonly bearer: Bearer;
  /** Something waits: then only what is lost counts. */
  readonly waiting: boolean;
  /** Some run died or lost answers. */
  readonly troubled: boolean;
}

type Broken = (rule: string, message: string) => void;

/** Who bears labels is the same everywhere; every edge was made by somebody, and those that were taken away stay away. */
export function judgeEdges({ stores, told, users, bearer, waiting, troubled }: Scene, broken: Broken): void {
  const namesOf = (store: Store): string[] => store.edges().map((edge) => nameOf(users, bearer, edge));
  const standing = new Map(stores.map((store) => [store, new Set(namesOf(store))]));
  const isTarget = (store: Store): boolean => told.some(({ pair }) => pair.right === store && pair.oneWay !== undefined);
  const mirrored = (store: Store): boolean => told.some(({ pair }) => pair.right === store && pair.oneWay?.mirror === true);
  for (const [store, names] of standing) {
    if (!waiting && store.edges().some(({ label }) => label === "dangling")) broken("I8", `a label that is gone is borne in ${store.name}`);
    for (const name of names) if (!name.endsWith("dangling") && !users.edges.isMade(name)) broken("I2", `nobody said that ${name}, as ${store.name} does`);
  }
  for (const [name, makers] of users.edges.standing()) {
    const kept = [...makers].filter((store) => !mirrored(store));
    if (kept.length > 0 && ![...standing.values()].some((names) => names.has(name))) broken("I2", `nowhere it is known any more that ${name}`);
  }
  if (waiting) return;
  for (const [name, where] of users.edges.dead()) {
    if (isTarget(where)) continue;
    for (const [store, names] of standing) if (names.has(name)) broken("I7", `${store.name} says again that ${name}, which a user of ${where.name} took back`);
  }
  for (const { pair: { name: pair, left, right, oneWay } } of told) {
    const [ofLeft, ofRight] = [standing.get(left)!, standing.get(right)!];
    const touched = (edge: string): boolean => edge.split(" bears ").some((end) => users.touched.get(right)!.has(end)) || users.touched.get(right)!.has(edge);
    for (const edge of ofLeft) {
      const drifts = oneWay !== undefined && oneWay.drift !== "overwrite" && touched(edge);
      if (!ofRight.has(edge) && !drifts) broken("I1", `${right.name} does not know that ${edge} (${pair})`);
    }
    for (const edge of ofRight) {
      if (ofLeft.has(edge)) continue;
      // Its answer was lost, and before anybody looked again a user took it back: it was never linked.
      if (troubled && oneWay !== undefined && !oneWay.mirror && users.edges.isGone(edge)) continue;
      if (oneWay === undefined || oneWay.mirror || !touched(edge)) broken("I1", `${left.name} does not know that ${edge}, as ${right.name} does (${pair})`);
    }
  }
}

/** By the first names of both ends. */
export function nameOf(users: Users, bearer: Bearer, edge: Edge): string {
  return users.edges.nameOf({ bearer: `${bearer} ${edge.bearer}`, label: `Label ${edge.label}` });
}

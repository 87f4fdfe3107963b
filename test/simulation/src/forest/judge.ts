import type { ConflictRecord, PreImage, QuarantineRecord } from "@sync/core";
import type { Violation } from "../history.ts";
import type { ForestPair } from "./forest.ts";
import { judgeEdges } from "./judge-edges.ts";
import type { Bearer, Store, Thing } from "./stores.ts";
import type { Users } from "./users.ts";

/** What one pair says about itself. */
export interface ForestTold {
  readonly pair: ForestPair;
  readonly conflicts: readonly ConflictRecord[];
  readonly quarantine: readonly QuarantineRecord[];
  readonly preImages: readonly PreImage[];
}

/** A run has put an older name in the place of a younger one. */
export interface Turned {
  readonly before: string;
  readonly after: string;
}

const nameOf = ({ kind, code }: Thing): string => `${kind} ${code}`;
const lineOf = ({ kind, code, name, tag, country }: Thing): string => JSON.stringify([kind, code, name, tag, country]);

/**
 * Holds the databases of a forest at rest against the rules, reading each in its own form and using no code of the engine.
 * `waiting`: the pairs say that something waits, or that a parent could not go; then only what is lost counts.
 * `troubled`: some run died or lost answers.
 */
export function judge(
  stores: readonly Store[], told: readonly ForestTold[], users: Users, turned: readonly Turned[], bearer: Bearer, troubled: boolean,
): { readonly violations: Violation[]; readonly waiting: boolean } {
  const violations: Violation[] = [];
  const broken = (rule: string, message: string): void => void violations.push({ rule, message });
  const waiting = told.some(({ conflicts, quarantine }) =>
    quarantine.length > 0 || conflicts.some(({ kind, decision }) => kind === "delete-parent" || decision === "open"));
  const things = new Map(stores.map((store) => [store, store.things()]));
  for (const [store, all] of things) {
    const names = all.map(nameOf);
    // Where nothing keeps a key unique over all documents, users may write it twice; that waits, and is told of.
    const twice = store.form === "rows" || !waiting ? names.filter((name, at) => names.indexOf(name) < at) : [];
    for (const name of twice) broken("I5", `${name} stands twice in ${store.name}`);
    // No user ever writes the same name again.
    const again = all.filter(({ name }, at) => all.findIndex((other) => other.name === name) < at);
    for (const thing of again) broken("I5", `${nameOf(thing)} was made once more in ${store.name}`);
    const dangling = all.find(({ kind, country }) =>
      kind === "City" && !all.some((each) => each.kind === "Country" && each.code === country));
    if (dangling) broken("I8", `${nameOf(dangling)} of ${store.name} belongs to no country`);
  }
  if (!waiting) for (const { pair } of told) agreement(pair, things.get(pair.left)!, things.get(pair.right)!, users, troubled, broken);
  lost(things, told, users, broken);
  uniqueValues(things, told, users, waiting, broken);
  judgeEdges({ stores, told, users, bearer, waiting, troubled }, broken);
  for (const { before, after } of turned) {
    const oneWay = told.some(({ pair }) => pair.oneWay !== undefined && pair.right === users.written.get(before)?.store);
    if (users.descends(before, after) && !isTold(told, before, oneWay)) broken("I14", `${before} was overwritten by ${after}, which its writer had replaced`);
  }
  return { violations, waiting };
}

function agreement(
  { name, left, right, oneWay }: ForestPair, ofLeft: readonly Thing[], ofRight: readonly Thing[], users: Users, troubled: boolean,
  broken: (rule: string, message: string) => void,
): void {
  const rightLines = new Set(ofRight.map(lineOf));
  const firstName = (thing: Thing): string => users.formerName(nameOf(thing));
  const touched = users.touched.get(right)!;
  const drifts = (thing: Thing): boolean =>
    oneWay !== undefined && oneWay.drift !== "overwrite" && (touched.has(firstName(thing)) || touched.has(users.formerName(`Country ${thing.country}`)));
  const missing = ofLeft.filter((thing) => !rightLines.has(lineOf(thing)) && !drifts(thing));
  for (const thing of missing) broken("I1", `${nameOf(thing)} of ${left.name} is not the same in ${right.name} (${name})`);
  const known = new Set(ofLeft.map(firstName));
  for (const thing of ofRight) {
    if (known.has(firstName(thing))) continue;
    // Its answer was lost, and before anybody looked again a user deleted what it was made from: it was never linked.
    if (troubled && oneWay !== undefined && !oneWay.mirror && users.replaced.has(thing.name)) continue;
    if (oneWay === undefined || oneWay.mirror || !touched.has(firstName(thing))) broken("I1", `${nameOf(thing)} stands in ${right.name} and not in ${left.name} (${name})`);
  }
}

/** Whatever a user wrote stands somewhere, or was replaced by somebody who saw it, or a log tells of it; and nothing goes against the way. */
function lost(things: ReadonlyMap<Store, readonly Thing[]>, told: readonly ForestTold[], users: Users, broken: (rule: string, message: string) => void): void {
  const visible = new Set([...things.values()].flatMap((all) => all.map(({ name }) => name)));
  for (const [name, { store, kind, code }] of users.written) {
    const oneWay = told.some(({ pair }) => pair.right === store && pair.oneWay !== undefined);
    const elsewhere = oneWay ? [...things].filter(([other, all]) => other !== store && all.some((thing) => thing.name === name)) : [];
    for (const [other] of elsewhere) broken("one way", `${kind} ${code} of ${store.name} came to ${other.name}`);
    if (visible.has(name) || users.replaced.has(name) || isTold(told, name, oneWay)) continue;
    broken("I2", `${name} of ${kind} ${code} is gone, and no conflict log tells of it`);
  }
  for (const name of visible) if (!users.written.has(name)) broken("I2", `nobody wrote ${name}`);
}

/** Tags that users exchange: none stands twice in one database, and none is lost on the way. */
function uniqueValues(
  things: ReadonlyMap<Store, readonly Thing[]>, told: readonly ForestTold[], users: Users, waiting: boolean, broken: (rule: string, message: string) => void,
): void {
  for (const [store, all] of things) {
    const drifting = store.form === "documents" ? driftingTags(store, things, told, users) : new Set();
    const tags = all.flatMap((thing) => (drifting.has(thing) ? [] : thing.tag ?? []));
    for (const tag of waiting ? [] : tags.filter((each, at) => tags.indexOf(each) < at)) broken("I9", `${tag} stands twice in ${store.name}`);
  }
  const visible = new Set([...things.values()].flatMap((all) => all.map(({ tag }) => tag)));
  for (const [tag, store] of users.tags) {
    const oneWay = told.some(({ pair }) => pair.right === store && pair.oneWay !== undefined);
    if (!visible.has(tag) && !users.replaced.has(tag) && !isTold(told, tag, oneWay)) broken("I9", `${tag} is gone, and no conflict log tells of it`);
  }
}

/**
 * Cities of a one-way pair's target to which its users gave a tag that they do not have at the source. Where nothing keeps a
 * tag unique, the source's may come to stand beside it: half of an exchange is written back, the other half is drift, and stays.
 */
function driftingTags(store: Store, things: ReadonlyMap<Store, readonly Thing[]>, told: readonly ForestTold[], users: Users): ReadonlySet<unknown> {
  const source = told.find(({ pair }) => pair.right === store && pair.oneWay !== undefined)?.pair.left;
  if (source === undefined) return new Set();
  const there = new Set(things.get(source)!.map((thing) => `${nameOf(thing)} ${thing.tag}`));
  return new Set(things.get(store)!.filter((thing) => users.touched.get(store)!.has(users.formerName(nameOf(thing))) && !there.has(`${nameOf(thing)} ${thing.tag}`)));
}

function isTold(told: readonly ForestTold[], name: string, preImages: boolean): boolean {
  return told.some((each) =>
    each.conflicts.some(({ base, left, right }) => [base, left, right].some((values) => values?.includes(name)))
    // Whoever moves a child to a parent that is just being deleted may lose it to a cascade; the other side's copy is kept then.
    || each.preImages.some(({ op, values }) => (preImages || op === "delete") && values.includes(name)));
}

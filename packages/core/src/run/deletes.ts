import type { Key, Row } from "../endpoint.ts";
import type { ModelSide, PairModel, SideName } from "../mapping/pair-model.ts";
import type { ConflictRecord, PreImage, StateChange } from "../state.ts";
import type { ModelAnalysis } from "./analyse.ts";
import { commitItems, type ItemOutcome } from "./commit-items.ts";
import { childrenFirst } from "./children-first.ts";
import { type Child, childrenOf, parentOf, toLookFor } from "./children.ts";
import { conflictRecord, nameInLog } from "./conflicts.ts";
import { keyText, type RunContext } from "./context.ts";
import { remembered, type Examined } from "./examine.ts";
import type { ReadRecord } from "./records.ts";
import type { RunTracker } from "./tracker.ts";
import type { Value } from "../value.ts";
import type { WriteItem } from "./write-item.ts";
import { entered, logged, preImageId, preImageOfDelete } from "./write-log.ts";
import type { Writer } from "./writer.ts";

/** A model with more deletes than the guard lets through without being asked. */
export interface GuardedDeletes {
  readonly model: string;
  readonly deletes: number;
  readonly records: number;
}

/** A model's records that are to be deleted, out of so many. */
export type PlannedDeletes = Pick<ModelAnalysis, "model" | "deletes" | "links">;

/** Models whose deletes need somebody's word. */
export function guardDeletes(context: RunContext, analyses: readonly PlannedDeletes[]): GuardedDeletes[] {
  const { count, share } = context.settings.deleteGuard;
  return analyses.flatMap(({ model, deletes, links }) =>
    deletes.length > count && deletes.length > share * links ? [{ model: model.name, deletes: deletes.length, records: links }] : []);
}

/** Deletes children before parents. A parent with a child that stays is a conflict: neither is touched. */
export async function applyDeletes(context: RunContext, tracker: RunTracker, analyses: readonly PlannedDeletes[], writer: Writer): Promise<void> {
  const planned = new Map<string, Set<string>>();
  for (const { model, deletes } of analyses) {
    for (const { side, key } of deletes.all) {
      const name = `${side} ${model.name}`;
      planned.set(name, (planned.get(name) ?? new Set()).add(keyText(key)));
    }
  }
  for (const analysis of [...analyses].reverse()) {
    if (analysis.deletes.length === 0) continue;
    context.emit({ type: "step", step: "delete", model: analysis.model.name });
    for (const { rows, circle } of childrenFirst(analysis.deletes)) {
      const size = circle ? rows.length : context.settings.pageSize;
      for (let at = 0; at < rows.length; at += size) {
        const { still, changed } = await analysis.deletes.recall(rows.slice(at, at + size));
        for (const { side, key } of changed) planned.get(`${side} ${analysis.model.name}`)!.delete(keyText(key));
        await writer.again(changed.map(({ record }) => record));
        for (const side of ["left", "right"] as const) {
          const own = still.filter((record) => record.plan.side === side);
          if (own.length > 0) await deletePage(context, tracker, analyses, writer, analysis.model, side, own, planned, circle);
        }
      }
    }
  }
}

async function deletePage(
  context: RunContext, tracker: RunTracker, analyses: readonly PlannedDeletes[], writer: Writer,
  model: PairModel, side: SideName, records: readonly Examined[], planned: ReadonlyMap<string, Set<string>>, circle: boolean,
): Promise<void> {
  const { state, pair } = context.settings;
  const counts = context.countsOf(model.name);
  const own = planned.get(`${side} ${model.name}`)!;
  const models = analyses.map((analysis) => analysis.model);
  const held: Examined[] = [];
  let free = records;
  let known: readonly Child[];
  // Whoever is held back is itself a child that remains.
  for (;;) {
    const found = await childrenOf(context, models, model, side, keysOf(free, side));
    // One that came under its parent meanwhile is not written down yet: only those of a circle go in one unit.
    const together = new Set(circle ? keysOf(free, side).map(keyText) : []);
    const goes = ({ model: { name }, row: { key } }: Child): boolean =>
      (name === model.name ? together : planned.get(`${side} ${name}`))?.has(keyText(key)) ?? false;
    const remaining = found.filter((child) => !goes(child));
    known = found.filter((child) => !remaining.includes(child));
    const parents = new Set(remaining.map(parentOf));
    if (parents.size === 0) break;
    held.push(...free.filter((record) => parents.has(keyText(record[side]!.key))));
    free = free.filter((record) => !held.includes(record));
    for (const key of parents) own.delete(key);
    if (free.length === 0 || !model.selfReference) break;
  }
  const before = await logged(context, [
    ...free.flatMap((record) => record.plan.conflicts.map((conflict) => conflictRecord(context, record, conflict))),
    ...held.map((record) => childRemains(context, record)),
  ]);
  const whole = await wholeRows(context, model[side], free.map((record) => record[side]!.row));
  const preImages = free.map((record, at): PreImage => preImageOfDelete(context, context.runId, record, side, whole.fields, whole.values[at]!));
  if (preImages.length > 0) before.push({ op: "put", collection: "preImage", records: preImages });
  if (before.length > 0) await context.retrying(() => state.commit(pair, entered(context, before)));
  const wait = (some: readonly Examined[]): void => {
    counts.open += some.length;
    tracker.of(side, model[side].name).pending.push(...keysOf(some, side));
  };
  wait(held);
  counts.conflicts += free.filter((record) => record.plan.conflicts.length > 0).length;
  const items = free.map((examined): WriteItem => ({ examined, insert: undefined, updates: {}, identify: {}, after: {}, outcome: "pending" }));
  const commit = (wanted: readonly WriteItem[]): Promise<ItemOutcome[]> => commitItems(context, tracker, side, wanted, (group) => [{
    items: group,
    batch: {
      op: "delete", model: model[side].name, rows: group.map(({ examined }) => ({ key: examined[side]!.key, revision: examined[side]!.row.revision })),
      ...toLookFor(models, model, side, known),
    },
  }]);
  let outcomes = await commit(items);
  // Where the answer was lost, once more: what still stands as it was read has not been deleted.
  const doubtful = new Set<WriteItem>();
  for (let lost = unknownOf(outcomes); lost.length > 0; lost = unknownOf(outcomes)) {
    for (const item of lost) doubtful.add(item);
    outcomes = [...outcomes.filter(({ outcome }) => outcome.status !== "unknown"), ...(await commit(lost))];
  }
  // In a circle the delete of one takes the next one along, before its own turn.
  if (circle) for (const { item, outcome } of outcomes) if (outcome.status === "stale") doubtful.add(item);
  const standing = await stillStanding(context, model[side], [...doubtful].map(({ examined }) => examined[side]!));
  const gone: Examined[] = [];
  /** Without a doubt: where the answer was lost the pre-image stays. */
  const untouched: Examined[] = [];
  const again: Examined[] = [];
  for (const { item, outcome } of outcomes) {
    if (outcome.status === "written" || (doubtful.has(item) && !standing.has(item.examined[side]!))) gone.push(item.examined);
    else {
      if (!doubtful.has(item)) untouched.push(item.examined);
      own.delete(keyText(item.examined[side]!.key));
      if (outcome.status === "refused") wait([item.examined]);
      else again.push(item.examined);
    }
  }
  counts.deleted[side] += gone.length;
  for (const record of gone) context.identities[side].forget(model.name, record[side]!.key, record.cloudId);
  const after: StateChange[] = [];
  if (gone.length > 0) context.agreed = true;
  if (gone.length > 0) {
    const cloudIds = gone.map((record) => record.cloudId);
    tracker.ended(model, cloudIds);
    after.push({ op: "removeBases", model: model.name, cloudIds }, ...(await context.openConflicts.end(model.name, cloudIds)));
  }
  if (untouched.length > 0) after.push({ op: "remove", collection: "preImage", ids: untouched.map((record) => preImageId(context.runId, { ...record, late: false, tries: 0 }, side)) });
  const kept = await keptByChildren(context, models, model, side, again);
  after.push(...(await logged(context, kept.map((record) => childRemains(context, record)))));
  wait(kept);
  if (after.length > 0) await context.retrying(() => state.commit(pair, after));
  await writer.again(again.filter((record) => !kept.includes(record)).map(remembered));
}

const keysOf = (records: readonly Examined[], side: SideName): Key[] => records.map((record) => record[side]!.key);

const childRemains = (context: RunContext, record: Examined): ConflictRecord => ({
  ...conflictRecord(context, { ...record, cloudId: nameInLog(context, record) }, { kind: "update-delete", fields: [], rule: "a child remains", decision: "open" }),
  kind: "delete-parent",
});

/** Those that stand as they were read: the unit has found a child under them that came after the look for children. */
async function keptByChildren(
  context: RunContext, models: readonly PairModel[], model: PairModel, side: SideName, stale: readonly Examined[],
): Promise<Examined[]> {
  if (stale.length === 0) return [];
  const rows = await context.retrying(() => model[side].endpoint.fetch({ fields: [], by: "key", tuples: keysOf(stale, side) }));
  const revisions = new Map(rows.map(({ key, revision }) => [keyText(key), revision]));
  const unmoved = stale.filter((record) => revisions.get(keyText(record[side]!.key)) === record[side]!.row.revision);
  const parents = new Set((await childrenOf(context, models, model, side, keysOf(unmoved, side))).map(parentOf));
  return unmoved.filter((record) => parents.has(keyText(record[side]!.key)));
}

/** Those of which a row is there, under a key that somebody has changed meanwhile too. */
async function stillStanding(context: RunContext, { endpoint }: ModelSide, records: readonly ReadRecord[]): Promise<ReadonlySet<ReadRecord>> {
  if (records.length === 0) return new Set();
  const cloudIds = records.flatMap(({ cloudId }) => (cloudId === null ? [] : [[cloudId]]));
  const [byKey, byCloudId] = await Promise.all([
    context.retrying(() => endpoint.fetch({ fields: [], by: "key", tuples: records.map(({ key }) => key) })), context.retrying(() => endpoint.fetch({ fields: [], by: "cloudId", tuples: cloudIds })),
  ]);
  const [keys, ids] = [new Set(byKey.map(({ key }) => keyText(key))), new Set(byCloudId.map(({ cloudId }) => cloudId))];
  return new Set(records.filter(({ key, cloudId }) => keys.has(keyText(key)) || (cloudId !== null && ids.has(cloudId))));
}

const unknownOf = (outcomes: readonly ItemOutcome[]): WriteItem[] => outcomes.flatMap(({ item, outcome }) => (outcome.status === "unknown" ? [item] : []));

/** All that the model has of these rows, fields that are not synced included: a row that goes takes them along. */
export async function wholeRows(context: RunContext, { endpoint, fields }: ModelSide, rows: readonly Row[]): Promise<{ readonly fields: readonly string[]; readonly values: readonly (readonly Value[])[] }> {
  const { rest } = endpoint.model;
  const others = [...endpoint.model.fields.flatMap(({ name }) => (fields.includes(name) ? [] : [name])), ...(rest === undefined ? [] : [rest])];
  if (others.length === 0 || rows.length === 0) return { fields, values: rows.map((row) => row.values) };
  const more = await context.retrying(() => endpoint.fetch({ fields: others, by: "key", tuples: rows.map((row) => row.key) }));
  // A row that has changed since is not deleted: whatever stands in its pre-image then is dropped.
  const byKey = new Map(more.map((row) => [keyText(row.key), row.values]));
  return { fields: [...fields, ...others], values: rows.map((row) => [...row.values, ...(byKey.get(keyText(row.key)) ?? others.map(() => null))]) };
}

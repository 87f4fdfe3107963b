import type { PairModel } from "../mapping/pair-model.ts";
import { dataBatches, type ItemOutcome } from "../run/commit-items.ts";
import { untangle, untangledBatches } from "../run/untangle.ts";
import type { WriteItem } from "../run/write-item.ts";
import { preImageOfUpdate } from "../run/write-log.ts";
import type { Value } from "../value.ts";
import type { Overwritten } from "./history.ts";
import { baseOf, fieldsToRestore, imagesOf, type KeptReason } from "./judge.ts";
import { mostTries, rowName, type Undoing } from "./undoing.ts";

const sides = ["left", "right"] as const;

/** A record that a database refused, and why. */
export interface Refused<Record> {
  readonly record: Record;
  readonly code: string;
}

/**
 * Puts back what updates of the run overwrote: a record on both sides, or not at all. Gives those that a database refused;
 * `together`: rows that give unique values to one another go in one unit.
 */
export async function restoreUpdates(undoing: Undoing, model: PairModel, records: readonly Overwritten[], together = false): Promise<Refused<Overwritten>[]> {
  const refused: Refused<Overwritten>[] = [];
  let open: readonly Overwritten[] = records.filter(({ images }) => images.some(({ op }) => op === "update"));
  for (let tries = 0; open.length > 0; tries++) {
    const { items, done } = await judge(undoing, model, open);
    const { again, unheard } = undoing.dry ? nothing : await write(undoing, model, items, done, refused, together);
    if (undoing.dry) for (const item of items.keys()) count(undoing, item);
    await undoing.restoreBases(model, done.map(({ cloudId, images }) => ({ cloudId, base: baseOf(images) })));
    open = tries + 1 < mostTries ? again : [];
    if (open.length === again.length) continue;
    for (const record of again) {
      // Nobody has said that it was edited.
      if (unheard.has(record)) refused.push({ record, code: "WRITE.REFUSED" });
      else undoing.keep(model.name, record.cloudId, "edited");
    }
  }
  return refused;
}

/** What is to be written; `done`: nothing, for everything is back already. */
async function judge(
  undoing: Undoing, model: PairModel, records: readonly Overwritten[],
): Promise<{ items: Map<WriteItem, Overwritten>; done: Overwritten[] }> {
  const { context } = undoing;
  const items = new Map<WriteItem, Overwritten>();
  const done: Overwritten[] = [];
  const cloudIds = records.map(({ cloudId }) => cloudId);
  const [left, right, bases] = await Promise.all([
    undoing.recordsOf(model, "left", cloudIds), undoing.recordsOf(model, "right", cloudIds), undoing.basesOf(model, cloudIds),
  ]);
  for (const record of records) {
    const { cloudId, images } = record;
    const rows = { left: left.get(cloudId), right: right.get(cloudId) };
    const base = bases.get(cloudId);
    const updates: { left?: Map<string, Value>; right?: Map<string, Value> } = {};
    let kept: KeptReason | undefined = undoing.isLater(model.name, cloudId) ? "later-run" : images.some(({ erased }) => erased) ? "erased" : undefined;
    for (const side of sides) {
      const own = imagesOf(images, side, "update");
      if (own.length === 0 || kept) continue;
      const restore = rows[side] ? fieldsToRestore(context, model, rows[side], base, own) : "edited";
      if (typeof restore === "string") kept = restore;
      else if (restore.size > 0) updates[side] = restore;
    }
    if (kept) undoing.keep(model.name, cloudId, kept);
    else if (!updates.left && !updates.right) done.push(record);
    else items.set({ ...undoing.itemOf(model, cloudId, rows, base), updates }, record);
  }
  return { items, done };
}

/** What is to be looked at again: it changed meanwhile, or nobody heard what became of it. */
interface Open {
  readonly again: readonly Overwritten[];
  readonly unheard: ReadonlySet<Overwritten>;
}

const nothing: Open = { again: [], unheard: new Set() };

/** Adds to `done` what is back now, and to `refused`. */
async function write(
  undoing: Undoing, model: PairModel, items: ReadonlyMap<WriteItem, Overwritten>, done: Overwritten[], refused: Refused<Overwritten>[], together: boolean,
): Promise<Open> {
  if (items.size === 0) return nothing;
  const { context, id } = undoing;
  const images = [...items.keys()].flatMap((item) => sides.flatMap((side) => (item.updates[side] ? [preImageOfUpdate(context, item, side, id)] : [])));
  await undoing.store([{ op: "put", collection: "preImage", records: images }]);
  const codes = new Map<WriteItem, string>();
  const again = new Set<WriteItem>();
  const unheard = new Set<Overwritten>();
  for (const side of sides) {
    const own = [...items.keys()].filter((item) => item.updates[side]);
    for (const { item, outcome } of await commit(undoing, model, side, own, together)) {
      if (outcome.status === "written") undoing.countsOf(model.name).restored[side]++;
      else if (outcome.status === "refused") codes.set(item, outcome.refusal.code);
      else {
        again.add(item);
        if (outcome.status === "unknown") unheard.add(items.get(item)!);
      }
    }
  }
  for (const [item, record] of items) {
    const code = codes.get(item);
    if (code !== undefined) refused.push({ record, code });
    else if (!again.has(item)) done.push(record);
  }
  return { again: [...items].flatMap(([item, record]) => (again.has(item) && !codes.has(item) ? [record] : [])), unheard };
}

async function commit(undoing: Undoing, model: PairModel, side: "left" | "right", items: readonly WriteItem[], together: boolean): Promise<ItemOutcome[]> {
  if (!together) return undoing.commit(side, items, dataBatches);
  const tangles = await untangle(undoing.context, model, side, items);
  const outcomes: ItemOutcome[] = items.flatMap((item) =>
    (tangles.blocked.has(item) ? [{ item, side, outcome: { status: "refused" as const, refusal: { code: "WRITE.UNIQUE" as const } } }] : []));
  for (const group of tangles.groups) outcomes.push(...(await undoing.commit(side, group, untangledBatches(tangles))));
  return outcomes;
}

function count(undoing: Undoing, { examined, updates }: WriteItem): void {
  const { model } = examined;
  for (const side of sides) {
    const values = updates[side];
    if (!values) continue;
    undoing.countsOf(model.name).restored[side]++;
    const refers = model.fields.some((field) => field.parent !== undefined && field[side].names.some((name) => values.has(name)));
    if (refers) undoing.restoring.set(rowName(side, model.name, examined[side]!.key), values);
  }
}

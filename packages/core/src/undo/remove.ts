import type { PairModel, SideName } from "../mapping/pair-model.ts";
import { type Child, childrenOf, parentOf, toLookFor } from "../run/children.ts";
import { keyText } from "../run/context.ts";
import { wholeRows } from "../run/deletes.ts";
import type { WriteItem } from "../run/write-item.ts";
import { preImageId, preImageOfDelete } from "../run/write-log.ts";
import type { Base } from "../state.ts";
import { asCreated } from "./judge.ts";
import type { Refused } from "./restore.ts";
import { mostTries, rowName, type Undoing } from "./undoing.ts";

/** New rows of one model and side that a run made, and the bases of those that had one before. */
export interface Created {
  readonly model: PairModel;
  readonly side: SideName;
  readonly cloudIds: readonly string[];
  readonly bases: ReadonlyMap<string, Base>;
}

/** Removes rows that the run made, as long as they are as it left them and nobody else refers to them. Gives those that could not go. */
export async function removeCreated(undoing: Undoing, created: Created): Promise<Refused<string>[]> {
  const refused: Refused<string>[] = [];
  let open = created.cloudIds;
  for (let tries = 0; open.length > 0; tries++) {
    const again = await attempt(undoing, { ...created, cloudIds: open }, refused);
    open = tries + 1 < mostTries ? again : [];
    if (open.length < again.length) for (const cloudId of again) undoing.keep(created.model.name, cloudId, "edited");
  }
  return refused;
}

/** Gives those that changed meanwhile, or of which nobody knows whether they are gone. */
async function attempt(undoing: Undoing, created: Created, refused: Refused<string>[]): Promise<string[]> {
  const { context } = undoing;
  const { model, side, cloudIds, bases: before } = created;
  const other = side === "left" ? "right" : "left";
  const [rows, others, bases] = await Promise.all([
    undoing.recordsOf(model, side, cloudIds), undoing.recordsOf(model, other, cloudIds), undoing.basesOf(model, cloudIds),
  ]);
  const missing = cloudIds.filter((cloudId) => !rows.has(cloudId));
  await settleMissing(undoing, created, missing.filter((cloudId) => bases.has(cloudId)));
  let standing: WriteItem[] = [];
  for (const cloudId of cloudIds) {
    const row = rows.get(cloudId);
    if (!row) continue;
    if (undoing.isLater(model.name, cloudId)) undoing.keep(model.name, cloudId, "later-run");
    else if (!asCreated(context, model, row, others.get(cloudId), bases.get(cloudId))) undoing.keep(model.name, cloudId, "edited");
    else standing.push(undoing.itemOf(model, cloudId, { [side]: row }, bases.get(cloudId)));
  }
  const again: string[] = [];
  while (standing.length > 0) {
    // Leaf by leaf, where rows of one model refer to each other.
    const { staying, known } = await children(undoing, model, side, standing);
    const parents = new Set(staying.map(parentOf));
    const free = standing.filter((item) => !parents.has(keyText(item.examined[side]!.key)));
    standing = standing.filter((item) => !free.includes(item));
    if (free.length === 0) break;
    if (undoing.dry) {
      for (const item of free) undoing.removing.add(rowName(side, model.name, item.examined[side]!.key));
      undoing.countsOf(model.name).removed[side] += free.length;
      continue;
    }
    const gone: string[] = [];
    for (const { item, outcome } of await remove(undoing, model, side, free, known)) {
      const { cloudId } = item.examined;
      if (outcome.status === "written") gone.push(cloudId);
      else if (outcome.status === "refused") refused.push({ record: cloudId, code: outcome.refusal.code });
      else again.push(cloudId);
    }
    undoing.countsOf(model.name).removed[side] += gone.length;
    await undoing.restoreBases(model, gone.map((cloudId) => ({ cloudId, base: before.get(cloudId) })));
  }
  refused.push(...standing.map((item) => ({ record: item.examined.cloudId, code: childRemains })));
  return again;
}

/** No code of a database: the undo itself does not ask it. */
export const childRemains = "child remains";

/** Gone already: by an attempt of this undo that was interrupted, or by somebody else's hand. */
async function settleMissing(undoing: Undoing, { model, side, bases }: Created, cloudIds: readonly string[]): Promise<void> {
  if (cloudIds.length === 0) return;
  const { state, pair } = undoing.context.settings;
  const idOf = (cloudId: string): string => preImageId(undoing.id, { model, cloudId, late: false, tries: 0 }, side);
  const own = await undoing.context.retrying(() => state.read(pair, { collection: "preImage", ids: cloudIds.map(idOf) }));
  const ours = new Set(own.map(({ cloudId }) => cloudId));
  for (const cloudId of cloudIds) if (!ours.has(cloudId)) undoing.keep(model.name, cloudId, undoing.isLater(model.name, cloudId) ? "later-run" : "edited");
  await undoing.restoreBases(model, [...ours].map((cloudId) => ({ cloudId, base: bases.get(cloudId) })));
}

async function remove(undoing: Undoing, model: PairModel, side: SideName, items: readonly WriteItem[], known: readonly Child[]): ReturnType<Undoing["commit"]> {
  const whole = await wholeRows(undoing.context, model[side], items.map(({ examined }) => examined[side]!.row));
  const images = items.map(({ examined }, at) => preImageOfDelete(undoing.context, undoing.id, examined, side, whole.fields, whole.values[at]!));
  await undoing.store([{ op: "put", collection: "preImage", records: images }]);
  return undoing.commit(side, items, (some) => [{
    items: some,
    batch: {
      op: "delete", model: model[side].name, rows: some.map(({ examined }) => ({ key: examined[side]!.key, revision: examined[side]!.row.revision })),
      ...toLookFor(undoing.models, model, side, known),
    },
  }]);
}

/** Rows that refer to these: those that stay, and those that may go along. */
async function children(undoing: Undoing, parent: PairModel, side: SideName, items: readonly WriteItem[]): Promise<{ readonly staying: readonly Child[]; readonly known: readonly Child[] }> {
  const found = await childrenOf(undoing.context, undoing.models, parent, side, items.map(({ examined }) => examined[side]!.key));
  const staying = found.filter((child) => {
    const { model, field, row } = child;
    const itself = model === parent && keyText(row.key) === parentOf(child);
    const name = rowName(side, model.name, row.key);
    const before = undoing.restoring.get(name);
    const leaves = before !== undefined && field[side].names.some((each, at) => before.has(each) && before.get(each) !== row.values[at]);
    return !itself && !leaves && !undoing.removing.has(name);
  });
  return { staying, known: found.filter((child) => !staying.includes(child)) };
}

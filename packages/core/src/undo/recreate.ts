import type { PairModel, SideName } from "../mapping/pair-model.ts";
import type { Traced } from "../run/commit-items.ts";
import { keyText } from "../run/context.ts";
import type { WriteItem } from "../run/write-item.ts";
import type { PreImage } from "../state.ts";
import type { Value } from "../value.ts";
import type { Overwritten } from "./history.ts";
import type { Refused } from "./restore.ts";
import { mostTries, rowName, type Undoing } from "./undoing.ts";

/** Makes deleted rows again, under their old keys where nobody has taken them. Gives those that a database refused. */
export async function recreateDeleted(undoing: Undoing, model: PairModel, records: readonly Overwritten[]): Promise<Refused<Overwritten>[]> {
  const refused: Refused<Overwritten>[] = [];
  for (const side of ["left", "right"] as const) {
    let open = records.flatMap((record) => {
      const image = record.images.findLast((each) => each.side === side && each.op === "delete");
      return image ? [{ record, image }] : [];
    });
    for (let tries = 0; open.length > 0 && tries < mostTries; tries++) open = await attempt(undoing, model, side, open, refused);
    for (const { record } of open) refused.push({ record, code: "WRITE.REFUSED" });
  }
  return refused;
}

interface Deleted {
  readonly record: Overwritten;
  readonly image: PreImage;
}

/** Gives those of which nobody knows whether they were made. */
async function attempt(undoing: Undoing, model: PairModel, side: SideName, records: readonly Deleted[], refused: Refused<Overwritten>[]): Promise<Deleted[]> {
  const [there, taken] = await Promise.all([
    undoing.recordsOf(model, side, records.map(({ record }) => record.cloudId)),
    undoing.rowsOf(model, side, "key", records.map(({ image }) => image.key)),
  ]);
  const takenKeys = new Set(taken.map(({ key }) => keyText(key)));
  const done: Deleted[] = [];
  const items = new Map<WriteItem, Deleted & { fields: readonly string[] }>();
  const homeless: WriteItem[] = [];
  for (const deleted of records) {
    const { record: { cloudId }, image } = deleted;
    const now = there.get(cloudId);
    if (undoing.isLater(model.name, cloudId)) undoing.keep(model.name, cloudId, "later-run");
    else if (image.erased) undoing.keep(model.name, cloudId, "erased");
    else if (now) {
      const { key, row } = now;
      if (keyText(key) !== keyText(image.key)) undoing.moved.set(rowName(side, model.name, image.key), key);
      const known = model[side].fields.flatMap((field, at) => (image.fields.includes(field) ? [{ field, value: row.values[at] ?? null }] : []));
      const wanted = restored(undoing, model, side, image);
      const same = known.every(({ field, value }) => value === wanted.get(field) || value === image.values[image.fields.indexOf(field)]);
      if (same) done.push(deleted);
      else undoing.keep(model.name, cloudId, "edited");
    } else {
      const values = restored(undoing, model, side, image);
      const item = undoing.itemOf(model, cloudId, {}, undefined);
      const { endpoint } = model[side];
      const own = endpoint.model.keySource === "values" ? endpoint.model.primaryKey.map((field, at) => values.get(field) ?? image.key[at]!) : image.key;
      item.insert = { side, key: own, values: [...values.values()] };
      if (takenKeys.has(keyText(own)) && endpoint.model.keySource === "allocated") homeless.push(item);
      items.set(item, { ...deleted, fields: [...values.keys()] });
    }
  }
  if (undoing.dry) {
    undoing.countsOf(model.name).recreated[side] += items.size;
    return [];
  }
  await giveKeys(undoing, model, side, homeless, items);
  const unknown: Deleted[] = [];
  for (const { item, outcome } of await undoing.commit(side, [...items.keys()], (some) => insertBatches(model, side, some, items))) {
    const deleted = items.get(item)!;
    if (outcome.status === "written") {
      undoing.countsOf(model.name).recreated[side]++;
      done.push(deleted);
      if (keyText(item.insert!.key) !== keyText(deleted.image.key)) undoing.moved.set(rowName(side, model.name, deleted.image.key), item.insert!.key);
    } else if (outcome.status === "refused") refused.push({ record: deleted.record, code: outcome.refusal.code });
    else unknown.push(deleted);
  }
  await undoing.restoreBases(model, done.map(({ record, image }) => ({ cloudId: record.cloudId, base: image.base })));
  return unknown;
}

/** What an insert supplies: all that is writable, references to rows that got a new key turned to that. */
function restored(undoing: Undoing, model: PairModel, side: SideName, image: PreImage): Map<string, Value> {
  const { model: own } = model[side].endpoint;
  const values = new Map<string, Value>();
  for (const { name, writable } of own.fields) {
    const at = image.fields.indexOf(name);
    if (at >= 0 && name !== own.syncFields.cloudId && (writable || own.primaryKey.includes(name))) values.set(name, image.values[at] ?? null);
  }
  const rest = own.rest === undefined ? -1 : image.fields.indexOf(own.rest);
  if (rest >= 0) values.set(own.rest!, image.values[rest] ?? null);
  for (const { fields, target } of own.references) {
    const parent = undoing.models.find((each) => each[side].name === target);
    const key = fields.map((field) => values.get(field));
    const moved = parent && key.every((part) => typeof part === "string") ? undoing.moved.get(rowName(side, parent.name, key)) : undefined;
    if (moved) fields.forEach((field, at) => values.set(field, moved[at]!));
  }
  return values;
}

/** Somebody has the old key: the row gets another one. */
async function giveKeys(
  undoing: Undoing, model: PairModel, side: SideName, homeless: readonly WriteItem[], items: ReadonlyMap<WriteItem, { readonly fields: readonly string[] }>,
): Promise<void> {
  if (homeless.length === 0) return;
  const { endpoint } = model[side];
  const keys = await undoing.context.retrying(() => endpoint.allocate(homeless.length));
  homeless.forEach((item, index) => {
    const { fields } = items.get(item)!;
    const key = keys[index]!;
    const values = item.insert!.values.map((value, at) => key[endpoint.model.primaryKey.indexOf(fields[at]!)] ?? value);
    item.insert = { side, key, values };
  });
}

function insertBatches(
  model: PairModel, side: SideName, items: readonly WriteItem[], fieldsOf: ReadonlyMap<WriteItem, { readonly fields: readonly string[] }>,
): Traced[] {
  const groups = new Map<string, WriteItem[]>();
  for (const item of items) {
    const name = JSON.stringify(fieldsOf.get(item)!.fields);
    const group = groups.get(name);
    if (group) group.push(item);
    else groups.set(name, [item]);
  }
  return [...groups.values()].map((group): Traced => ({
    items: group,
    batch: {
      op: "insert", model: model[side].name, fields: fieldsOf.get(group[0]!)!.fields,
      rows: group.map(({ examined, insert }) => ({ key: insert!.key, cloudId: examined.cloudId, values: insert!.values })),
    },
  }));
}

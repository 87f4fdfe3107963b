import type { Key } from "../endpoint.ts";
import type { Batch } from "../unit.ts";
import { fieldOf, type Field } from "../model.ts";
import type { ModelSide, PairModel, SideName } from "../mapping/pair-model.ts";
import { fits, type Kind, type Value } from "../value.ts";
import { dataBatches, type Traced } from "./commit-items.ts";
import { keyText, type RunContext } from "./context.ts";
import { insertFields } from "./new-row.ts";
import type { WriteItem } from "./write-item.ts";

/** Writes of one model and side that a unique key refused, by who stands in whose way. */
export interface Untangled {
  /** Each goes in one unit: its items need values that others of them let go of. */
  readonly groups: readonly (readonly WriteItem[])[];
  /** Rows that let go of a value first, and what they hold meanwhile. Records inside documents exchange theirs without that. */
  readonly parked: ReadonlyMap<WriteItem, readonly [string, Value]>;
  /** The value is held by a row that keeps it; the unique key's name. */
  readonly blocked: ReadonlyMap<WriteItem, string>;
}

/**
 * Looks up who holds the values that these items want. Where the holder is about to give its value away they are
 * written together, the holder parked on a temporary value: two rows that swap, or a chain of them. Reads only, so
 * that an idle run finds the same conflicts again without a write.
 */
export async function untangle(context: RunContext, model: PairModel, side: SideName, items: readonly WriteItem[]): Promise<Untangled> {
  const target = model[side];
  const { endpoint } = target;
  const own = items.filter((item) => item.insert?.side === side || item.updates[side] !== undefined);
  const byKey = new Map(own.flatMap((item) => (item.updates[side] ? [[keyText(item.examined[side]!.key), item] as const] : [])));
  const blocked = new Map<WriteItem, string>();
  const parked = new Map<WriteItem, readonly [string, Value]>();
  const needs = new Map<WriteItem, Set<WriteItem>>(own.map((item) => [item, new Set()]));
  // A cloudId that another row holds already is a value that stays taken.
  const named = new Map(items.flatMap((item) => (item.examined[side] && item.examined[side].cloudId !== item.examined.cloudId ? [[item.examined.cloudId, item] as const] : [])));
  const namesakes = named.size === 0 ? [] : await context.retrying(() => endpoint.fetch({ fields: [], by: "cloudId", tuples: [...named.keys()].map((cloudId) => [cloudId]) }));
  for (const holder of namesakes) {
    const item = named.get(holder.cloudId ?? "");
    if (item && !isItsRow(item, side, holder.key)) blocked.set(item, "cloudId");
  }
  const inside = endpoint.model.within !== undefined;
  const keys = [...endpoint.model.uniqueKeys, ...(endpoint.model.keySource === "values" ? [{ name: "primary key", fields: endpoint.model.primaryKey }] : [])];
  for (const { name, fields } of keys) {
    const wanted = new Map<string, { item: WriteItem; tuple: string[] }>();
    for (const item of own) {
      const tuple = changes(item, side, fields) ? wantedBy(item, target, fields) : undefined;
      if (!tuple) continue;
      const text = keyText(tuple);
      // Two records want the same value: the first one may have it.
      if (wanted.has(text)) blocked.set(item, name);
      else wanted.set(text, { item, tuple });
    }
    if (wanted.size === 0) continue;
    const tuples = [...wanted.values()].map(({ tuple }) => tuple);
    const holders = await context.retrying(() => endpoint.fetch({ fields, by: fields, tuples }));
    for (const holder of holders) {
      const entry = wanted.get(keyText(holder.values as Key));
      if (!entry || isItsRow(entry.item, side, holder.key)) continue;
      const leaver = byKey.get(keyText(holder.key));
      const leaves = leaver !== undefined && changes(leaver, side, fields);
      const place = leaves && !inside ? parkingPlace(leaver, target, fields) : undefined;
      if (!leaves || !(inside || place)) blocked.set(entry.item, name);
      else {
        needs.get(entry.item)!.add(leaver);
        if (place) parked.set(leaver, place);
      }
    }
  }
  // Whoever waits for a record that cannot leave cannot come.
  for (let before = -1; before !== blocked.size; ) {
    before = blocked.size;
    for (const [item, leavers] of needs) {
      for (const leaver of leavers) if (blocked.has(leaver) && !blocked.has(item)) blocked.set(item, blocked.get(leaver)!);
    }
  }
  return { groups: groupsOf(own.filter((item) => !blocked.has(item)), needs), parked, blocked };
}

/** One unit: everything parked lets go, then everyone takes its own. */
export function untangledBatches(untangled: Untangled): (items: readonly WriteItem[], side: SideName) => Traced[] {
  return (items, side) => {
    const leavers = items.filter((item) => untangled.parked.has(item));
    const parks = leavers.map((item): Traced => {
      const [field, value] = untangled.parked.get(item)!;
      const { key, row } = item.examined[side]!;
      const batch: Batch = { op: "update", model: item.examined.model[side].name, fields: [field], rows: [{ key, revision: row.revision, values: [value] }] };
      return { batch, items: [] };
    });
    return [...parks, ...dataBatches(items, side)];
  };
}

function valuesOf({ examined, insert, updates }: WriteItem, side: SideName): ReadonlyMap<string, Value> {
  if (insert?.side !== side) return updates[side]!;
  return new Map(insertFields(examined.model, side).map((field, at) => [field, insert.values[at]!]));
}

function changes(item: WriteItem, side: SideName, fields: readonly string[]): boolean {
  const values = valuesOf(item, side);
  return fields.some((field) => values.has(field));
}

/** The tuple a row will hold; undefined where a part is null, or is not known to this sync. */
function wantedBy(item: WriteItem, target: ModelSide, fields: readonly string[]): string[] | undefined {
  const values = valuesOf(item, target.side);
  const tuple: string[] = [];
  for (const field of fields) {
    const at = target.fields.indexOf(field);
    const value = values.has(field) ? values.get(field) : at < 0 ? undefined : item.examined[target.side]?.row.values[at];
    if (typeof value !== "string") return undefined;
    tuple.push(value);
  }
  return tuple;
}

function isItsRow(item: WriteItem, side: SideName, key: Key): boolean {
  const record = item.examined[side];
  return record !== undefined && keyText(record.key) === keyText(key);
}

/** A field of the unique key, and a value in it that is in nobody's way; undefined where there is none. */
function parkingPlace(item: WriteItem, target: ModelSide, fields: readonly string[]): readonly [string, Value] | undefined {
  const { model } = target.endpoint;
  const candidates = fields.flatMap((name): Field[] => (target.fields.includes(name) ? [fieldOf(model, name)!] : [])).filter((field) => field.writable);
  const nullable = candidates.find((field) => field.nullable);
  if (nullable) return [nullable.name, null];
  const referring = new Set(model.references.flatMap((reference) => reference.fields));
  for (const { name, kind } of candidates) {
    if (referring.has(name) || model.primaryKey.includes(name)) continue;
    const value = parkingValues(kind, item.examined.cloudId).find((each) => fits(kind, each) === undefined);
    if (value !== undefined) return [name, value];
  }
  return undefined;
}

/** Values that nobody has, but by a chance of one in a billion; then the writes are refused, as they were. */
function parkingValues({ type }: Kind, cloudId: string): readonly string[] {
  if (type === "uuid") return [cloudId];
  if (type === "text") return [`~${cloudId}`];
  if (type !== "integer" && type !== "decimal") return [];
  const chance = Number.parseInt(cloudId.slice(-12), 16);
  return [String(2 ** 48 + chance), String(2 ** 30 + (chance % 2 ** 30))];
}

/** Items that need one another, directly or by way of others. */
function groupsOf(items: readonly WriteItem[], needs: ReadonlyMap<WriteItem, ReadonlySet<WriteItem>>): WriteItem[][] {
  const neighbours = new Map<WriteItem, Set<WriteItem>>(items.map((item) => [item, new Set()]));
  for (const item of items) {
    for (const other of needs.get(item)!) {
      neighbours.get(item)!.add(other);
      neighbours.get(other)!.add(item);
    }
  }
  const groups: WriteItem[][] = [];
  const seen = new Set<WriteItem>();
  for (const start of items) {
    if (seen.has(start)) continue;
    const group: WriteItem[] = [];
    const queue = [start];
    seen.add(start);
    for (let item = queue.pop(); item !== undefined; item = queue.pop()) {
      group.push(item);
      for (const next of neighbours.get(item)!) {
        if (seen.has(next)) continue;
        seen.add(next);
        queue.push(next);
      }
    }
    groups.push(items.filter((item) => group.includes(item)));
  }
  return groups;
}

import type { Key } from "../endpoint.ts";
import { otherSide, type ModelSide, type PairModel, type SideName } from "../mapping/pair-model.ts";
import type { Value } from "../value.ts";
import type { RunContext } from "./context.ts";
import type { Examined } from "./examine.ts";
import { keyFromValues, newValues } from "./new-row.ts";
import type { Problem, ReadRecord } from "./records.ts";
import type { PairModels } from "./pair-models.ts";
import { needTargets, ownValue, stampsFor, valueFor } from "./targets.ts";

/** Values to be written, by the target's field names. */
type Values = Map<string, Value>;

/** One examined record on its way into the databases. */
export interface WriteItem {
  examined: Examined;
  /** A new row; `values` in the order of `insertFields`. */
  insert: { readonly side: SideName; key: Key; readonly values: readonly Value[] } | undefined;
  readonly updates: { readonly left?: Values; readonly right?: Values };
  /** Rows that get their cloudId in a write of its own, and what stands there now. */
  readonly identify: { readonly left?: string | null; readonly right?: string | null };
  /** The rows as they stand after the write, where the database may have altered them. */
  after: { readonly left?: ReadRecord; readonly right?: ReadRecord };
  /** Set when a write found its row changed, or was refused. */
  outcome: "pending" | "written" | "again" | "refused";
}

const writeActions = new Set(["create", "update", "link", "settle", "forget"]);

/** The writes a plan asks for, or the problem that keeps a value from being carried. */
function writeItem(context: RunContext, examined: Examined): WriteItem | { side: SideName; cause: Problem } | undefined {
  const { plan, model, left, right } = examined;
  if (!writeActions.has(plan.action)) return undefined;
  let insert: WriteItem["insert"];
  if (plan.action === "create") {
    const side = plan.side!;
    const source = (side === "right" ? left : right)!;
    const values = newValues(context, model, source);
    if (!Array.isArray(values)) return { side: source.side, cause: values };
    insert = { side, key: keyFromValues(model, side, values), values };
  }
  let updates: WriteItem["updates"] = none;
  for (const side of sides) {
    const fields = side === "left" ? plan.toLeft : plan.toRight;
    if (fields.length === 0) continue;
    const values: Values = new Map();
    for (const at of fields) {
      const decided = plan.custom?.has(at);
      const given = decided ? ownValue(context, model, at, examined[side]!, plan.custom!.get(at)!) : valueFor(context, model, at, examined[otherSide(side)]!);
      if ("problem" in given) return { side: otherSide(side), cause: given.problem };
      model.fields[at]![side].names.forEach((name, index) => values.set(name, given.values[index] ?? null));
    }
    for (const [name, value] of stampsFor(context, model[side])) values.set(name, value);
    updates = { ...updates, [side]: values };
  }
  let identify: WriteItem["identify"] = none;
  if (plan.action !== "forget") {
    for (const side of sides) {
      const record = examined[side];
      if (!record || record.cloudId === examined.cloudId) continue;
      const withUpdate = updates[side] !== undefined && record.cloudId === null;
      if (!withUpdate) identify = { ...identify, [side]: record.cloudId };
    }
  }
  return { examined, insert, updates, identify, after: none, outcome: "pending" };
}

const sides = ["left", "right"] as const;
/** Shared by all items that have none, which in a first copy is every one. */
export const none: { readonly left?: never; readonly right?: never } = {};

/** The writes a plan asks for; undefined where there are none, or where the record has a problem, perhaps only now. */
export function takeItem(context: RunContext, record: Examined): WriteItem | undefined {
  if (record.problem) return undefined;
  const item = writeItem(context, record);
  if (!item || !("cause" in item)) return item;
  record.problem = { side: item.side, record: record[item.side]!, cause: item.cause };
  return undefined;
}

/** Makes `takeItem` able to answer for references: some may point at records of the same page, promised before. */
export async function resolveTargets(context: RunContext, models: PairModels, examined: readonly Examined[]): Promise<void> {
  for (const [model, records] of groupByModel(examined)) {
    for (const side of ["left", "right"] as const) {
      const sources: ReadRecord[] = [];
      for (const { plan, [otherSide(side)]: source } of records) {
        if (source && (plan.side === side || (side === "left" ? plan.toLeft : plan.toRight).length > 0)) sources.push(source);
      }
      if (sources.length > 0) await needTargets(context, model, models, side, sources);
    }
  }
}

export function groupByModel<Item extends { readonly model: PairModel }>(records: readonly Item[]): Map<PairModel, Item[]> {
  const groups = new Map<PairModel, Item[]>();
  for (const record of records) {
    const group = groups.get(record.model);
    if (group) group.push(record);
    else groups.set(record.model, [record]);
  }
  return groups;
}

/** Models whose rows get other keys on this side by these writes: those that are updated so, and those whose records live inside them. */
export function movedBy(items: readonly WriteItem[], side: SideName, models: PairModels): ReadonlySet<string> {
  const moved = new Set<string>();
  for (const { examined: { model }, updates } of items) {
    if (updates[side] && !moved.has(model.name) && model[side].endpoint.model.primaryKey.some((name) => updates[side]!.has(name))) moved.add(model.name);
  }
  if (moved.size === 0) return moved;
  const inside = ({ [side]: { endpoint: { model: { within, references } } } }: PairModel): string | undefined => references.find(({ name }) => name === within)?.target;
  for (let before = 0; before !== moved.size; ) {
    before = moved.size;
    const targets = new Set([...moved].map((name) => models.get(name)![side].name));
    for (const model of models.values()) if (targets.has(inside(model) ?? "")) moved.add(model.name);
  }
  return moved;
}

/** Gives the new records of one side their keys, in one call per model. */
export async function allocateKeys(context: RunContext, items: readonly WriteItem[]): Promise<void> {
  const wanted = new Map<ModelSide, WriteItem[]>();
  for (const item of items) {
    if (!item.insert || item.insert.key.length > 0) continue;
    const side = item.examined.model[item.insert.side];
    const waiting = wanted.get(side);
    if (waiting) waiting.push(item);
    else wanted.set(side, [item]);
  }
  await Promise.all([...wanted].map(async ([side, waiting]) => {
    const keys = await context.retrying(() => side.endpoint.allocate(waiting.length));
    waiting.forEach((item, index) => (item.insert!.key = keys[index]!));
  }));
}

/** From now on this run resolves references to and from these records, though their unit is not committed yet. */
export function promiseIdentities(context: RunContext, model: PairModel, examined: Examined, insertKey: Key | undefined): void {
  const { plan, cloudId, left, right } = examined;
  if (plan.action === "none" || plan.action === "park" || plan.action === "delete" || plan.action === "forget") return;
  const source = left ?? right;
  if (context.dry && plan.action === "create" && source?.cloudId === null) return context.identities[source.side].expect(model.name, source.key);
  if (left && left.cloudId !== cloudId) context.identities.left.promise(model.name, left.key, cloudId);
  if (right && right.cloudId !== cloudId) context.identities.right.promise(model.name, right.key, cloudId);
  if (plan.action === "create") context.identities[plan.side!].promise(model.name, insertKey, cloudId);
}

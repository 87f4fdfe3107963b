import type { Batch, Committed, Outcome, Refusal, Unit } from "../unit.ts";
import { isSyncError } from "../errors.ts";
import { otherSide, type PairModel, type SideName } from "../mapping/pair-model.ts";
import type { Value } from "../value.ts";
import type { RunContext } from "./context.ts";
import type { RunTracker } from "./tracker.ts";
import { insertFields } from "./new-row.ts";
import type { WriteItem } from "./write-item.ts";

/** What became of one item on one side. */
export interface ItemOutcome {
  readonly item: WriteItem;
  readonly side: SideName;
  readonly outcome: Outcome | { readonly status: "refused"; readonly refusal: Refusal } | { readonly status: "unknown" };
}

/** A batch together with the items its rows came from, in the same order. */
export interface Traced {
  readonly batch: Batch;
  readonly items: readonly WriteItem[];
}

/**
 * Commits these items' writes on one side as one unit. Refused for a data error, the unit is halved until the bad
 * records stand alone; everyone else is written. After a lost connection nobody knows what was written: those items
 * come back `unknown` and are looked at again. `missing`: cloudIds of records that were promised to this side and did not
 * come to be; whoever refers to one comes back `stale`, for not every database would refuse it.
 */
export async function commitItems(
  context: RunContext, tracker: RunTracker, side: SideName, all: readonly WriteItem[], toBatches: (items: readonly WriteItem[], side: SideName) => Traced[],
  missing: Set<string> = new Set(),
): Promise<ItemOutcome[]> {
  const items = withoutOrphans(all, side, missing);
  if (items.length < all.length) {
    const kept = new Set(items);
    const orphans = all.filter((item) => !kept.has(item)).map((item): ItemOutcome => ({ item, side, outcome: { status: "stale" } }));
    return [...orphans, ...(await commitItems(context, tracker, side, items, toBatches, missing))];
  }
  if (items.length === 0) return [];
  const traced = toBatches(items, side);
  if (traced.length === 0) return [];
  const result = await commitUnit(context, tracker, side, traced.map(({ batch }) => batch));
  if (result === "unknown") return items.map((item) => ({ item, side, outcome: { status: "unknown" } }));
  if (result.committed) return traced.flatMap(({ items: sources }, index) => sources.map((item, at) => ({ item, side, outcome: result.outcomes[index]![at]! })));
  if (items.length === 1) {
    const [item] = items;
    if (item!.insert?.side === side) missing.add(item!.examined.cloudId);
    return [{ item: item!, side, outcome: { status: "refused", refusal: result.refusal } }];
  }
  const half = Math.ceil(items.length / 2);
  const first = await commitItems(context, tracker, side, items.slice(0, half), toBatches, missing);
  return [...first, ...(await commitItems(context, tracker, side, items.slice(half), toBatches, missing))];
}

/** Commits batches as one unit, and keeps count of what was written. `unknown`: the connection was lost before the answer. */
export async function commitUnit(context: RunContext, tracker: RunTracker, side: SideName, batches: readonly Batch[]): Promise<Committed | "unknown"> {
  const unit: Unit = { id: context.nextUnitId(), fence: context.claims![side].fence, batches };
  context.safePoint();
  await context.beginWriting();
  let result: Committed;
  try {
    result = await context.settings.databases[side].commit(unit);
  } catch (error) {
    if (!isSyncError(error) || !error.retryable) throw error;
    context.inDoubt = true;
    for (const batch of batches) tracker.lost(side, batch);
    await context.afterFault(error);
    return "unknown";
  }
  if (result.committed) {
    const { outcomes, transaction } = result;
    context.faults = 0;
    batches.forEach((batch, at) => tracker.committed(side, batch, outcomes[at]!, transaction));
  }
  return result;
}

/** Without those that refer to a missing record, and those that refer to them. */
function withoutOrphans(items: readonly WriteItem[], side: SideName, missing: Set<string>): readonly WriteItem[] {
  if (missing.size === 0) return items;
  return items.filter(({ examined, insert }) => {
    const source = examined[otherSide(side)];
    const orphan = examined.model.fields.some((field, at) => field.parent !== undefined && missing.has(source?.meet[at] ?? ""));
    if (orphan && insert?.side === side) missing.add(examined.cloudId);
    return !orphan;
  });
}

/** Rows of one model side by side: neighbouring items of a model share a batch. */
function byModel(items: readonly WriteItem[]): [PairModel, WriteItem[]][] {
  const groups = new Map<PairModel, WriteItem[]>();
  for (const item of items) {
    const group = groups.get(item.examined.model);
    if (group) group.push(item);
    else groups.set(item.examined.model, [item]);
  }
  return [...groups];
}

/**
 * CloudIds for rows that are not otherwise written. They go first: a cloudId ahead of its counterpart proves nothing.
 * A cloudId in the row itself makes a new version of the row, under which a change that came after our read would pass
 * for ours: there it is guarded like any update, or, where it takes another one's place, the row is read again after it.
 */
export function identifyBatches(items: readonly WriteItem[], side: SideName): Traced[] {
  return byModel(items).flatMap(([model, group]): Traced[] => {
    const { name, endpoint } = model[side];
    const [fresh, renamed]: [WriteItem[], WriteItem[]] = [[], []];
    for (const item of group) (endpoint.model.syncFields.cloudId === undefined || renames(item, side) ? renamed : fresh).push(item);
    const traced: Traced[] = [];
    if (renamed.length > 0) {
      const rows = renamed.map(({ examined, identify }) => ({ key: examined[side]!.key, cloudId: examined.cloudId, was: identify[side] ?? null }));
      traced.push({ items: renamed, batch: { op: "identify", model: name, rows } });
    }
    if (fresh.length > 0) {
      const rows = fresh.map(({ examined }) => ({ key: examined[side]!.key, revision: examined[side]!.row.revision, values: [], cloudId: examined.cloudId }));
      traced.push({ items: fresh, batch: { op: "update", model: name, fields: [], rows } });
    }
    return traced;
  });
}

/** The row bears its cloudId itself, and another one so far. */
export function renames({ examined, identify }: WriteItem, side: SideName): boolean {
  return typeof identify[side] === "string" && examined.model[side].endpoint.model.syncFields.cloudId !== undefined;
}

/** New rows and guarded updates; parents' models come first because they were examined first. */
export function dataBatches(items: readonly WriteItem[], side: SideName): Traced[] {
  const traced: Traced[] = [];
  for (const [model, group] of byModel(items)) {
    const inserts = group.filter((item) => item.insert?.side === side);
    if (inserts.length > 0) {
      traced.push({
        items: inserts,
        batch: {
          op: "insert", model: model[side].name, fields: insertFields(model, side),
          rows: inserts.map(({ examined, insert }) => ({ key: insert!.key, cloudId: examined.cloudId, values: insert!.values })),
        },
      });
    }
    const updates = group.filter((item) => item.updates[side] !== undefined);
    if (updates.length === 0) continue;
    const fields = [...new Set(updates.flatMap((item) => [...item.updates[side]!.keys()]))];
    traced.push({
      items: updates,
      batch: {
        op: "update", model: model[side].name, fields,
        rows: updates.map(({ examined, updates: values }) => {
          const record = examined[side]!;
          const row = { key: record.key, revision: record.row.revision, values: fields.map((name): Value | undefined => values[side]!.get(name)) };
          return record.cloudId === null ? { ...row, cloudId: examined.cloudId } : row;
        }),
      },
    });
  }
  return traced;
}

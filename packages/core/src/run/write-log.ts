import type { PairModel, SideName } from "../mapping/pair-model.ts";
import type { Value } from "../value.ts";
import type { Base, ConflictRecord, PreImage, StateChange, Touched } from "../state.ts";
import { conflictRecord } from "./conflicts.ts";
import type { Copies } from "./copies.ts";
import type { RunContext } from "./context.ts";
import { beginDoubt } from "./doubts.ts";
import type { Examined } from "./examine.ts";
import type { ItemOutcome } from "./commit-items.ts";
import { storedRun } from "../undo/run-log.ts";
import type { WriteItem } from "./write-item.ts";

/** Decided conflicts, pre-images and what is created, durable before anything is written. */
export async function logBefore(context: RunContext, items: readonly WriteItem[]): Promise<StateChange[]> {
  const preImages: PreImage[] = [];
  for (const item of items) {
    if (item.updates.left) preImages.push(preImageOfUpdate(context, item, "left"));
    if (item.updates.right) preImages.push(preImageOfUpdate(context, item, "right"));
  }
  const changes = await logOf(context, items, (decision) => decision !== "open");
  if (preImages.length > 0) changes.push({ op: "put", collection: "preImage", records: preImages });
  const inserted = touchedBy(context, items);
  if (inserted) changes.push(inserted);
  return entered(context, changes);
}

/** The same for new rows of which nothing else is to be said. */
export function logCopies(context: RunContext, all: readonly Copies[]): StateChange[] {
  const created = all.map(({ model, to, inserts }) => ({ model: model.name, side: to, cloudIds: inserts.map(({ cloudId }) => cloudId) }));
  return entered(context, [touched(context, created, [])]);
}

/**
 * Open conflicts, once both records bear the cloudId that they are logged under: nothing is overwritten for them, and the next
 * run would not find those of a name that never came to be.
 */
export async function logAfter(context: RunContext, items: readonly WriteItem[]): Promise<StateChange[]> {
  return entered(context, await logOf(context, items, (decision) => decision === "open"));
}

async function logOf(context: RunContext, items: readonly WriteItem[], wanted: (decision: ConflictRecord["decision"]) => boolean): Promise<StateChange[]> {
  const conflicts: ConflictRecord[] = [];
  for (const { examined } of items) {
    for (const conflict of examined.plan.conflicts) if (wanted(conflict.decision)) conflicts.push(conflictRecord(context, examined, conflict));
  }
  return await logged(context, conflicts);
}

/** What is to be stored of conflicts; those that are in the log already are told to nobody again. */
export async function logged(context: RunContext, conflicts: readonly ConflictRecord[]): Promise<StateChange[]> {
  if (conflicts.length === 0) return [];
  const { state, pair } = context.settings;
  const known = await context.retrying(() => state.read(pair, { collection: "conflict", ids: conflicts.map((conflict) => conflict.id) }));
  const decisions = new Map(known.map((conflict) => [conflict.id, conflict.decision]));
  const fresh = conflicts.filter((conflict) => decisions.get(conflict.id) !== conflict.decision);
  for (const conflict of fresh) context.emit({ type: "conflict", model: conflict.model, id: conflict.id, decision: conflict.decision, rule: conflict.rule });
  return [...(fresh.length > 0 ? [{ op: "put", collection: "conflict", records: fresh } as const] : []), ...context.openConflicts.meet(conflicts)];
}

/** The run's entry in the history goes with the first that it logs, so that a killed one can be taken back as well. */
export function entered(context: RunContext, changes: StateChange[]): StateChange[] {
  if (context.entered || changes.length === 0) return changes;
  context.entered = true;
  return [...changes, { op: "put", collection: "run", records: [storedRun({ id: context.runId, kind: "run", at: context.timestamp(), finished: false })] }, beginDoubt(context)];
}

/** One record for a page of new rows: without values, so that a first copy hardly notices it. */
function touchedBy(context: RunContext, items: readonly WriteItem[]): StateChange | undefined {
  const created: Record<SideName, Map<PairModel, string[]>> = { left: new Map(), right: new Map() };
  const bases: Base[] = [];
  for (const { examined, insert } of items) {
    const { model, plan, base, cloudId } = examined;
    if (insert) {
      const group = created[insert.side].get(model);
      if (group) group.push(cloudId);
      else created[insert.side].set(model, [cloudId]);
    }
    if (base && (insert || plan.action === "settle" || plan.action === "link")) bases.push(baseBefore(context, examined)!);
  }
  if (created.left.size + created.right.size + bases.length === 0) return undefined;
  const lists = (["left", "right"] as const).flatMap((side) => [...created[side]].map(([model, cloudIds]) => ({ model: model.name, side, cloudIds })));
  return touched(context, lists, bases);
}

function touched(context: RunContext, created: Touched["created"], bases: readonly Base[]): StateChange {
  return { op: "put", collection: "touched", records: [{ id: context.nextTouchedId(), run: context.runId, created, bases }] };
}

/** What was agreed on when the record was looked at. */
export function baseBefore(context: RunContext, { model, base, cloudId }: Pick<Examined, "model" | "base" | "cloudId">): Base | undefined {
  return base && context.codecOf(model).make(cloudId, base.left, base.right, base.values?.map((value) => value ?? null));
}

/** What was certainly not overwritten leaves no pre-image: not the side that was written, nor one whose answer was lost. */
export function dropLogOf(context: RunContext, items: readonly WriteItem[], written: readonly ItemOutcome[]): StateChange[] {
  if (items.length === 0) return [];
  const overwritten = new Set(written.flatMap(({ item, side, outcome }) =>
    (outcome.status === "written" || outcome.status === "unknown" ? [preImageId(context.runId, item.examined, side)] : [])));
  const ids = items.flatMap((item) => (["left", "right"] as const).flatMap((side) => (item.updates[side] ? [preImageId(context.runId, item.examined, side)] : [])))
    .filter((id) => !overwritten.has(id));
  return ids.length > 0 ? [{ op: "remove", collection: "preImage", ids }] : [];
}

/** Everything of one record stands together. Each attempt has its own: a second one overwrites something else than the first. */
export const preImageId = (run: string, { model, cloudId, late, tries }: Pick<Examined, "model" | "cloudId" | "late" | "tries">, side: SideName): string =>
  `${run}/${model.name}/${cloudId}/${side}${late ? "/late" : ""}${tries === 0 ? "" : `/${tries}`}`;

/** A row as it stands before it is deleted; `fields`: all its model has, where they were read. */
export function preImageOfDelete(context: RunContext, run: string, examined: Examined, side: SideName, fields: readonly string[], values: readonly Value[]): PreImage {
  const base = baseBefore(context, examined);
  return {
    id: preImageId(run, { ...examined, late: false, tries: 0 }, side), run, model: examined.model.name, cloudId: examined.cloudId, side, op: "delete",
    key: examined[side]!.key, fields, values, ...(base ? { base } : {}), at: context.timestamp(),
  };
}

export function preImageOfUpdate(context: RunContext, { examined, updates }: WriteItem, side: SideName, run: string = context.runId): PreImage {
  const { key, row } = examined[side]!;
  const names = examined.model[side].fields;
  const values = updates[side]!;
  const fields = [...values.keys()].filter((name) => names.includes(name));
  const codec = context.codecOf(examined.model);
  const base = baseBefore(context, examined);
  return {
    id: preImageId(run, examined, side), run, model: examined.model.name, cloudId: examined.cloudId, side, op: "update", key,
    fields, values: fields.map((name) => row.values[names.indexOf(name)] ?? null), wrote: fields.map((name) => codec.hash(values.get(name))),
    ...(base ? { base } : {}), at: context.timestamp(),
  };
}

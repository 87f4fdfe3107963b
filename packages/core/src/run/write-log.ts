import type { SideName } from "../mapping/pair-model.ts";
import type { ConflictRecord, PreImage, StateChange } from "../state.ts";
import { conflictRecord } from "./conflicts.ts";
import type { RunContext } from "./context.ts";
import type { SideOutcome } from "./outcomes.ts";
import type { ReadRecord } from "./records.ts";
import type { WriteItem } from "./write-item.ts";

/** Conflicts and pre-images, durable before anything is overwritten. A conflict that is logged already is not logged again. */
export async function logBefore(context: RunContext, items: readonly WriteItem[]): Promise<StateChange[]> {
  const conflicts: ConflictRecord[] = [];
  const preImages: PreImage[] = [];
  for (const item of items) {
    for (const conflict of item.examined.plan.conflicts) conflicts.push(conflictRecord(context, item.examined, conflict));
    if (item.updates.left) preImages.push(preImage(context, item, "left", item.examined.left!));
    if (item.updates.right) preImages.push(preImage(context, item, "right", item.examined.right!));
  }
  const changes: StateChange[] = [];
  if (conflicts.length > 0) {
    const { state, pair } = context.settings;
    const known = await context.retrying(() => state.read(pair, { collection: "conflict", ids: conflicts.map((conflict) => conflict.id) }));
    const decisions = new Map(known.map((conflict) => [conflict.id, conflict.decision]));
    const fresh = conflicts.filter((conflict) => decisions.get(conflict.id) !== conflict.decision);
    for (const conflict of fresh) context.emit({ type: "conflict", model: conflict.model, id: conflict.id, decision: conflict.decision, rule: conflict.rule });
    if (fresh.length > 0) changes.push({ op: "put", collection: "conflict", records: fresh });
    changes.push(...context.openConflicts.meet(conflicts));
  }
  if (preImages.length > 0) changes.push({ op: "put", collection: "preImage", records: preImages });
  return changes;
}

/** What was certainly not overwritten leaves no pre-image: not the side that was written, nor one whose answer was lost. */
export function dropLogOf(context: RunContext, items: readonly WriteItem[], written: readonly SideOutcome[]): StateChange[] {
  if (items.length === 0) return [];
  const overwritten = new Set(written.flatMap(({ item, side, outcome }) =>
    (outcome.status === "written" || outcome.status === "unknown" ? [preImageId(context, item, side)] : [])));
  const ids = items.flatMap((item) => (["left", "right"] as const).flatMap((side) => (item.updates[side] ? [preImageId(context, item, side)] : [])))
    .filter((id) => !overwritten.has(id));
  return ids.length > 0 ? [{ op: "remove", collection: "preImage", ids }] : [];
}

/** Each attempt has its own: a second one overwrites something else than the first. */
const preImageId = (context: RunContext, { examined }: WriteItem, side: SideName): string =>
  `${context.runId}/${side}/${examined.model.name}/${examined.cloudId}${examined.late ? "/late" : ""}${examined.tries === 0 ? "" : `/${examined.tries}`}`;

function preImage(context: RunContext, item: WriteItem, side: SideName, record: ReadRecord): PreImage {
  const names = item.examined.model[side].fields;
  const values = item.updates[side]!;
  const fields = [...values.keys()].filter((name) => names.includes(name));
  return {
    id: preImageId(context, item, side), run: context.runId, model: item.examined.model.name, cloudId: item.examined.cloudId, side, op: "update",
    key: record.key, fields, values: fields.map((name) => record.row.values[names.indexOf(name)] ?? null), at: context.timestamp(),
  };
}

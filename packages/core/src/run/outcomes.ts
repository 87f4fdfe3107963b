import type { SideName } from "../mapping/pair-model.ts";
import type { ItemOutcome } from "./commit-items.ts";
import type { Problem } from "./records.ts";
import type { WriteItem } from "./write-item.ts";

/** Why an item was refused, and by which side. */
export type SideProblem = Problem & { readonly side: SideName };

/**
 * Linked records of which only one side took its fields: on those both sides agreed, whatever became of the others. Else
 * a later edit of the side they came from would look like a conflict with its own older value.
 */
export function partlyWritten(written: readonly ItemOutcome[]): { item: WriteItem; fields: ReadonlySet<number> }[] {
  return written.flatMap(({ item, side, outcome }) => {
    const { base, plan } = item.examined;
    if (item.outcome === "written" || outcome.status !== "written" || !base) return [];
    return [{ item, fields: new Set((side === "left" ? plan.toLeft : plan.toRight).filter((at) => !plan.custom?.has(at))) }];
  });
}

/** What became of the items, as far as it is known. */
export function takeOutcomes(outcomes: readonly ItemOutcome[], refused: Map<WriteItem, SideProblem>): void {
  for (const { item, side, outcome } of outcomes) {
    if (outcome.status === "stale" || outcome.status === "unknown") item.outcome = "again";
    else if (outcome.status === "refused" && item.outcome !== "again") {
      const { code, constraint, field, cause } = outcome.refusal;
      const who = cause === undefined ? `The ${side} database` : `A hook or validator on the ${side}`;
      item.outcome = "refused";
      refused.set(item, {
        side, code, message: `${who} refused the record${constraint === undefined ? "" : ` (${constraint})`}.`,
        ...(constraint === undefined ? {} : { constraint }), ...(field === undefined ? {} : { field }), ...(cause === undefined ? {} : { thrown: cause }),
      });
    }
  }
}

/** Whoever refers to a record whose link was promised and did not come to be is looked at again, together with it. */
export function holdBackChildren(items: readonly WriteItem[], fine: "pending" | "written"): void {
  const promised = ({ insert, examined }: WriteItem): boolean =>
    insert !== undefined || [examined.left, examined.right].some((record) => record !== undefined && record.cloudId !== examined.cloudId);
  const missing = new Set<string>();
  for (const item of items) if (item.outcome !== fine && promised(item)) missing.add(item.examined.cloudId);
  for (let before = 0; before !== missing.size; ) {
    before = missing.size;
    for (const item of items) {
      const { model, left, right, cloudId } = item.examined;
      if (item.outcome !== fine) continue;
      if (!model.fields.some((field, at) => field.parent !== undefined && [left, right].some((record) => missing.has(record?.meet[at] ?? "")))) continue;
      item.outcome = "again";
      if (promised(item)) missing.add(cloudId);
    }
  }
}

/**
 * Items by how many links to their parents, and to those of these, hang on an update: one that finds its row changed links
 * nothing, and who had been written with it would refer to a record that is perhaps another one by then.
 */
export function linkLevels(items: readonly WriteItem[]): WriteItem[][] {
  const linkedByUpdate = ({ examined, updates }: WriteItem): boolean =>
    (["left", "right"] as const).some((side) => updates[side] !== undefined && examined[side]!.cloudId === null);
  if (!items.some(linkedByUpdate)) return [[...items]];
  const byCloudId = new Map(items.map((item) => [item.examined.cloudId, item]));
  const levels: WriteItem[][] = [];
  const known = new Map<WriteItem, number>();
  const levelOf = (item: WriteItem): number => {
    const before = known.get(item);
    if (before !== undefined) return before;
    known.set(item, 0); // records that refer to each other in a circle have no first
    const { model, left, right } = item.examined;
    const parents = model.fields.flatMap(({ parent }, at) =>
      (parent === undefined ? [] : [left, right].flatMap((record) => byCloudId.get(record?.meet[at] ?? "") ?? [])));
    const level = Math.max(0, ...parents.map((parent) => levelOf(parent) + (linkedByUpdate(parent) ? 1 : 0)));
    known.set(item, level);
    return level;
  };
  for (const item of items) (levels[levelOf(item)] ??= []).push(item);
  return levels.filter((level) => level !== undefined);
}

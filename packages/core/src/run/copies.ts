import type { Key, Row } from "../endpoint.ts";
import { otherSide, type PairModel, type SideName } from "../mapping/pair-model.ts";
import type { RecordPlan } from "../plan/record-plan.ts";
import type { Base } from "../state.ts";
import type { InsertBatch } from "../unit.ts";
import { commitUnit, type ItemOutcome } from "./commit-items.ts";
import type { RunContext } from "./context.ts";
import type { Examined, Examiner } from "./examine.ts";
import { insertFields, keyFromValues, newValues } from "./new-row.ts";
import type { PairModels } from "./pair-models.ts";
import type { ReadRecord } from "./records.ts";
import { needTargets } from "./targets.ts";
import type { RunTracker } from "./tracker.ts";
import { groupByModel, none, type WriteItem } from "./write-item.ts";

/** A new row on its way; `key` is set once it is known. */
interface NewRow {
  key: Key;
  readonly cloudId: string;
  readonly values: InsertBatch["rows"][number]["values"];
}

/**
 * Records of one model that go as they are to a side that holds none of them: nothing is known of any but the row that was read. Of a
 * first copy this is all that is kept until it is written, in place of a `WriteItem` for each.
 */
export interface Copies {
  readonly model: PairModel;
  /** The same for all of them. */
  readonly plan: RecordPlan;
  readonly to: SideName;
  /** As they were read. */
  readonly rows: readonly Row[];
  /** As they are to stand, in the same order. */
  readonly inserts: readonly NewRow[];
  /** What both sides agree on then. */
  readonly bases: readonly Base[];
}

/**
 * Undefined: one of them cannot be written as it is, and each is to be looked at. `plan`: to make them, which is all there is to do
 * about any. Reads parents' keys only.
 */
export async function copiesOf(context: RunContext, models: PairModels, model: PairModel, plan: RecordPlan, records: readonly ReadRecord[]): Promise<Copies | undefined> {
  const to = plan.side!;
  await needTargets(context, model, models, to, records);
  const codec = context.codecOf(model);
  const inserts: NewRow[] = [];
  for (const record of records) {
    const values = newValues(context, model, record);
    if (!Array.isArray(values)) return undefined;
    inserts.push({ key: keyFromValues(model, to, values), cloudId: record.cloudId!, values });
  }
  return { model, plan, to, inserts, rows: records.map(({ row }) => row), bases: records.map(({ cloudId, meet }) => codec.of(cloudId!, meet)) };
}

/** Gives those their keys whose values do not; from now on this run resolves references to these records. */
export async function promiseCopies(context: RunContext, { model, to, inserts }: Copies): Promise<void> {
  const keyless = inserts.filter(({ key }) => key.length === 0);
  if (keyless.length > 0) {
    const keys = await context.retrying(() => model[to].endpoint.allocate(keyless.length));
    keyless.forEach((insert, at) => (insert.key = keys[at]!));
  }
  const identities = context.identities[to];
  for (const { key, cloudId } of inserts) identities.promise(model.name, key, cloudId);
}

/**
 * Commits them as one unit. Undefined: it was written as it is. Otherwise the same records one by one, with what became of each;
 * without that nothing was written, and each is to be tried.
 */
export async function commitCopies(
  context: RunContext, tracker: RunTracker, all: readonly Copies[], examiners: ReadonlyMap<string, Examiner>,
): Promise<{ readonly items: WriteItem[]; readonly written?: readonly ItemOutcome[] } | undefined> {
  // One batch per model, in the order in which they came: parents first.
  const groups = [...groupByModel(all).values()];
  const { to } = all[0]!;
  const result = await commitUnit(context, tracker, to, groups.map((group): InsertBatch => {
    const [{ model, inserts }, ...more] = group as [Copies, ...Copies[]];
    return { op: "insert", model: model[to].name, fields: insertFields(model, to), rows: more.length === 0 ? inserts : group.flatMap((copies) => copies.inserts) };
  }));
  const outcomes = result !== "unknown" && result.committed ? result.outcomes.flat() : undefined;
  if (outcomes?.every((outcome) => outcome.status === "written" && !outcome.after)) return undefined;
  const items = (await Promise.all(groups.flat().map((copies) => itemsOf(copies, examiners.get(copies.model.name)!)))).flat();
  if (result !== "unknown" && !result.committed) return { items };
  return { items, written: items.map((item, at) => ({ item, side: to, outcome: outcomes?.[at] ?? { status: "unknown" } })) };
}

/** The same records one by one, for whoever has to look at each. */
export async function itemsOf({ model, plan, to, rows, inserts }: Copies, examiner: Examiner): Promise<WriteItem[]> {
  const from = otherSide(to);
  const records = await examiner.sides[from].records(rows);
  return records.map((record, at): WriteItem => {
    const { key, cloudId, values } = inserts[at]!;
    const examined: Examined = { model, cloudId, left: undefined, right: undefined, [from]: record, base: undefined, plan, problem: undefined, matchedBy: undefined, tries: 0, late: false };
    // Its parent has gone meanwhile: that is found where it is looked at again.
    const outcome = record.problem || record.waits.length > 0 ? "again" : "pending";
    return { examined, insert: { side: to, key, values }, updates: none, identify: none, after: none, outcome };
  });
}

import type { Decision } from "../engines/conflict-policy.ts";
import { hash64 } from "../hash.ts";
import type { PairModel } from "../mapping/pair-model.ts";
import type { PairRecord, PlannedConflict } from "../plan/record-plan.ts";
import type { ConflictRecord } from "../state.ts";
import type { RunContext } from "./context.ts";
import type { Examined } from "./examine.ts";

/** The same two values of the same field make the same conflict, however often it is met. */
export function conflictId(
  context: RunContext, model: PairModel, cloudId: string, fields: readonly number[], left: PairRecord | undefined, right: PairRecord | undefined,
): string {
  const positions = fields.length > 0 ? fields : model.fields.map((_, at) => at);
  const values = (record: PairRecord | undefined): unknown => record && positions.map((at) => record.meet[at]);
  const content = JSON.stringify([fields.map((at) => model.fields[at]!.name), values(left), values(right)]);
  return `${model.name}/${cloudId}/${hash64(content, context.seed)}`;
}

/**
 * What a record is called in the log. One that no side has named, and that is only to be deleted, has another cloudId in every
 * run, which is never written: it goes by its key.
 */
export function nameInLog(context: RunContext, { model, cloudId, plan, base, left, right }: Examined): string {
  const record = left ?? right;
  if (plan.action !== "delete" || base !== undefined || !record || record.cloudId !== null) return cloudId;
  return hash64(JSON.stringify([record.side, model.name, record.key]), context.seed);
}

/** What a person decided about exactly these values, if anybody has. */
export function decisionFor(
  context: RunContext, model: PairModel, cloudId: string, fields: readonly number[], left: PairRecord | undefined, right: PairRecord | undefined,
): Decision | undefined {
  if (context.decisions.size === 0) return undefined;
  return context.decisions.get(conflictId(context, model, cloudId, fields, left, right))?.decision;
}

/** The log entry of a planned conflict, with both sides' values and the base where it is known. */
export function conflictRecord(context: RunContext, examined: Examined, conflict: PlannedConflict): ConflictRecord {
  const { model, left, right, cloudId } = examined;
  return {
    id: conflictId(context, model, cloudId, conflict.fields, left, right),
    model: model.name, cloudId, kind: conflict.kind, ...valuesOf(examined, conflict.fields),
    ...(left ? { leftKey: left.key } : {}), ...(right ? { rightKey: right.key } : {}),
    rule: conflict.rule, decision: conflict.decision, run: context.runId, at: context.timestamp(),
  };
}

/** The values of these fields (of all, if none is named) on each side that has the record, and what was agreed on last. */
export function valuesOf({ model, left, right, base }: Examined, fields: readonly number[]): Pick<ConflictRecord, "fields" | "base" | "left" | "right"> {
  const positions = fields.length > 0 ? fields : model.fields.map((_, at) => at);
  const known = base?.values && positions.map((at) => base.values![at]);
  return {
    fields: positions.map((at) => model.fields[at]!.name),
    ...(left ? { left: positions.map((at) => left.meet[at]!) } : {}),
    ...(right ? { right: positions.map((at) => right.meet[at]!) } : {}),
    ...(known?.every((value) => value !== undefined) ? { base: known } : {}),
  };
}

import type { PairModel, SideName } from "../mapping/pair-model.ts";
import type { BaseView } from "../plan/base.ts";
import type { RunContext } from "../run/context.ts";
import type { ReadRecord } from "../run/records.ts";
import type { PreImage } from "../state.ts";
import type { Value } from "../value.ts";

/** Why something is left as it is. */
export type KeptReason =
  /** Edited, deleted or made again since: never overwritten. */
  | "edited"
  /** A later run wrote it. */
  | "later-run"
  /** Somebody else's record refers to it. */
  | "child-remains"
  /** The database refused it; `code` says why. */
  | "refused"
  /** Its values were erased. */
  | "erased"
  /** Model or field no longer take part. */
  | "not-mapped";

/** What stood in each field before the run, and what is to be written for that. */
export function valuesBefore(context: RunContext, model: PairModel, images: readonly PreImage[]): Map<string, { value: Value; wrote: string | undefined }> {
  const codec = context.codecOf(model);
  const before = new Map<string, { value: Value; wrote: string | undefined }>();
  for (const { fields, values, wrote } of images) {
    fields.forEach((field, at) => {
      const value = values[at] ?? null;
      const earlier = before.get(field);
      // An attempt that found what an earlier one had written overwrote nobody's value; otherwise it did.
      before.set(field, { value: earlier && earlier.wrote === codec.hash(value) ? earlier.value : value, wrote: wrote?.[at] });
    });
  }
  return before;
}

/**
 * The fields to be written so that this side is what it was before, as long as every one of them is still as the run left
 * it, or is back already.
 */
export function fieldsToRestore(
  context: RunContext, model: PairModel, record: ReadRecord, base: BaseView | undefined, images: readonly PreImage[],
): Map<string, Value> | KeptReason {
  const { side } = record;
  const codec = context.codecOf(model);
  const names = model[side].fields;
  const restore = new Map<string, Value>();
  for (const [field, { value, wrote }] of valuesBefore(context, model, images)) {
    const position = names.indexOf(field);
    if (position < 0) return "not-mapped";
    const now = record.row.values[position] ?? null;
    if (now === value && record.row.faults === undefined) continue;
    if (codec.hash(now) !== wrote && !asAgreed(context, model, record, base, (at) => model.fields[at]![side].names.includes(field))) return "edited";
    restore.set(field, value);
  }
  return restore;
}

/** Whether these fields are as both sides agreed on last: what a database altered is its own side's base. */
export function asAgreed(
  context: RunContext, model: PairModel, record: ReadRecord, base: BaseView | undefined, wanted: (at: number) => boolean = () => true,
): boolean {
  if (!base || record.problem || record.waits.length > 0) return false;
  const codec = context.codecOf(model);
  const positions = model.fields.flatMap((_, at) => (wanted(at) && base[record.side][at] !== undefined ? [at] : []));
  return positions.length > 0 && positions.every((at) => base[record.side][at] === codec.hash(record.meet[at]));
}

/** Whether a row that a run made is still as it left it. A run that was killed has left no base, but the row it copied. */
export function asCreated(context: RunContext, model: PairModel, own: ReadRecord, other: ReadRecord | undefined, base: BaseView | undefined): boolean {
  if (base) return asAgreed(context, model, own, base);
  if (!other || own.problem || other.problem) return false;
  const waiting = new Set([...own.waits, ...other.waits].map(({ at }) => at));
  return model.fields.every((_, at) => waiting.has(at) || own.meet[at] === other.meet[at]);
}

/** The first attempt's: what was agreed on before the run. */
export const baseOf = (images: readonly PreImage[]): PreImage["base"] => images[0]?.base;

export const imagesOf = (images: readonly PreImage[], side: SideName, op: PreImage["op"]): PreImage[] =>
  images.filter((image) => image.side === side && image.op === op);

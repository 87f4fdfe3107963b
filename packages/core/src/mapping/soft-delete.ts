import type { Value } from "../value.ts";
import type { PairModel } from "./pair-model.ts";

/** Deleted as far as the application is concerned: a tombstone, which is kept the same but no longer names anything. */
export function isTombstone({ softDelete }: PairModel, record: { readonly meet: readonly Value[] }): boolean {
  if (softDelete === undefined) return false;
  const value = record.meet[softDelete.at];
  return softDelete.flag ? value === "true" : value !== null && value !== undefined;
}

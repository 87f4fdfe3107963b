import type { Batch, Unit } from "@sync/core";

/** A field that the library's client fills in by itself when a write leaves it out. */
export interface Fill {
  readonly field: string;
  /** With new rows, with changes to rows there are, or with both. */
  readonly on: "insert" | "update" | "write";
  /** As canonical text. */
  value(): string;
}

/** The unit with those fields in it: its rows do not go through the client. */
export function filled(unit: Unit, fills: ReadonlyMap<string, readonly Fill[]>): Unit {
  return { ...unit, batches: unit.batches.map((batch) => filledBatch(batch, fills.get(batch.model) ?? [])) };
}

function filledBatch(batch: Batch, fills: readonly Fill[]): Batch {
  if (batch.op !== "insert" && batch.op !== "update") return batch;
  const missing = fills.filter(({ field, on }) => (on === "write" || on === batch.op) && !batch.fields.includes(field));
  if (missing.length === 0) return batch;
  const fields = [...batch.fields, ...missing.map(({ field }) => field)];
  const values = (): string[] => missing.map((fill) => fill.value());
  if (batch.op === "insert") return { ...batch, fields, rows: batch.rows.map((row) => ({ ...row, values: [...row.values, ...values()] })) };
  return { ...batch, fields, rows: batch.rows.map((row) => ({ ...row, values: [...row.values, ...values()] })) };
}

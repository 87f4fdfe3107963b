import type { Batch, DeleteBatch, IdentifyBatch, InsertBatch, Key, UpdateBatch } from "@sync/core";
import { SyncError } from "@sync/core";
import type { SqlColumn, Table } from "./model.ts";
import { quoted } from "./model.ts";
import { encodeValue } from "./refusal.ts";
import { at } from "./select.ts";

/** The columns an insert fills and its rows as texts: the key, the cloudId, then the other fields. */
export interface InsertRows {
  readonly columns: readonly SqlColumn[];
  /** Position of the cloudId in each row. */
  readonly cloudId: number;
  readonly rows: readonly (readonly (string | null)[])[];
}

/** The rows of an update as texts: the key, the revision, which fields are supplied, then the fields. */
export interface UpdateRows {
  readonly columns: readonly SqlColumn[];
  /** Per column: every row supplies it, some do, or none does. */
  readonly supplied: readonly ("all" | "some" | "none")[];
  readonly revision: number;
  readonly mask: number;
  readonly first: number;
  /** Position of a cloudId for the side table, where any row is given one. */
  readonly cloudId: number | undefined;
  readonly rows: readonly (readonly (string | null)[])[];
}

function keyTexts(table: Table, key: Key): (string | null)[] {
  return table.keys.map((column, i) => encodeValue(table, column, key[i]!));
}

function columnsOf(table: Table, fields: readonly string[]): SqlColumn[] {
  return fields.map((field) => {
    const column = table.column.get(field);
    if (column) return column;
    throw new SyncError("ENDPOINT.UNKNOWN_FIELD", `${table.model.name} has no field ${field}`, { model: table.model.name, field });
  });
}

export function insertRows(table: Table, batch: InsertBatch): InsertRows {
  const given = columnsOf(table, batch.fields);
  // The key and the cloudId have places of their own.
  const others = given.flatMap((column, i) => (table.keys.includes(column) || column === table.cloudId ? [] : [i]));
  return {
    columns: [...table.keys, ...(table.cloudId ? [table.cloudId] : []), ...others.map((i) => given[i]!)],
    cloudId: table.keys.length,
    rows: batch.rows.map((row) => [
      ...keyTexts(table, row.key),
      table.cloudId ? encodeValue(table, table.cloudId, row.cloudId) : row.cloudId,
      ...others.map((i) => encodeValue(table, given[i]!, row.values[i] ?? null)),
    ]),
  };
}

export function updateRows(table: Table, batch: UpdateBatch): UpdateRows {
  const given = columnsOf(table, batch.fields);
  const identified = batch.rows.some((row) => row.cloudId !== undefined);
  // A cloudId of the model is written like any other field; else it stands behind the values, for the side table.
  const columns = identified && table.cloudId && !given.includes(table.cloudId) ? [...given, table.cloudId] : given;
  const counts = columns.map(() => 0);
  const keyed = table.keys.length;
  const rows = batch.rows.map((row) => {
    let mask = "";
    const values = columns.map((column, i) => {
      const value = column === table.cloudId && row.cloudId !== undefined ? row.cloudId : row.values[i];
      mask += value === undefined ? "0" : "1";
      if (value === undefined) return null;
      counts[i]! += 1;
      return encodeValue(table, column, value);
    });
    return [...keyTexts(table, row.key), row.revision, mask, ...values, ...(identified && !table.cloudId ? [row.cloudId ?? null] : [])];
  });
  return {
    columns,
    supplied: counts.map((count) => (count === 0 ? "none" : count === rows.length ? "all" : "some")),
    revision: keyed,
    mask: keyed + 1,
    first: keyed + 2,
    cloudId: identified && !table.cloudId ? keyed + 2 + columns.length : undefined,
    rows,
  };
}

/** What an update does besides to columns that count updates. */
export function counted(table: Table, given: readonly SqlColumn[]): string[] {
  return table.columns.filter((column) => column.counts && !given.includes(column)).map((column) => `${quoted(column.column)} = ${at(column)} + 1`);
}

/** The key, then the revision. */
export function deleteRows(table: Table, batch: DeleteBatch): readonly (readonly (string | null)[])[] {
  return batch.rows.map((row) => [...keyTexts(table, row.key), row.revision]);
}

/** The key, the new cloudId, the one it had. */
export function identifyRows(table: Table, batch: IdentifyBatch): readonly (readonly (string | null)[])[] {
  const cloudId = (value: string | null): string | null => (table.cloudId ? encodeValue(table, table.cloudId, value) : value);
  return batch.rows.map((row) => [...keyTexts(table, row.key), cloudId(row.cloudId), cloudId(row.was)]);
}

/** The cloudId that an insert or update gives to row `i`, if it gives one. */
export function cloudIdFor(batch: Batch, i: number): string | undefined {
  return batch.op === "insert" || batch.op === "update" ? batch.rows[i]!.cloudId : undefined;
}

/** The key that row `i` has once the batch is written: an update may change it. */
export function keyAfter(table: Table, batch: Batch, i: number): Key {
  const key = batch.rows[i]!.key;
  if (batch.op !== "update") return key;
  const values = batch.rows[i]!.values;
  return key.map((part, k) => {
    const given = batch.fields.indexOf(table.keys[k]!.field);
    return (given >= 0 ? values[given] : undefined) ?? part;
  });
}

/** What an earlier batch of the same unit left in a row, per column of the table: one text if it wrote that column. */
export type Prior = readonly (readonly [] | readonly [string | null])[];

/**
 * Per batch and row: what earlier batches of the unit wrote to it. Such a row no longer has the revision it was read
 * with; it is recognised by what was written.
 */
export function priorWrites(batches: readonly Batch[], tableFor: (model: string) => Table): readonly (readonly (Prior | undefined)[])[] {
  if (!touchesTwice(batches)) return batches.map(() => []);
  const seen = new Map<string, Map<string, string | null>>();
  return batches.map((batch) => {
    const table = tableFor(batch.model);
    const found = batch.rows.map((row): Prior | undefined => {
      const before = seen.get(JSON.stringify([batch.model, row.key]));
      return before && table.columns.map((column) => (before.has(column.field) ? [before.get(column.field)!] : []));
    });
    batch.rows.forEach((row, i) => {
      const id = JSON.stringify([batch.model, keyAfter(table, batch, i)]);
      if (batch.op === "insert") seen.set(id, new Map());
      if (batch.op !== "update") return;
      const before = seen.get(JSON.stringify([batch.model, row.key])) ?? new Map<string, string | null>();
      const written = batch.fields.flatMap((field, f) => {
        const value = batch.rows[i]!.values[f];
        return value === undefined ? [] : [[field, encodeValue(table, table.column.get(field)!, value)] as const];
      });
      if (written.length > 0) seen.set(id, new Map([...before, ...written]));
    });
    return found;
  });
}

/** Whether any row of the unit is written by more than one of its batches. */
export function touchesTwice(batches: readonly Batch[]): boolean {
  const perModel = new Map<string, number>();
  for (const { model } of batches) perModel.set(model, (perModel.get(model) ?? 0) + 1);
  const seen = new Set<string>();
  for (const batch of batches) {
    if (perModel.get(batch.model) === 1) continue;
    for (const row of batch.rows) {
      const id = JSON.stringify([batch.model, row.key]);
      if (seen.has(id)) return true;
      seen.add(id);
    }
  }
  return false;
}

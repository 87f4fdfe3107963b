import type { Batch, ChildRows, DeleteBatch } from "@sync/core";
import type { Syntax, WritableTable } from "./dialect.ts";
import type { Statement } from "./executor.ts";
import { quoted, type Table } from "./model.ts";
import { encodeValue } from "./refusal.ts";
import { at, tuple } from "./select.ts";

/** A condition on a row of `t`, behind `and`, and what it takes as parameters from number `first` on. */
export interface Condition {
  readonly and: string;
  readonly params: readonly string[];
}

/** That no row refers to it but those that are known. */
export function childless(batch: Batch, table: Table, tables: ReadonlyMap<string, WritableTable>, syntax: Syntax, first: number): Condition {
  const params: string[] = [];
  const conditions = childrenIn(batch).map(({ model, fields, known }) => {
    const child = tables.get(model)!.table;
    const own = (column: string): string => `c.${quoted(column)}`;
    const refers = table.keys.map((key, i) => `${at(key)} = ${own(child.column.get(fields[i]!)!.column)}`);
    if (child.filter) refers.push(`${own(child.filter.column)} = ${child.filter.value}`);
    if (known.length > 0) {
      params.push(JSON.stringify(known.map((key) => child.keys.map((column, i) => encodeValue(child, column, key[i]!)))));
      const keys = child.keys.map((column, i) => column.write(syntax.item(i))).join(", ");
      refers.push(`${tuple(child.keys.map(({ column }) => own(column)))} not in (select ${keys} from ${syntax.rows(syntax.param(first + params.length - 1))})`);
    }
    return ` and not exists (select 1 from ${child.sql} c where ${refers.join(" and ")})`;
  });
  return { and: conditions.join(""), params };
}

/** Whether anything that a batch of the unit looks for is written by another one: what that one does has to be seen. */
export function looksForWritten(batches: readonly Batch[]): boolean {
  return batches.some((batch) => childrenIn(batch).some(({ model }) => batches.some((other) => other !== batch && other.model === model)));
}

/**
 * Rows that a batch is about to delete, locked. Whoever is about to hang a child under one of them has locked it too, and is
 * waited for; whoever comes later waits. Only a statement that begins after this one sees all children.
 */
export function lockParents(batch: DeleteBatch, table: Table, syntax: Syntax): Statement {
  const rows = batch.rows.map(({ key }) => table.keys.map((column, i) => encodeValue(table, column, key[i]!)));
  const same = table.keys.map((column, i) => `${at(column)} = ${column.write(syntax.item(i))}`).join(" and ");
  const locked = `select 1 from ${syntax.rows(syntax.param(1))}, ${table.sql} t where ${same} for update of t`;
  return { sql: `with locked as (${locked}) select count(*)::text as c0 from locked`, params: [JSON.stringify(rows)] };
}

export function childrenIn(batch: Batch): readonly ChildRows[] {
  return batch.op === "delete" ? (batch.children ?? []) : [];
}

import type { Batch, ChildRows, Key } from "@sync/core";
import type { Syntax, WritableTable } from "./dialect.ts";
import type { Statement } from "./executor.ts";
import { quoted, type Table } from "./model.ts";
import { encodeValue } from "./refusal.ts";
import { at, tuple } from "./select.ts";

/** A condition, behind `and`, and what it takes as parameters. */
export interface Condition {
  readonly and: string;
  readonly params: readonly string[];
}

/**
 * That no row refers to the one whose key these expressions give, but those that are known; the parameters are numbered from `first`
 * on. All children are looked for at once: without an index that is one scan.
 */
export function childless(
  batch: Batch, table: Table, key: readonly string[], tables: ReadonlyMap<string, WritableTable>, syntax: Syntax, first: number,
): Condition {
  const params: string[] = [];
  const keysAmong = ({ keys }: Table, wanted: readonly Key[]): string => {
    params.push(JSON.stringify(wanted.map((each) => keys.map((column, i) => column.encode(each[i]!)))));
    return `select ${keys.map((column, i) => column.write(syntax.item(i))).join(", ")} from ${syntax.rows(syntax.param(first + params.length - 1))}`;
  };
  const conditions = childrenIn(batch).map(({ model, fields, known }) => {
    const child = tables.get(model)!.table;
    const own = (column: string): string => `c.${quoted(column)}`;
    const refers = fields.map((field) => own(child.column.get(field)!.column));
    const where = [`${tuple(refers)} in (${keysAmong(table, batch.rows.map((row) => row.key))})`];
    if (child.filter) where.push(`${own(child.filter.column)} = ${child.filter.value}`);
    if (known.length > 0) where.push(`${tuple(child.keys.map(({ column }) => own(column)))} not in (${keysAmong(child, known)})`);
    return ` and ${tuple(key)} not in (select distinct ${refers.join(", ")} from ${child.sql} c where ${where.join(" and ")})`;
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
export function lockParents(batch: Batch, table: Table, syntax: Syntax): Statement {
  const rows = batch.rows.map(({ key }) => table.keys.map((column, i) => encodeValue(table, column, key[i]!)));
  const same = table.keys.map((column, i) => `${at(column)} = ${column.write(syntax.item(i))}`).join(" and ");
  const locked = `select 1 from ${syntax.rows(syntax.param(1))}, ${table.sql} t where ${same} for update of t`;
  return { sql: `with locked as (${locked}) select count(*)::text as c0 from locked`, params: [JSON.stringify(rows)] };
}

export function childrenIn(batch: Batch): readonly ChildRows[] {
  return batch.op === "delete" ? (batch.children ?? []) : [];
}

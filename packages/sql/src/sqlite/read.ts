import type { TextRow } from "../executor.ts";
import type { RowReader, SideTables } from "../dialect.ts";
import type { Table } from "../model.ts";
import { rowDecoder } from "../row.ts";
import { at, cloudIdOf } from "../select.ts";
import { sqliteSyntax } from "./syntax.ts";

/**
 * All columns but the cloudId, each as the SQL literal that says its type and exact value; then the cloudId. The literals
 * joined are the revision, so a row is compared by what is stored and never by what a driver made of it.
 */
export function sqliteReader(table: Table, fields: readonly string[], sides: SideTables): RowReader {
  const columns = table.columns.filter((column) => column !== table.cloudId);
  const expressions = [...columns.map((column) => column.read(at(column))), cloudIdOf(table, sides, sqliteSyntax)];
  const last = columns.length;
  return {
    expressions,
    select: expressions.map((expression, i) => `${expression} as c${i}`).join(", "),
    row: rowDecoder({
      table,
      fields,
      position: (column) => (column === table.cloudId ? last : columns.indexOf(column)),
      cloudId: last,
      absent: "NULL",
      revision: (texts) => joined(texts, last),
    }),
  };
}

/** SQL for the revision of the row `t`: the same text that `sqliteReader` makes out of the row's literals. */
export function revisionOf(table: Table): string {
  const columns = table.columns.filter((column) => column !== table.cloudId);
  return columns.map((column) => column.read(at(column))).join(`||','||`);
}

function joined(texts: TextRow, count: number): string {
  let text = texts[0]!;
  for (let i = 1; i < count; i += 1) text += "," + texts[i]!;
  return text;
}

import type { RowReader } from "../dialect.ts";
import type { Table } from "../model.ts";
import { rowDecoder } from "../row.ts";
import { aliased, at, cloudIdOf } from "../select.ts";
import { sqliteSyntax } from "./syntax.ts";

/**
 * Two texts per row: the revision, and the cloudId. The revision is a JSON array of all columns but the cloudId, so it is
 * also what the values are read from. A row is compared by what is stored, never by what a driver made of it.
 */
export function sqliteReader(table: Table, fields: readonly string[], identity: string | undefined): RowReader {
  const columns = table.columns.filter((column) => column !== table.cloudId);
  const expressions = [revisionOf(table), cloudIdOf(table, identity, sqliteSyntax)];
  const last = columns.length;
  const decode = rowDecoder({
    table,
    fields,
    position: (column) => (column === table.cloudId ? last : columns.indexOf(column)),
    cloudId: last,
    revision: (texts) => texts[last + 1]!,
  });
  return {
    expressions,
    select: aliased(expressions),
    joined: aliased([expressions[0]!, "i.cloud_id"]),
    row([revision, cloudId]) {
      const texts = JSON.parse(revision!) as (string | null)[];
      texts.push(cloudId!, revision!);
      return decode(texts);
    },
  };
}

/** SQL for the revision of the row `t`. */
export function revisionOf(table: Table): string {
  const columns = table.columns.filter((column) => column !== table.cloudId);
  return `json_array(${columns.map((column) => column.read(at(column))).join(", ")})`;
}

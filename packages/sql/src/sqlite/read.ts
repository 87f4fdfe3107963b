import type { Row } from "@sync/core";
import type { RowReader } from "../dialect.ts";
import type { TextRow } from "../executor.ts";
import type { Table } from "../model.ts";
import { rowDecoder } from "../row.ts";
import { aliased, at, cloudIdOf } from "../select.ts";
import { asHex, encodingOf, fromHex, isUnsure } from "./bytes.ts";
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
  const row = (revision: string, cloudId: string | null): Row => {
    const texts = JSON.parse(revision) as (string | null)[];
    texts.push(cloudId, revision);
    return decode(texts);
  };
  const joined = [expressions[0]!, "i.cloud_id"];
  const bytes = expressions.map(asHex);
  return {
    expressions,
    select: aliased(expressions),
    joined: aliased(joined),
    row: ([revision, cloudId]) => row(revision!, cloudId!),
    bytewise: {
      expressions: bytes,
      select: aliased(bytes),
      joined: aliased(joined.map(asHex)),
      isNeeded: (texts: TextRow) => isUnsure(texts[0]!) || isUnsure(texts[1]!),
      row([revision, cloudId]) {
        const encoding = encodingOf(revision!);
        return row(fromHex(revision!, encoding), cloudId === null ? null : fromHex(cloudId!, encoding));
      },
    },
  };
}

/** SQL for the revision of the row `t`. */
export function revisionOf(table: Table): string {
  const columns = table.columns.filter((column) => column !== table.cloudId);
  return `json_array(${columns.map((column) => column.read(at(column))).join(", ")})`;
}

import type { RowReader } from "../dialect.ts";
import type { Table } from "../model.ts";
import { rowDecoder } from "../row.ts";
import { aliased, at, cloudIdOf } from "../select.ts";
import { postgresSyntax } from "./syntax.ts";

/** Key columns, cloudId, `xmin`, then the fields that are not in the key. */
export function postgresReader(table: Table, fields: readonly string[], identity: string | undefined): RowReader {
  const columns = [...table.keys];
  for (const field of fields) {
    const column = table.column.get(field)!;
    if (!columns.includes(column)) columns.push(column);
  }
  const keyed = table.keys.length;
  const reads = columns.map((column) => column.read(at(column)));
  const list = (cloudId: string): string[] => [...reads.slice(0, keyed), cloudId, "t.xmin::text", ...reads.slice(keyed)];
  const expressions = list(cloudIdOf(table, identity, postgresSyntax));
  return {
    expressions,
    select: aliased(expressions),
    joined: aliased(list("i.cloud_id")),
    row: rowDecoder({
      table,
      fields,
      position: (column) => {
        const index = columns.indexOf(column);
        return index < keyed ? index : index + 2;
      },
      cloudId: keyed,
      revision: (texts) => texts[keyed + 1]!,
    }),
  };
}

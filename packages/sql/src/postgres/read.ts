import type { RowReader } from "../dialect.ts";
import type { Table } from "../model.ts";
import { rowDecoder } from "../row.ts";
import { at, cloudIdOf } from "../select.ts";
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
  const expressions = [...reads.slice(0, keyed), cloudIdOf(table, identity, postgresSyntax), "t.xmin::text", ...reads.slice(keyed)];
  return {
    expressions,
    select: expressions.map((expression, i) => `${expression} as c${i}`).join(", "),
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

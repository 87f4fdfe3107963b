import type { Key } from "@sync/core";
import type { Executor } from "../executor.ts";
import type { Table } from "../model.ts";

/** Reserves numbers of the key column's sequence; what is not used stays a gap, as after any rollback. */
export async function allocate(executor: Executor, table: Table, count: number): Promise<readonly Key[]> {
  const { keyMaker } = table;
  const column = table.keys[0]!;
  const named = typeof keyMaker === "object";
  // In a select of its own the sequence is looked up once, not for every number.
  const sequence = named ? "$1::text::regclass" : "(select pg_get_serial_sequence($1::text, $2::text)::regclass)";
  const [row] = await executor.query({
    sql: `select string_agg(nextval(${sequence})::text, ' ') as c0 from generate_series(1, $${named ? 2 : 3}::text::int)`,
    params: named ? [keyMaker.sequence, String(count)] : [table.sql, column.column, String(count)],
  });
  return (row![0] ?? "").split(" ").map((text) => [column.decode(text)]);
}

import type { Key } from "@sync/core";
import type { Executor } from "../executor.ts";
import type { Table } from "../model.ts";
import { literal, quoted } from "../model.ts";

/** The highest key given so far, per executor and table: SQLite reserves nothing, so two calls must not meet here. */
const given = new WeakMap<Executor, Map<string, bigint>>();

/**
 * The next rowids, above every row and above what AUTOINCREMENT remembers. Nothing keeps the application from taking one
 * of them before our insert; the insert is refused by the primary key then, and fresh ones can be asked for.
 */
export async function allocate(executor: Executor, table: Table, count: number): Promise<readonly Key[]> {
  const column = table.keys[0]!;
  const [autoincrement] = await executor.query({
    sql: "select 1 as c0 from sqlite_master where type = 'table' and name = 'sqlite_sequence'",
    params: [],
  });
  const highest = `ifnull((select max(${quoted(column.column)}) from ${table.sql}), 0)`;
  const remembered = `ifnull((select max(seq) from sqlite_sequence where name = ${literal(table.name)}), 0)`;
  const [row] = await executor.query({
    sql: `select cast(${autoincrement ? `max(${highest}, ${remembered})` : highest} as text) as c0`,
    params: [],
  });
  // From here on without waiting, so that calls at the same time cannot be given the same keys.
  let tables = given.get(executor);
  if (!tables) given.set(executor, (tables = new Map()));
  const before = tables.get(table.sql) ?? 0n;
  const stored = BigInt(row![0]!);
  const start = stored > before ? stored : before;
  tables.set(table.sql, start + BigInt(count));
  return Array.from({ length: count }, (_, i) => [String(start + BigInt(i + 1))]);
}

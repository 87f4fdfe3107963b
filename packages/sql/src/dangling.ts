import type { Key, Unit } from "@sync/core";
import { encodeValue } from "./refusal.ts";
import type { SideTables, Syntax } from "./dialect.ts";
import type { Executor, Statement } from "./executor.ts";
import { literal, type Table } from "./model.ts";
import { at, only } from "./select.ts";

/**
 * Identities outlive rows that the application deletes by itself. When one stands in the way of a unit it is removed,
 * and the unit can be tried again. True if there was one; an identity whose row is there is never touched.
 */
export async function forgetDangling(
  executor: Executor,
  unit: Unit,
  tableFor: (model: string) => Table,
  sides: SideTables,
  syntax: Syntax,
): Promise<boolean> {
  const statements = unit.batches.flatMap((batch) => {
    const table = tableFor(batch.model);
    if (table.cloudId || batch.op === "delete") return [];
    const rows = batch.rows.flatMap(({ key, cloudId }) =>
      cloudId === undefined ? [] : [[cloudId, ...table.keys.map((column, i) => encodeValue(table, column, key[i]!))]],
    );
    return rows.length === 0 ? [] : [forget(table, rows, sides, syntax)];
  });
  if (statements.length === 0) return false;
  const answers = await executor.atomic(statements);
  return answers.some((removed) => removed.length > 0);
}

/** Identities of rows that were deleted otherwise than by a unit's own statement. */
export async function forgetRows(executor: Executor, table: Table, keys: readonly Key[], sides: SideTables, syntax: Syntax): Promise<void> {
  const rows = keys.map((key) => [null, ...table.keys.map((column, i) => encodeValue(table, column, key[i]!))]);
  await executor.query(forget(table, rows, sides, syntax));
}

function forget(table: Table, rows: readonly (readonly (string | null)[])[], sides: SideTables, syntax: Syntax): Statement {
  const json = JSON.stringify(rows);
  const cloudIds = `select ${syntax.item(0)} from ${syntax.rows(syntax.param(1))}`;
  const keys = `select ${syntax.localKey(table.keys, table.keys.map((column, i) => column.write(syntax.item(i + 1))))} from ${syntax.rows(syntax.param(2))}`;
  const stands = table.keys.map((column, i) => `${at(column)} = ${syntax.fromLocalKey(table.keys, i, "i.local_key")}`).join(" and ");
  return {
    sql:
      `delete from ${sides.identity} as i where i.model = ${literal(table.model.name)}` +
      ` and (${syntax.oneOf("i.cloud_id", cloudIds)} or ${syntax.oneOf("i.local_key", keys)})` +
      ` and not exists (select 1 from ${table.sql} t where ${stands}${only(table, "and")}) returning '1' as c0`,
    params: [json, json],
  };
}

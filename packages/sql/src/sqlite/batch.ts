import type { Batch, IdentifyBatch } from "@sync/core";
import { counted, deleteRows, identifyRows, insertRows, type Prior, updateRows, type UpdateRows } from "../batch.ts";
import { childless } from "../children.ts";
import type { SideTables, WritableTable } from "../dialect.ts";
import type { Statement } from "../executor.ts";
import { literal, quoted, type SqlColumn, type Table } from "../model.ts";
import { at, tuple } from "../select.ts";
import { isWellFormed } from "../well-formed.ts";
import { fromHexSql, toHex } from "./bytes.ts";
import { revisionOf } from "./read.ts";
import { sqliteSyntax } from "./syntax.ts";

const { item, localKey } = sqliteSyntax;

/** Statements of one batch, in order. */
export interface Statements {
  readonly before?: readonly Statement[];
  /** Gives the keys of the rows written, or their images. */
  readonly write: Statement;
  readonly afterwards?: readonly Statement[];
}

/** What a batch needs beyond its own rows. */
export interface BatchContext {
  readonly table: Table;
  /** All of the database: rows of others may refer to those of this one. */
  readonly tables: ReadonlyMap<string, WritableTable>;
  readonly sides: SideTables;
  /** What is answered of each row, of the table as `t`. */
  readonly returns: string;
  /** A trigger may keep rows back. */
  readonly mayBeKeptBack: boolean;
  /** Nobody has changed the rows since they were compared. */
  readonly locked?: true | undefined;
  /** Per row, what earlier batches of the unit wrote to it. */
  readonly priors: readonly (Prior | undefined)[];
}

export function statementsFor(batch: Batch, { table, tables, sides, returns, mayBeKeptBack, locked, priors }: BatchContext): Statements {
  const input = sqliteSyntax.rows("?");
  const model = literal(table.model.name);
  const key = localKey(table.keys, table.keys.map((column, i) => column.write(item(i))));
  const sameKey = table.keys.map((column, i) => `${at(column)} = ${column.write(item(i))}`).join(" and ");
  const keyed = table.keys.length;
  switch (batch.op) {
    case "insert": {
      const { columns, cloudId, rows } = insertRows(table, batch);
      const json = JSON.stringify(rows);
      const values = columns.map((column, i) => column.write(item(table.cloudId || i < cloudId ? i : i + 1)));
      // `where true`: else the parser takes a following clause for a join condition.
      const insert = `insert into ${table.sql} (${names(columns)}) select ${values.join(", ")} from ${input} where true order by r.key returning ${unaliased(table, returns)}`;
      // A trigger may have kept rows back.
      const stands = !mayBeKeptBack ? "true" : `exists (select 1 from ${table.sql} t where ${sameKey})`;
      const identity = `insert into ${sides.identity} (model, cloud_id, local_key) select ${model}, ${item(cloudId)}, ${key} from ${input} where ${stands}`;
      return { write: { sql: insert, params: [json] }, afterwards: table.cloudId ? [] : [{ sql: identity, params: [json] }] };
    }
    case "update":
      return updateStatements(table, updateRows(table, batch), locked, priors, returns, sides);
    case "delete": {
      const { json, guard } = guarded(table, deleteRows(table, batch), keyed, priors);
      const free = childless(batch, table, table.keys.map(at), tables, sqliteSyntax, 2);
      const doomed = `select ${table.keys.map(at).join(", ")} from ${input} cross join ${table.sql} t where ${sameKey} and ${guard}${free.and}`;
      const remove = `delete from ${table.sql} where ${tuple(table.keys.map((column) => quoted(column.column)))} in (${doomed}) returning ${unaliased(table, returns)}`;
      const write: Statement = { sql: remove, params: [json, ...free.params] };
      if (table.cloudId) return { write };
      const forget =
        `delete from ${sides.identity} where model = ${model} and local_key in (select ${key} from ${input}` +
        ` where not exists (select 1 from ${table.sql} t where ${sameKey}))`;
      return { write, afterwards: [{ sql: forget, params: [json] }] };
    }
    default:
      return identifyStatements(table, batch, returns, sides);
  }
}

function updateStatements(
  table: Table,
  batch: UpdateRows,
  locked: true | undefined,
  priors: BatchContext["priors"],
  returns: string,
  sides: SideTables,
): Statements {
  const input = sqliteSyntax.rows("?");
  const { json, guard } = locked ? { json: JSON.stringify(batch.rows), guard: "true" } : guarded(table, batch.rows, batch.revision, priors);
  const sets = batch.columns.flatMap((column, i) => {
    const value = column.write(item(batch.first + i));
    if (batch.supplied[i] === "none") return [];
    if (batch.supplied[i] === "all") return [`${quoted(column.column)} = ${value}`];
    return [`${quoted(column.column)} = case when substr(${item(batch.mask)}, ${i + 1}, 1) = '1' then ${value} else ${at(column)} end`];
  });
  if (sets.length > 0) sets.push(...counted(table, batch.columns));
  const where = [
    ...table.keys.map((column, i) => `${at(column)} = ${column.write(item(i))}`),
    guard,
    ...(batch.cloudId === undefined ? [] : [unnamed(table, batch.cloudId, sides)]),
  ].join(" and ");
  // Under the same guard, which the update itself takes away.
  const before = batch.cloudId === undefined ? [] : [identifyUpdated(table, batch.cloudId, where, json, sides)];
  if (sets.length === 0) return { before, write: { sql: `select ${returns} from ${input} cross join ${table.sql} t where ${where}`, params: [json] } };
  const write: Statement = {
    sql: unaliased(table, `update ${table.sql} set ${sets.join(", ")} from ${input} where ${where} returning ${returns}`),
    params: [json],
  };
  const moves = !table.cloudId && batch.columns.some((column) => table.keys.includes(column));
  return { before, write, afterwards: moves ? [moveIdentity(table, batch, json, sides)] : [] };
}

/** Nobody has given the row another cloudId since it was read: the row's own values do not tell. */
function unnamed(table: Table, cloudId: number, sides: SideTables): string {
  const key = localKey(table.keys, table.keys.map((column, i) => column.write(item(i))));
  return `not exists (select 1 from ${sides.identity} i where i.model = ${literal(table.model.name)} and i.local_key = ${key} and i.cloud_id <> ${item(cloudId)})`;
}

/** The rows as JSON, and the condition that a row is as it was read, or as an earlier batch of this unit left it. */
function guarded(
  table: Table,
  rows: readonly (readonly (string | null)[])[],
  revision: number,
  priors: BatchContext["priors"],
): { readonly json: string; readonly guard: string } {
  // A column outside the sync may hold what is no UTF-8.
  const bytewise = !rows.every((row) => isWellFormed(row[revision]!));
  const sent = bytewise ? rows.map((row) => row.with(revision, toHex(row[revision]!))) : rows;
  const unmoved = `${revisionOf(table)} = ${bytewise ? fromHexSql(item(revision)) : item(revision)}`;
  if (priors.every((prior) => prior === undefined)) return { json: JSON.stringify(sent), guard: unmoved };
  const prior = item(rows[0]!.length);
  const asWritten = table.columns.map((column, i) => {
    const text = `(${prior}->${i}->>0)`;
    return `(json_array_length(${prior}, '$[${i}]') = 0 or ${at(column)} is ${column.write(text)})`;
  });
  return {
    json: JSON.stringify(sent.map((row, i) => [...row, priors[i] ? JSON.stringify(priors[i]) : null])),
    guard: `case when ${prior} is null then ${unmoved} else ${asWritten.join(" and ")} end`,
  };
}

function identifyUpdated(table: Table, cloudId: number, where: string, json: string, sides: SideTables): Statement {
  const key = localKey(table.keys, table.keys.map((column, i) => column.write(item(i))));
  return {
    sql:
      `insert into ${sides.identity} (model, cloud_id, local_key) select ${literal(table.model.name)}, ${item(cloudId)}, ${key}` +
      ` from ${sqliteSyntax.rows("?")} cross join ${table.sql} t where ${where} and ${item(cloudId)} is not null on conflict (model, local_key) do nothing`,
    params: [json],
  };
}

/** A new key of a row takes its identity along; a row that was stale still stands under its old key and is left alone. */
function moveIdentity(table: Table, batch: UpdateRows, json: string, sides: SideTables): Statement {
  const old = table.keys.map((column, i) => column.write(item(i)));
  const fresh = table.keys.map((column, i) => {
    const given = batch.columns.indexOf(column);
    if (given < 0) return old[i]!;
    return `case when substr(${item(batch.mask)}, ${given + 1}, 1) = '1' then ${column.write(item(batch.first + given))} else ${old[i]} end`;
  });
  const stands = (values: readonly string[]): string =>
    `exists (select 1 from ${table.sql} t where ${table.keys.map((column, i) => `${at(column)} = ${values[i]}`).join(" and ")})`;
  return {
    sql:
      `update ${sides.identity} as i set local_key = ${localKey(table.keys, fresh)} from ${sqliteSyntax.rows("?")}` +
      ` where i.model = ${literal(table.model.name)} and i.local_key = ${localKey(table.keys, old)} and ${stands(fresh)} and not ${stands(old)}`,
    params: [json],
  };
}

function identifyStatements(table: Table, batch: IdentifyBatch, returns: string, sides: SideTables): Statements {
  const json = JSON.stringify(identifyRows(table, batch));
  const input = sqliteSyntax.rows("?");
  const keyed = table.keys.length;
  const sameKey = table.keys.map((column, i) => `${at(column)} = ${column.write(item(i))}`).join(" and ");
  if (table.cloudId) {
    const { cloudId } = table;
    return {
      write: {
        sql: unaliased(
          table,
          `update ${table.sql} set ${quoted(cloudId.column)} = ${cloudId.write(item(keyed))} from ${input}` +
            ` where ${sameKey} and ${at(cloudId)} is ${cloudId.write(item(keyed + 1))} returning ${returns}`,
        ),
        params: [json],
      },
    };
  }
  const model = literal(table.model.name);
  const key = localKey(table.keys, table.keys.map((column, i) => column.write(item(i))));
  const stands = `exists (select 1 from ${table.sql} t where ${sameKey})`;
  const insert =
    `insert into ${sides.identity} (model, cloud_id, local_key) select ${model}, ${item(keyed)}, ${key} from ${input}` +
    ` where ${item(keyed + 1)} is null and ${stands} on conflict (model, local_key) do nothing`;
  if (batch.rows.every(({ was }) => was === null)) {
    const given = table.keys.map((column, i) => `${column.read(sqliteSyntax.fromLocalKey(table.keys, i, "local_key"))} as c${i}`).join(", ");
    return { write: { sql: `${insert} returning ${given}`, params: [json] } };
  }
  const keys = table.keys.map((column, i) => `${column.read(column.write(item(i)))} as c${i}`).join(", ");
  return {
    // What is about to be done, asked first: afterwards a row given its cloudId now looks like one that had it.
    write: {
      sql:
        `select ${keys} from ${input} where ${stands} and ${item(keyed + 1)} is` +
        ` (select i.cloud_id from ${sides.identity} i where i.model = ${model} and i.local_key = ${key})`,
      params: [json],
    },
    afterwards: [
      {
        sql:
          `update ${sides.identity} as i set cloud_id = ${item(keyed)} from ${input}` +
          ` where i.model = ${model} and i.local_key = ${key} and i.cloud_id = ${item(keyed + 1)} and ${stands}`,
        params: [json],
      },
      { sql: insert, params: [json] },
    ],
  };
}

function names(columns: readonly SqlColumn[]): string {
  return columns.map((column) => quoted(column.column)).join(", ");
}

/** RETURNING knows the table by its own name only. */
function unaliased(table: Table, expression: string): string {
  return expression.replaceAll('t."', `${quoted(table.name)}."`);
}

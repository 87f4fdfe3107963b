import type { Batch, Key, Row, Unit } from "@sync/core";
import { cloudIdFor, deleteRows, identifyRows, insertRows, keyAfter, updateRows } from "../batch.ts";
import type { RowReader, SideTables, UnitOutcome, WritableTable } from "../dialect.ts";
import type { Executor, Statement, TextRow } from "../executor.ts";
import { leaseLost } from "../lease.ts";
import type { SqlColumn, Table } from "../model.ts";
import { literal, quoted } from "../model.ts";
import { at, lookup, tuple } from "../select.ts";
import { revisionOf, sqliteReader } from "./read.ts";
import { sqliteSyntax } from "./syntax.ts";

const { item, localKey } = sqliteSyntax;

/** Statements of one batch, in order. */
interface Statements {
  readonly before?: readonly Statement[];
  /** Gives the keys of the rows written, or their images. */
  readonly write: Statement;
  readonly then?: readonly Statement[];
}

interface Target {
  readonly batch: Batch;
  readonly table: Table;
  readonly after: WritableTable["after"];
  readonly reader: RowReader;
  readonly statements: Statements;
}

/**
 * The unit as an array of statements. The first takes the write lock and undoes everything by a broken constraint when
 * the fence is not ours. RETURNING cannot see the input here, so rows are known by their keys.
 */
export async function commitUnit(
  executor: Executor,
  unit: Unit,
  tables: ReadonlyMap<string, WritableTable>,
  sides: SideTables,
  database: string,
): Promise<UnitOutcome> {
  const targets = unit.batches.map((batch) => targetOf(batch, tables.get(batch.model)!, sides));
  const fence: Statement = {
    sql: `update ${sides.database} set fence = case when fence = cast(? as integer) then fence else -1 end returning 1 as c0`,
    params: [String(unit.fence)],
  };
  const rereads = targets.map(({ after, batch, table, reader }) =>
    after === "reread" ? lookup(table, reader, table.keys, batch.rows.map((_, i) => keyAfter(table, batch, i)), sqliteSyntax) : undefined,
  );
  const answers = await executor.atomic([
    fence,
    ...targets.flatMap(({ statements: { before, write, then } }) => [...(before ?? []), write, ...(then ?? [])]),
    ...rereads.filter((statement) => statement !== undefined),
  ]);
  if (answers[0]!.length === 0) throw leaseLost(database);

  let next = 1;
  const results = targets.map((target) => {
    const { before, then } = target.statements;
    const answer = answers[next + (before?.length ?? 0)]!;
    next += (before?.length ?? 0) + 1 + (then?.length ?? 0);
    return written(target, answer);
  });
  targets.forEach((target, i) => {
    if (!rereads[i]) return;
    const found = imagesOf(target, answers[next++]!);
    results[i] = results[i]!.map((done, r) => (done ? found.get(JSON.stringify(keyAfter(target.table, target.batch, r))) : undefined));
  });
  return { transaction: unit.id, written: results };
}

function targetOf(batch: Batch, { table, after }: WritableTable, sides: SideTables): Target {
  const reader = sqliteReader(table, table.model.fields.map((field) => field.name), sides.identity);
  const image = batch.op === "insert" || batch.op === "update" ? after : "sent";
  return { batch, table, after: image, reader, statements: statementsFor(batch, table, image, returning(table, reader, image), sides) };
}

/** Keys as the reader spells them, or the whole row. */
function returning(table: Table, reader: RowReader, image: WritableTable["after"]): string {
  const expressions = image === "returned" ? reader.expressions : table.keys.map((column) => column.read(at(column)));
  return expressions.map((expression, i) => `${unaliased(table, expression)} as c${i}`).join(", ");
}

/** RETURNING knows the table by its own name only. */
function unaliased(table: Table, expression: string): string {
  return expression.replaceAll('t."', `${quoted(table.name)}."`);
}

function statementsFor(batch: Batch, table: Table, image: WritableTable["after"], returns: string, sides: SideTables): Statements {
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
      const insert = `insert into ${table.sql} (${names(columns)}) select ${values.join(", ")} from ${input} where true order by r.key returning ${returns}`;
      // A trigger may have kept rows back.
      const stands = image === "sent" ? "true" : `exists (select 1 from ${table.sql} t where ${sameKey})`;
      const identity = `insert into ${sides.identity} (model, cloud_id, local_key) select ${model}, ${item(cloudId)}, ${key} from ${input} where ${stands}`;
      return { write: { sql: insert, params: [json] }, then: table.cloudId ? [] : [{ sql: identity, params: [json] }] };
    }
    case "update":
      return updateStatements(table, updateRows(table, batch), returns, sides);
    case "delete": {
      const json = JSON.stringify(deleteRows(table, batch));
      const doomed = `select ${table.keys.map(at).join(", ")} from ${input} cross join ${table.sql} t where ${sameKey} and ${revisionOf(table)} = ${item(keyed)}`;
      const remove = `delete from ${table.sql} where ${tuple(table.keys.map((column) => quoted(column.column)))} in (${doomed}) returning ${returns}`;
      if (table.cloudId) return { write: { sql: remove, params: [json] } };
      const forget =
        `delete from ${sides.identity} where model = ${model} and local_key in (select ${key} from ${input}` +
        ` where not exists (select 1 from ${table.sql} t where ${sameKey}))`;
      return { write: { sql: remove, params: [json] }, then: [{ sql: forget, params: [json] }] };
    }
    case "identify":
      return identifyStatements(table, JSON.stringify(identifyRows(table, batch)), returns, sides);
  }
}

function updateStatements(table: Table, batch: ReturnType<typeof updateRows>, returns: string, sides: SideTables): Statements {
  const input = sqliteSyntax.rows("?");
  const json = JSON.stringify(batch.rows);
  const sets = batch.columns.flatMap((column, i) => {
    const value = column.write(item(batch.first + i));
    if (batch.supplied[i] === "none") return [];
    if (batch.supplied[i] === "all") return [`${quoted(column.column)} = ${value}`];
    return [`${quoted(column.column)} = case when substr(${item(batch.mask)}, ${i + 1}, 1) = '1' then ${value} else ${at(column)} end`];
  });
  const where = [
    ...table.keys.map((column, i) => `${at(column)} = ${column.write(item(i))}`),
    `${revisionOf(table)} = ${item(batch.revision)}`,
  ].join(" and ");
  // Under the same guard, which the update itself takes away.
  const before = batch.cloudId === undefined ? [] : [identifyUpdated(table, batch.cloudId, where, json, sides)];
  if (sets.length === 0) {
    const keys = table.keys.map((column, i) => `${column.read(at(column))} as c${i}`).join(", ");
    return { before, write: { sql: `select ${keys} from ${input} cross join ${table.sql} t where ${where}`, params: [json] } };
  }
  const write: Statement = {
    sql: unaliased(table, `update ${table.sql} set ${sets.join(", ")} from ${input} where ${where} returning ${returns}`),
    params: [json],
  };
  const moves = !table.cloudId && batch.columns.some((column) => table.keys.includes(column));
  return { before, write, then: moves ? [moveIdentity(table, batch, json, sides)] : [] };
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
function moveIdentity(table: Table, batch: ReturnType<typeof updateRows>, json: string, sides: SideTables): Statement {
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

function identifyStatements(table: Table, json: string, returns: string, sides: SideTables): Statements {
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
  const keys = table.keys.map((column, i) => `${column.read(column.write(item(i)))} as c${i}`).join(", ");
  return {
    // What is about to be done, asked first: afterwards a row given its cloudId now looks like one that had it.
    write: {
      sql:
        `select ${keys} from ${input} where ${stands} and ${item(keyed + 1)} is` +
        ` (select i.cloud_id from ${sides.identity} i where i.model = ${model} and i.local_key = ${key})`,
      params: [json],
    },
    then: [
      {
        sql:
          `update ${sides.identity} as i set cloud_id = ${item(keyed)} from ${input}` +
          ` where i.model = ${model} and i.local_key = ${key} and i.cloud_id = ${item(keyed + 1)} and ${stands}`,
        params: [json],
      },
      {
        sql:
          `insert into ${sides.identity} (model, cloud_id, local_key) select ${model}, ${item(keyed)}, ${key} from ${input}` +
          ` where ${item(keyed + 1)} is null and ${stands} on conflict (model, local_key) do nothing`,
        params: [json],
      },
    ],
  };
}

function names(columns: readonly SqlColumn[]): string {
  return columns.map((column) => quoted(column.column)).join(", ");
}

function written(target: Target, answer: readonly TextRow[]): (true | Row | undefined)[] {
  const { batch, table } = target;
  if (target.after === "returned") {
    const found = imagesOf(target, answer);
    return batch.rows.map((_, i) => {
      const image = found.get(JSON.stringify(keyAfter(table, batch, i)));
      // The identity row of an insert came after it.
      const given = cloudIdFor(batch, i);
      return image && given !== undefined ? { ...image, cloudId: given } : image;
    });
  }
  if (answer.length === batch.rows.length) return batch.rows.map(() => true);
  const keys = new Set(answer.map((texts) => JSON.stringify(table.keys.map((column, i) => column.decode(texts[i]!)))));
  const done = (key: Key): true | undefined => (keys.has(JSON.stringify(key)) ? true : undefined);
  return batch.rows.map((_, i) => done(keyAfter(table, batch, i)));
}

function imagesOf({ reader }: Target, answer: readonly TextRow[]): Map<string, Row> {
  return new Map(answer.map((texts) => {
    const row = reader.row(texts);
    return [JSON.stringify(row.key), row] as const;
  }));
}

import type { Batch, Row, Unit } from "@sync/core";
import { cloudIdFor, counted, deleteRows, identifyRows, insertRows, keyAfter, touchesTwice, updateRows } from "../batch.ts";
import { childless, childrenIn, type Condition, lockParents, looksForWritten } from "../children.ts";
import { worthCopying } from "../copy-in.ts";
import type { RowReader, SideTables, UnitOutcome, WritableTable } from "../dialect.ts";
import type { Executor, Statement, TextRow } from "../executor.ts";
import { leaseLost } from "../lease.ts";
import type { SqlColumn, Table } from "../model.ts";
import { literal, quoted } from "../model.ts";
import { at, lookup, only } from "../select.ts";
import { copyable, copyIdentities, copyUnit, identifiable } from "./copy.ts";
import { postgresReader } from "./read.ts";
import { postgresSyntax } from "./syntax.ts";

const { item, localKey } = postgresSyntax;

/** One batch as common table expressions: `b<i>` gives one row per row written, with its ordinal as `n`. */
interface Part {
  readonly ctes: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
}

/** What every part needs to know. */
interface Context {
  readonly sides: SideTables;
  readonly index: number;
  /** `from` items that hold the fence and make this batch wait for the one before it. */
  readonly after: string;
  /** Also accept a row that this very unit has already written. */
  readonly twice: boolean;
  /** Of a delete: nobody refers to the row. */
  readonly childless: Condition;
}

/**
 * The whole unit as one statement: the fence under a row lock first, then a data-modifying expression per batch, each
 * waiting for the one before. Several statements go into one transaction only when a row is written by two batches, which
 * one statement cannot do, when rows have to be read again at the end, or when rows go that others may refer to: these are
 * locked first, for what a statement sees is older than its own locks.
 */
export async function commitUnit(
  executor: Executor,
  unit: Unit,
  tables: ReadonlyMap<string, WritableTable>,
  sides: SideTables,
  database: string,
): Promise<UnitOutcome> {
  const inserts = copyable(unit, tables);
  const identities = identifiable(unit, tables);
  if ((inserts ?? identities) && await worthCopying(executor, unit.batches.reduce((sum, batch) => sum + batch.rows.length, 0))) {
    if (inserts) return await copyUnit(executor, unit, inserts, tables, sides, database);
    const copied = await copyIdentities(executor, unit, identities!, tables, sides, database);
    if (copied) return copied;
  }
  const twice = touchesTwice(unit.batches) || looksForWritten(unit.batches);
  const targets = unit.batches.map((batch) => {
    const { table, after, locked } = tables.get(batch.model)!;
    // A delete leaves nothing to look at; an identify changes nothing but the cloudId.
    const image = batch.op === "insert" || batch.op === "update" ? after : "sent";
    // What the statement gives by itself it cannot see yet.
    const isNamed = image === "returned" && batch.rows.every((_, i) => cloudIdFor(batch, i) !== undefined);
    const reader = postgresReader(table, table.model.fields.map((field) => field.name), isNamed ? undefined : sides.identity);
    return { batch, table, after: image, locked, reader };
  });
  const groups = twice ? targets.map((target) => [target]) : [targets];
  const locks = targets.flatMap(({ batch, table }) => (childrenIn(batch).length > 0 ? [lockParents(batch, table, postgresSyntax)] : []));
  const statements = [...locks, ...groups.map((group) => statementFor(unit.fence, group, tables, sides, twice))];
  const rereads = targets.flatMap((target) => (target.after === "reread" && target.batch.rows.length > 0 ? [target] : []));
  for (const { batch, table, reader } of rereads) {
    const keys = batch.rows.map((_, i) => keyAfter(table, batch, i));
    statements.push(lookup(table, reader, table.keys, keys, postgresSyntax));
  }
  const answers = statements.length === 1 ? [await executor.query(statements[0]!)] : (await executor.atomic(statements)).slice(locks.length);

  const [fence] = answers[0]!;
  if (!fence || fence[1] !== "1") throw leaseLost(database);
  const results = groups.flatMap((group, g) => group.map((target, i) => written(target, answers[g]![i + 1]!)));
  rereads.forEach((target, i) => {
    const found = new Map(answers[groups.length + i]!.map((texts) => {
      const row = target.reader.row(texts);
      return [JSON.stringify(row.key), row] as const;
    }));
    const result = results[targets.indexOf(target)]!;
    for (let r = 0; r < result.length; r += 1) {
      if (result[r]) result[r] = found.get(JSON.stringify(keyAfter(target.table, target.batch, r)));
    }
  });
  return { transaction: fence[2]!, written: results };
}

interface Target {
  readonly batch: Batch;
  readonly table: Table;
  readonly after: WritableTable["after"];
  readonly locked: true | undefined;
  readonly reader: RowReader;
}

function statementFor(
  fence: number, targets: readonly Target[], tables: ReadonlyMap<string, WritableTable>, sides: SideTables, twice: boolean,
): Statement {
  const ctes = [`fence as (select 1 as held from ${sides.database} where fence = $1::text::bigint and runner is not null for share)`];
  const answers = ["select 'fence' as c0, (select count(*) from fence)::text as c1, pg_current_xact_id()::xid::text as c2"];
  const params: string[] = [String(fence)];
  targets.forEach((target, index) => {
    const { batch, table } = target;
    const after = index === 0 ? "fence" : `fence, (select count(*) from b${index - 1}) p`;
    // On the input, not on the table: the planner would read the whole of that.
    const condition = childless(batch, table, table.keys.map((column, i) => column.write(item(i))), tables, postgresSyntax, params.length + 2);
    const part = partFor(target, { sides, index, after, twice, childless: condition });
    const input = `b${index}_in as materialized (select r.v, r.n from ${postgresSyntax.rows(postgresSyntax.param(params.length + 1))})`;
    params.push(JSON.stringify(part.rows), ...condition.params);
    const images = target.after === "returned";
    ctes.push(input, ...part.ctes);
    const list = images
      ? "json_agg(image)::text"
      : `case when count(*) = ${batch.rows.length} then null else json_agg(n)::text end`;
    answers.push(`select '${index}', count(*)::text, ${list} from b${index}`);
  });
  return { sql: `with ${ctes.join(",\n")}\n${answers.join("\nunion all ")}`, params };
}

function partFor(target: Target, context: Context): Part {
  const { batch, table } = target;
  const image = target.after === "returned" ? `json_build_array(${target.reader.expressions.join(", ")}) as image` : "";
  switch (batch.op) {
    case "insert": {
      const { columns, cloudId, rows } = insertRows(table, batch);
      return insertPart(table, columns, cloudId, rows, image, target.after !== "sent", context);
    }
    case "update":
      return updatePart(table, updateRows(table, batch), image, target.locked, context);
    case "delete":
      return deletePart(table, deleteRows(table, batch), context);
    default:
      return identifyPart(table, identifyRows(table, batch), context);
  }
}

function insertPart(
  table: Table,
  columns: readonly SqlColumn[],
  cloudId: number,
  rows: Part["rows"],
  image: string,
  mayBeKeptBack: boolean,
  { sides, index, after }: Context,
): Part {
  // The cloudId has a place in every row; without a column of its own it goes to the side table alone.
  const values = columns.map((column, i) => column.write(item(table.cloudId || i < cloudId ? i : i + 1)));
  const names = [...columns.map((column) => quoted(column.column)), ...(table.filter ? [quoted(table.filter.column)] : [])];
  if (table.filter) values.push(table.filter.value);
  const returning = [image || "0 as n", ...(mayBeKeptBack ? [`${localKey(table.keys, table.keys.map(at))} as local_key`] : [])];
  const ctes = [
    `b${index} as (insert into ${table.sql} as t (${names.join(", ")})` +
      ` overriding system value select ${values.join(", ")} from b${index}_in r, ${after} order by r.n returning ${returning.join(", ")})`,
  ];
  if (!table.cloudId) {
    const key = localKey(table.keys, table.keys.map((column, i) => column.write(item(i))));
    const stored = mayBeKeptBack ? ` where ${key} in (select local_key from b${index})` : "";
    ctes.push(
      `b${index}_id as (insert into ${sides.identity} (model, cloud_id, local_key)` +
        ` select ${literal(table.model.name)}, ${item(cloudId)}, ${key} from b${index}_in r, ${after}${stored})`,
    );
  }
  return { ctes, rows };
}

function updatePart(table: Table, batch: ReturnType<typeof updateRows>, image: string, locked: true | undefined, context: Context): Part {
  const { sides, index, after, twice } = context;
  const sets = batch.columns.flatMap((column, i) => {
    const supplied = batch.supplied[i]!;
    if (supplied === "none") return [];
    const value = column.write(item(batch.first + i));
    return [
      supplied === "all"
        ? `${quoted(column.column)} = ${value}`
        : `${quoted(column.column)} = case when substr(${item(batch.mask)}, ${i + 1}, 1) = '1' then ${value} else ${at(column)} end`,
    ];
  });
  if (sets.length > 0) sets.push(...counted(table, batch.columns));
  const guard = `${locked ? "true" : guarded(batch.revision, twice)}${batch.cloudId === undefined ? "" : ` and ${unnamed(table, batch.cloudId, sides)}`}`;
  const keys = table.keys.map((column, i) => `${at(column)} = ${column.write(item(i))}`).join(" and ") + only(table, "and");
  const moved = !table.cloudId && batch.columns.some((column) => table.keys.includes(column));
  const returning = [
    "r.n",
    ...(image === "" ? [] : [image]),
    ...(moved || batch.cloudId !== undefined ? [`${localKey(table.keys, table.keys.map(at))} as local_key`] : []),
  ].join(", ");
  const input = `b${index}_in r, ${after} where ${keys} and ${guard}`;
  const ctes = [
    // Nothing supplied at all: the guard still has to be answered.
    sets.length === 0
      ? `b${index} as (select ${returning} from ${table.sql} t, ${input})`
      : `b${index} as (update ${table.sql} t set ${sets.join(", ")} from ${input} returning ${returning})`,
  ];
  if (moved) {
    const old = localKey(table.keys, table.keys.map((column, i) => column.write(item(i))));
    ctes.push(
      `b${index}_id as (update ${sides.identity} i set local_key = m.local_key from b${index} m join b${index}_in r on r.n = m.n` +
        ` where i.model = ${literal(table.model.name)} and i.local_key = ${old} and m.local_key <> i.local_key)`,
    );
  }
  if (batch.cloudId !== undefined) {
    const cloudId = item(batch.cloudId);
    ctes.push(
      `b${index}_new as (insert into ${sides.identity} (model, cloud_id, local_key) select ${literal(table.model.name)}, ${cloudId}, m.local_key` +
        ` from b${index} m join b${index}_in r on r.n = m.n where ${cloudId} is not null on conflict (model, local_key) do nothing)`,
    );
  }
  return { ctes, rows: batch.rows };
}

function deletePart(table: Table, rows: Part["rows"], { sides, index, after, twice, childless: condition }: Context): Part {
  const keys = table.keys.map((column, i) => `${at(column)} = ${column.write(item(i))}`).join(" and ") + only(table, "and");
  const key = table.cloudId ? "" : `, ${localKey(table.keys, table.keys.map(at))} as local_key`;
  const ctes = [
    `b${index} as (delete from ${table.sql} t using b${index}_in r, ${after} where ${keys} and ${guarded(table.keys.length, twice)}${condition.and} returning r.n${key})`,
  ];
  if (!table.cloudId) {
    ctes.push(
      `b${index}_id as (delete from ${sides.identity} i using b${index} m where i.model = ${literal(table.model.name)} and i.local_key = m.local_key)`,
    );
  }
  return { ctes, rows };
}

function identifyPart(table: Table, rows: Part["rows"], { sides, index, after }: Context): Part {
  const keyed = table.keys.length;
  const keys = table.keys.map((column, i) => `${at(column)} = ${column.write(item(i))}`).join(" and ") + only(table, "and");
  if (table.cloudId) {
    const { cloudId } = table;
    const ctes = [
      `b${index} as (update ${table.sql} t set ${quoted(cloudId.column)} = ${cloudId.write(item(keyed))} from b${index}_in r, ${after}` +
        ` where ${keys} and ${at(cloudId)} is not distinct from ${cloudId.write(item(keyed + 1))} returning r.n)`,
    ];
    return { ctes, rows };
  }
  const model = literal(table.model.name);
  const key = localKey(table.keys, table.keys.map((column, i) => column.write(item(i))));
  const ctes = [
    `b${index}_new as (insert into ${sides.identity} (model, cloud_id, local_key) select ${model}, ${item(keyed)}, ${key}` +
      ` from b${index}_in r, ${after} where ${item(keyed + 1)} is null and exists (select from ${table.sql} t where ${keys})` +
      ` on conflict (model, local_key) do nothing returning local_key)`,
  ];
  const given = `select r.n from b${index}_in r join b${index}_new m on m.local_key = ${key}`;
  if (rows.every((row) => row[keyed + 1] === null)) return { ctes: [...ctes, `b${index} as (${given})`], rows };
  ctes.push(
    `b${index}_old as (update ${sides.identity} i set cloud_id = ${item(keyed)} from b${index}_in r, ${after}` +
      ` where i.model = ${model} and i.local_key = ${key} and i.cloud_id = ${item(keyed + 1)}` +
      ` and exists (select from ${table.sql} t where ${keys}) returning r.n)`,
    `b${index} as (${given} union all select n from b${index}_old)`,
  );
  return { ctes, rows };
}

/** Nobody has given the row another cloudId since it was read: the row's own version does not tell. */
function unnamed(table: Table, cloudId: number, sides: SideTables): string {
  const key = localKey(table.keys, table.keys.map(at));
  return `not exists (select from ${sides.identity} i where i.model = ${literal(table.model.name)} and i.local_key = ${key} and i.cloud_id <> ${item(cloudId)})`;
}

function guarded(revision: number, twice: boolean): string {
  const same = `t.xmin::text = ${item(revision)}`;
  return twice ? `(${same} or t.xmin = pg_current_xact_id()::xid)` : same;
}

/** Per row of the batch: written as sent, written and returned, or not written. */
function written(target: Target, answer: TextRow): (true | Row | undefined)[] {
  const { batch, table, reader } = target;
  const list = answer[2] === null ? null : (JSON.parse(answer[2]!) as unknown[]);
  if (target.after === "returned") {
    const found = new Map((list ?? []).map((texts) => {
      const row = reader.row(texts as TextRow);
      return [JSON.stringify(row.key), row] as const;
    }));
    return batch.rows.map((_, i) => {
      const image = found.get(JSON.stringify(keyAfter(table, batch, i)));
      // The statement does not see the identity row that it writes itself.
      const given = cloudIdFor(batch, i);
      return image && given !== undefined ? { ...image, cloudId: given } : image;
    });
  }
  if (answer[1] === String(batch.rows.length)) return batch.rows.map(() => true);
  // Inserts know no ordinals. Where a trigger may keep rows back they are read again, and that decides.
  if (batch.op === "insert") return batch.rows.map(() => (target.after === "reread" ? true : undefined));
  const ordinals = new Set((list ?? []).map(Number));
  return batch.rows.map((_, i) => (ordinals.has(i + 1) ? true : undefined));
}

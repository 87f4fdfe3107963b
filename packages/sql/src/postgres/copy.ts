import type { IdentifyBatch, InsertBatch, Unit } from "@sync/core";
import { identifyRows, insertRows } from "../batch.ts";
import { lines } from "../copy-in.ts";
import type { SideTables, UnitOutcome, WritableTable } from "../dialect.ts";
import { sqlState } from "../errors.ts";
import type { CopyIn, Executor, Statement } from "../executor.ts";
import { leaseLost } from "../lease.ts";
import { literal, quoted, type Table } from "../model.ts";
import { at, only } from "../select.ts";
import { postgresSyntax } from "./syntax.ts";

type Inserts = readonly InsertBatch[];

/** The batches, if all of the unit can go by COPY: inserts only, into tables that keep exactly what they are sent. */
export function copyable(unit: Unit, tables: ReadonlyMap<string, WritableTable>): Inserts | undefined {
  const inserts = unit.batches.filter((batch) => batch.op === "insert");
  if (inserts.length < unit.batches.length) return undefined;
  const exact = inserts.every(({ model }) => {
    const { table, after } = tables.get(model)!;
    return after === "sent" && !table.filter && !table.columns.some((column) => column.customWrite);
  });
  return exact ? inserts : undefined;
}

/** One transaction: the fence, then rows and identities streamed table by table. Undefined: the lease is lost. */
export async function copyUnit(
  executor: Executor,
  unit: Unit,
  inserts: Inserts,
  tables: ReadonlyMap<string, WritableTable>,
  sides: SideTables,
  database: string,
): Promise<UnitOutcome> {
  const steps = inserts.flatMap((batch) => stepsFor(tables.get(batch.model)!.table, batch, sides));
  return await inTransaction(executor, unit, steps, sides, database);
}

/** Everything of the unit is written, or an error is thrown. */
export async function inTransaction(
  executor: Executor,
  unit: Pick<Unit, "fence"> & { readonly batches: readonly { readonly rows: readonly unknown[] }[] },
  steps: readonly (Statement | CopyIn)[],
  sides: SideTables,
  database: string,
): Promise<UnitOutcome> {
  const guard: Statement = {
    sql: `select pg_current_xact_id()::xid::text as c0 from ${sides.database} where fence = $1::text::bigint and runner is not null for share`,
    params: [String(unit.fence)],
  };
  const answers = await executor.copyTransaction!(guard, steps);
  if (!answers) throw leaseLost(database);
  return { transaction: answers[0]![0]![0]!, written: unit.batches.map((batch) => batch.rows.map(() => true as const)) };
}

/** The batches, if the unit does nothing but give cloudIds to rows that have none, and their keys' texts are known here. */
export function identifiable(unit: Unit, tables: ReadonlyMap<string, WritableTable>): readonly IdentifyBatch[] | undefined {
  const batches = unit.batches.filter((batch) => batch.op === "identify");
  const known = batches.every(({ model, rows }) => {
    const { table } = tables.get(model)!;
    return !table.cloudId && table.keys.length === 1 && PLAIN_KEYS.has(table.keys[0]!.type) && rows.every(({ was }) => was === null);
  });
  return known && batches.length === unit.batches.length ? batches : undefined;
}

/**
 * CloudIds for many rows at once, in the hope that none of these has one and all of them are still there: streamed, then the
 * rows are counted. Undefined, and nothing written: it is not so, and each has to be looked at.
 */
export async function copyIdentities(
  executor: Executor,
  unit: Unit,
  batches: readonly IdentifyBatch[],
  tables: ReadonlyMap<string, WritableTable>,
  sides: SideTables,
  database: string,
): Promise<UnitOutcome | undefined> {
  const steps = batches.flatMap((batch): (Statement | CopyIn)[] => {
    const { table } = tables.get(batch.model)!;
    const rows = identifyRows(table, batch);
    const [key] = table.keys;
    const { item, oneOf, param, rows: from } = postgresSyntax;
    const all = `count(*) = ${rows.length}`;
    return [
      { copy: `copy ${sides.identity} (model, cloud_id, local_key) from stdin`, chunks: lines(rows, ([local, cloudId]) => [table.model.name, cloudId!, local!]) },
      {
        // Fails where a row is gone, and so takes the whole transaction back.
        sql: `select (1 / (case when ${all} then 1 else 0 end))::text as c0 from ${table.sql} t` +
          ` where ${oneOf(at(key!), `select ${key!.write(item(0))} from ${from(param(1))}`)}${only(table, "and")}`,
        params: [JSON.stringify(rows.map(([local]) => [local]))],
      },
    ];
  });
  try {
    return await inTransaction(executor, unit, steps, sides, database);
  } catch (error) {
    if (NOT_SO.has(sqlState(error) ?? "")) return undefined;
    throw error;
  }
}

/** A cloudId or a key is taken; a row is gone. */
const NOT_SO: ReadonlySet<string> = new Set(["23505", "22012"]);

function stepsFor(table: Table, batch: InsertBatch, sides: SideTables): (Statement | CopyIn)[] {
  const { columns, cloudId, rows } = insertRows(table, batch);
  const names = columns.map((column) => quoted(column.column)).join(", ");
  const into = `copy ${table.sql} (${names}) from stdin`;
  if (table.cloudId) return [{ copy: into, chunks: lines(rows, (row) => row) }];
  const model = table.model.name;
  const data: CopyIn = { copy: into, chunks: lines(rows, (row) => row.toSpliced(cloudId, 1)) };
  if (table.keys.length === 1 && PLAIN_KEYS.has(table.keys[0]!.type)) {
    const identities: CopyIn = {
      copy: `copy ${sides.identity} (model, cloud_id, local_key) from stdin`,
      chunks: lines(rows, (row) => [model, row[cloudId]!, row[0]!]),
    };
    return [data, identities];
  }
  const { item, localKey, param, rows: from } = postgresSyntax;
  const key = localKey(table.keys, table.keys.map((column, i) => column.write(item(i))));
  const identities: Statement = {
    sql: `insert into ${sides.identity} (model, cloud_id, local_key) select ${literal(model)}, ${item(cloudId)}, ${key} from ${from(param(1))}`,
    params: [JSON.stringify(rows.map((row) => row.slice(0, cloudId + 1)))],
  };
  return [data, identities];
}

/** Types whose canonical text is the one that Postgres makes of a value, so that the key's text is known here. */
const PLAIN_KEYS: ReadonlySet<string> = new Set(["int2", "int4", "int8", "text", "varchar", "uuid"]);

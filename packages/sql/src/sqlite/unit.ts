import type { Batch, Key, Row, Unit } from "@sync/core";
import { cloudIdFor, keyAfter, type Prior, priorWrites } from "../batch.ts";
import type { RowReader, SideTables, UnitOutcome, WritableTable } from "../dialect.ts";
import type { Executor, Statement, TextRow } from "../executor.ts";
import { leaseLost } from "../lease.ts";
import type { Table } from "../model.ts";
import { aliased, at, lookup } from "../select.ts";
import { type Statements, statementsFor } from "./batch.ts";
import { sqliteReader } from "./read.ts";
import { goesByRecord, type InTurn, recordStep, type Step } from "./records.ts";
import { sqliteSyntax } from "./syntax.ts";

interface Target {
  readonly batch: Batch;
  readonly table: Table;
  readonly after: WritableTable["after"];
  readonly reader: RowReader;
  readonly statements: Pick<Statements, "before" | "afterwards"> & { readonly write: Step };
}

/**
 * The unit as an array of statements. The first takes the write lock and undoes everything by a broken constraint when
 * the fence is not ours. RETURNING cannot see the input here, so rows are known by their keys. `inTurn`: a library writes the
 * records, in the same turn; its rows are read again, since it may have altered them.
 */
export async function commitUnit(
  executor: Executor,
  unit: Unit,
  tables: ReadonlyMap<string, WritableTable>,
  sides: SideTables,
  database: string,
  inTurn?: InTurn,
): Promise<UnitOutcome> {
  const priors = priorWrites(unit.batches, (model) => tables.get(model)!.table);
  const targets = unit.batches.map((batch, i) => targetOf(batch, tables, priors[i]!, sides, inTurn));
  const fence: Statement = {
    sql: `update ${sides.database} set fence = case when fence = cast(? as integer) and runner is not null then fence else -1 end returning 1 as c0`,
    params: [String(unit.fence)],
  };
  const rereads = targets.map(({ after, batch, table, reader }) =>
    after === "reread" ? lookup(table, reader, table.keys, batch.rows.map((_, i) => keyAfter(table, batch, i)), sqliteSyntax) : undefined,
  );
  const steps: Step[] = [
    fence,
    ...targets.flatMap(({ statements: { before, write, afterwards } }) => [...(before ?? []), write, ...(afterwards ?? [])]),
    ...rereads.filter((statement) => statement !== undefined),
  ];
  const answers = inTurn
    ? await executor.inTurn!((query) => steps.map((step) => (typeof step === "function" ? step(query) : query(step))))
    : await executor.atomic(steps as Statement[]);
  if (answers[0]!.length === 0) throw leaseLost(database);

  let next = 1;
  const results = targets.map((target) => {
    const { before, afterwards } = target.statements;
    const answer = answers[next + (before?.length ?? 0)]!;
    next += (before?.length ?? 0) + 1 + (afterwards?.length ?? 0);
    return written(target, answer);
  });
  targets.forEach((target, i) => {
    if (!rereads[i]) return;
    const found = imagesOf(target, answers[next++]!);
    results[i] = results[i]!.map((done, r) => (done ? found.get(JSON.stringify(keyAfter(target.table, target.batch, r))) : undefined));
  });
  return { transaction: unit.id, written: results };
}

function targetOf(
  given: Batch,
  tables: ReadonlyMap<string, WritableTable>,
  priors: readonly (Prior | undefined)[],
  sides: SideTables,
  inTurn: InTurn | undefined,
): Target {
  const { table, after, locked } = tables.get(given.model)!;
  const byRecord = goesByRecord(given, table, inTurn);
  const batch = byRecord || !inTurn ? given : inTurn.fill(given);
  // An after-image is asked for once, so at once byte by byte.
  const reader = sqliteReader(table, table.model.fields.map((field) => field.name), sides.identity).bytewise!;
  const image = batch.op === "insert" || batch.op === "update" ? (byRecord ? "reread" : after) : "sent";
  const context = { table, tables, sides, returns: answered(table, reader, image), mayBeKeptBack: image !== "sent", locked, priors };
  const statements = statementsFor(batch, context);
  return { batch, table, after: image, reader, statements: byRecord ? { ...statements, write: recordStep(given, context, inTurn!) } : statements };
}

/** Keys as the reader spells them, or the whole row. */
function answered(table: Table, reader: RowReader, image: WritableTable["after"]): string {
  const expressions = image === "returned" ? reader.expressions : table.keys.map((column) => column.read(at(column)));
  return aliased(expressions);
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

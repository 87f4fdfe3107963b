import type { Batch, DeleteBatch, UpdateBatch } from "@sync/core";
import { childless } from "../children.ts";
import type { Query, Statement, TextRow } from "../executor.ts";
import { changeReader, dataReader, inPortions, movesKeys, newRecords, refusedBy, type TurnWriter } from "../records.ts";
import type { Table } from "../model.ts";
import { at } from "../select.ts";
import { type BatchContext, statementsFor } from "./batch.ts";
import { sqliteSyntax } from "./syntax.ts";

/** What is done with a unit's records within its one turn. */
export interface InTurn {
  readonly writer: TurnWriter;
  /** What a batch in bulk has to bring along. */
  readonly fill: (batch: Batch) => Batch;
}

export type RecordBatch = Exclude<Batch, { op: "identify" }>;
export type Step = Statement | ((query: Query) => readonly TextRow[]);

export function goesByRecord(batch: Batch, table: Table, inTurn: InTurn | undefined): batch is RecordBatch {
  return inTurn?.writer.writes(batch.model) === true && batch.op !== "identify" && !movesKeys(table, batch);
}

/**
 * Writes a batch through the library, and answers as the one statement would that stands for it otherwise: one row per row that
 * was there as it was read. Of an insert, one per row.
 */
export function recordStep(batch: RecordBatch, context: BatchContext, { writer, fill }: InTurn): Step {
  const { table, priors } = context;
  const { model } = batch;
  const alone = (query: Query, i: number): void => {
    const one = fill({ ...batch, rows: [batch.rows[i]!] } as Batch);
    query(statementsFor(one, { ...context, priors: [priors[i]] }).write);
  };
  if (batch.op === "insert") {
    return (query) => {
      const { records, others } = newRecords(table, batch, writer);
      for (const some of inPortions(records)) refusing(writer, model, () => writer.insert(model, some));
      for (const i of others) alone(query, i);
      return batch.rows.map(() => []);
    };
  }
  const { sql, params } = statementsFor(unchanged(batch, table), context).write;
  const free = childless(batch, table, table.keys.map(at), context.tables, sqliteSyntax, 2);
  const keyOf = dataReader(writer, model, table.model.primaryKey);
  const changesOf = batch.op === "update" ? changeReader(table, batch, writer) : undefined;
  return (query) => {
    const rows = query({ sql: sql + free.and, params: [...params, ...free.params] });
    const found = new Set(rows.map((texts) => JSON.stringify(table.keys.map((column, i) => column.decode(texts[i]!)))));
    for (const [i, { key }] of batch.rows.entries()) {
      if (!found.has(JSON.stringify(key))) continue;
      const [named, changes] = [keyOf(key), changesOf ? changesOf(i) : {}];
      if (!named || !changes) alone(query, i);
      else if (batch.op === "delete") refusing(writer, model, () => writer.delete(model, named));
      else if (Object.keys(changes).length > 0) refusing(writer, model, () => writer.update(model, named, changes));
    }
    return rows;
  };
}

/** An update that changes nothing asks for the rows that are still as they were read. */
function unchanged(batch: UpdateBatch | DeleteBatch, { cloudId: inModel }: Table): UpdateBatch {
  const rows = batch.rows.map((row) => {
    const cloudId = inModel === undefined && "cloudId" in row ? row.cloudId : undefined;
    return { key: row.key, revision: row.revision, values: [], ...(cloudId === undefined ? {} : { cloudId }) };
  });
  return { op: "update", model: batch.model, fields: [], rows };
}

function refusing(writer: TurnWriter, model: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw refusedBy(writer, model, error);
  }
}

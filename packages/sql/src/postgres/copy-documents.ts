import type { DocumentUnit, DocumentWrite } from "@sync/core";
import { lines, worthCopying } from "../copy-in.ts";
import type { SideTables, UnitOutcome, WritableTable } from "../dialect.ts";
import { localKeyText } from "../documents.ts";
import { sqlState } from "../errors.ts";
import type { CopyIn, Executor } from "../executor.ts";
import { quoted } from "../model.ts";
import { encodeValue } from "../refusal.ts";
import { inTransaction } from "./copy.ts";

type Insert = DocumentWrite & { readonly op: "insert" };

/**
 * New documents with many records inside, by COPY, in the hope that nothing stands in their way. Undefined, and nothing
 * written: something does, or the unit does more than that, and the careful way says what becomes of it.
 */
export async function copyDocuments(
  executor: Executor,
  unit: DocumentUnit,
  tables: ReadonlyMap<string, WritableTable>,
  sides: SideTables,
  database: string,
): Promise<UnitOutcome | undefined> {
  const batches = unit.batches.map(({ model, field, rows }) => ({ target: tables.get(model)!, field, rows: rows.filter(isPlainInsert) }));
  const simple = batches.every(({ target, rows }, i) => target.after === "sent" && !target.table.filter && rows.length === unit.batches[i]!.rows.length);
  const size = batches.reduce((sum, { rows }) => rows.reduce((all, { inner }) => all + 1 + inner.length, sum), 0);
  if (!simple || !(await worthCopying(executor, size))) return undefined;
  const steps = batches.flatMap(({ target: { table }, field, rows }): CopyIn[] => {
    const document = table.column.get(field)!;
    const names = [...table.keys, document].map(({ column }) => quoted(column)).join(", ");
    const identities = rows.flatMap(({ inner }) => inner.map(({ model, key, cloudId }) => [model, cloudId, localKeyText(model === table.model.name, key)]));
    return [
      { copy: `copy ${table.sql} (${names}) from stdin`, chunks: lines(rows, (row) => [...table.keys.map((key, i) => encodeValue(table, key, row.key[i]!)), row.whole]) },
      { copy: `copy ${sides.identity} (model, cloud_id, local_key) from stdin`, chunks: lines(identities, (identity) => identity) },
    ];
  });
  try {
    return await inTransaction(executor, unit, steps, sides, database);
  } catch (error) {
    const state = sqlState(error) ?? "";
    if (DATA_ERRORS.has(state.slice(0, 2))) return undefined;
    throw error;
  }
}

function isPlainInsert(write: DocumentWrite): write is Insert {
  return write.op === "insert" && write.inner.every(({ cloudId }) => cloudId !== null);
}

/** Classes of SQLSTATE: a value that is none, a constraint. */
const DATA_ERRORS: ReadonlySet<string> = new Set(["22", "23"]);

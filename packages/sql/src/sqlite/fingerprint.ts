import { type Fingerprint, hash64, type KeyRange, type Row } from "@sync/core";
import type { Executor, TextRow } from "../executor.ts";
import type { Table } from "../model.ts";
import { at, inRange } from "../select.ts";
import { asHex, encodingOf, fromHex, isUnsure } from "./bytes.ts";
import { revisionOf } from "./read.ts";
import { sqliteSyntax } from "./syntax.ts";

/** One text per range crosses over, and no row: all revisions in key order. Hashing it here was measured a fifth of that. */
export async function fingerprint(executor: Executor, table: Table, range: KeyRange): Promise<Fingerprint> {
  const { where, params } = inRange(table, range, sqliteSyntax, 1);
  const order = table.keys.map(at).join(", ");
  const take = async (all: string): Promise<TextRow> => {
    const rows = `select ${revisionOf(table)} as v from ${table.sql} t${where} order by ${order}`;
    return (await executor.query({ sql: `select cast(count(*) as text) as c0, ${all} as c1 from (${rows})`, params }))[0]!;
  };
  const revisions = "group_concat(v, ';')";
  let [count, text] = await take(revisions);
  if (isUnsure(text!)) {
    [count, text] = await take(asHex(revisions));
    text = text && fromHex(text, encodingOf(text));
  }
  return { count: Number(count), fingerprint: hash64(text ?? "", SEED) };
}

/** The same of rows that were read in key order. */
export function fingerprintOf(rows: readonly Row[]): string {
  return hash64(rows.map((row) => row.revision).join(";"), SEED);
}

const SEED = 0;

import { canonical, ValueError } from "@sync/core";
import type { SqlColumn } from "../model.ts";

/**
 * JSON in a column that SQLite takes for numeric, as it does with the types `json` and `jsonb`: a document that is one bare
 * number is stored as a number. `stock`: the column as text.
 */
export function sqliteNumericJsonColumn(stock: SqlColumn): SqlColumn {
  return {
    ...stock,
    // A cast would print a real with 15 digits.
    read: (expr) => `case typeof(${expr}) when 'real' then quote(${expr}) else cast(${expr} as text) end`,
    decode: (text) => stock.decode(BARE_REAL.test(text) ? String(Number(text)) : text),
    encode: exactJson,
  };
}

/** As `quote` spells it, which is with more digits than it needs. An infinity among them is no JSON. */
const BARE_REAL = /^-?\d+(?=[.e])[\d.e+-]*$/;

function exactJson(document: string): string {
  if (!/^[-\d]/.test(document) || canonical({ type: "json" }, String(Number(document))) === document) return document;
  const isInteger = /^-?\d+$/.test(document) && BigInt(document) === BigInt.asIntN(64, BigInt(document));
  if (!isInteger) throw new ValueError("VALUE.TOO_PRECISE");
  return document;
}

import { canonical, ValueError } from "@sync/core";
import type { Kind } from "@sync/core";
import type { StoredField } from "../convert.ts";
import type { SqlColumn } from "../model.ts";
import { sqliteColumn } from "./columns.ts";

/** How a library keeps a list in one text. */
export interface ListText {
  join(items: readonly string[]): string;
  split(text: string): readonly string[];
}

/** A list in a text, as a library joins it. One that would be another when it is read again is refused. */
export function sqliteListField(names: { readonly field: string; readonly column: string }, of: Kind, text: ListText): StoredField {
  return listInText(sqliteColumn({ ...names, kind: { type: "text" } }), of, text);
}

/** The same in any column of texts. */
export function listInText(column: SqlColumn, of: Kind, { join, split }: ListText): StoredField {
  const kind: Kind = { type: "list", of };
  const decode = (text: string): string => canonical(kind, JSON.stringify(split(text)));
  const encode = (list: string): string => {
    const items = JSON.parse(list) as (string | null)[];
    const text = join(items.map((item) => item ?? ""));
    if (items.includes(null) || decode(text) !== canonical(kind, list)) throw new ValueError("VALUE.OUT_OF_RANGE");
    return text;
  };
  return { kind, column: { ...column, decode, encode } };
}

import type { Syntax } from "../dialect.ts";
import type { SqlColumn } from "../model.ts";
import { fromHexSql, toHex } from "./bytes.ts";

export const sqliteSyntax: Syntax = {
  param: () => "?",
  rows: (json) => `json_each(${json}) as r`,
  item: (i) => `(r.value->>${i})`,
  oneOf: (expression, select) => `${expression} in (${select})`,
  localKey(keys, expressions) {
    const texts = keys.map((column, i) => keyText(column, expressions[i]!));
    return texts.length === 1 ? texts[0]! : `json_array(${texts.join(", ")})`;
  },
  fromLocalKey(keys, i, text) {
    return keys.length === 1 ? keys[0]!.write(text) : keys[i]!.write(`(${text}->>${i})`);
  },
  bytes: { pass: toHex, restore: fromHexSql },
};

function keyText(column: SqlColumn, expression: string): string {
  if (column.type === "blob") return `hex(${expression})`;
  return column.type === "text" ? expression : `cast(${expression} as text)`;
}

import type { Syntax } from "../dialect.ts";
import type { SqlColumn } from "../model.ts";

/** `jsonb`, not `json` or arrays: measured fastest to take apart, and it refuses U+0000 and lone surrogates at once. */
export const postgresSyntax: Syntax = {
  param: (n) => `$${n}::text`,
  rows: (json) => `jsonb_array_elements(${json}::jsonb) with ordinality as r(v, n)`,
  item: (i) => `(r.v->>${i})`,
  // One descent of the index for all of them: measured four times as fast as a join, and it needs no statistics.
  oneOf: (expression, select) => `${expression} = any (array(${select}))`,
  localKey(keys, expressions) {
    const texts = keys.map((column, i) => keyText(column, expressions[i]!));
    return texts.length === 1 ? texts[0]! : `json_build_array(${texts.join(", ")})::text`;
  },
  fromLocalKey(keys, i, text) {
    return keys.length === 1 ? keys[0]!.write(text) : keys[i]!.write(`(${text}::json->>${i})`);
  },
};

/** A text that reads back as the same value in every session. */
function keyText(column: SqlColumn, expression: string): string {
  switch (column.type) {
    case "timestamp":
    case "date":
      return `(to_json(${expression})#>>'{}')`;
    case "timestamptz":
      return `(to_json(${expression} at time zone 'UTC')#>>'{}')||'Z'`;
    case "bytea":
      return `'\\x'||encode(${expression}, 'hex')`;
    default:
      return `${expression}::text`;
  }
}

import type { SqlColumn } from "./model.ts";
import { eachItem } from "./postgres/utc.ts";

/** A column, or one of lists, whose values the application has under other names. `names`: stored, and as the application has it. */
export function renamedColumn(stock: SqlColumn, names: readonly (readonly [string, string])[]): SqlColumn {
  if (names.every(([stored, name]) => stored === name)) return stock;
  const toName = new Map(names);
  const toStored = new Map(names.map(([stored, name]) => [name, stored]));
  const isList = stock.type.endsWith("[]");
  return {
    ...stock,
    decode: (text) => eachItem(isList, stock.decode(text), (value) => toName.get(value) ?? value),
    encode: (text) => stock.encode(eachItem(isList, text, (value) => toStored.get(value) ?? value)),
  };
}

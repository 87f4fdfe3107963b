import type { SqlColumn, SqlModel } from "../model.ts";

/** What these print never begins with U+FEFF. */
const NEVER = new Set([
  "int2", "int4", "int8", "float4", "float8", "numeric", "bool", "uuid", "bytea", "json", "jsonb", "timestamptz", "timestamp", "date", "time", "timetz", "interval",
]);

/** The same model for a driver that drops a leading U+FEFF: texts come with a character before them, which is taken off again. */
export function withoutLeadingMark(source: SqlModel): SqlModel {
  const { model, columns, keyMaker } = source;
  // Keys that the database makes are numbers, and are not read from a column.
  const isNumbered = (column: SqlColumn): boolean => typeof keyMaker !== "function" && keyMaker !== undefined && model.primaryKey.includes(column.field);
  return {
    ...source,
    columns: columns.map((column) => (NEVER.has(column.type) || column.type.endsWith("[]") || isNumbered(column) ? column : behindCharacter(column))),
  };
}

function behindCharacter(column: SqlColumn): SqlColumn {
  return { ...column, read: (expression) => `'.'||${column.read(expression)}`, decode: (text) => column.decode(text.slice(1)) };
}

import { canonical, type Kind, narrowed, ValueError } from "@sync/core";
import type { StoredField } from "../convert.ts";
import { sqliteColumn, type SqliteColumnOptions } from "./columns.ts";

type Names = Pick<SqliteColumnOptions, "field" | "column">;

/** What a column of a declared type holds where a library reads numbers as JavaScript's, by SQLite's own rules. */
export function sqliteKindOf(type: string): Kind {
  // Through a JavaScript number the application itself cannot see more; who declares a big integer means one.
  if (type.includes("int")) return { type: "integer", bits: /big|int8/.test(type) ? 64 : 53 };
  if (/char|clob|text/.test(type)) return { type: "text" };
  if (type.includes("blob")) return { type: "bytes" };
  if (/real|floa|doub/.test(type)) return { type: "float", bits: 64, noNaN: true };
  // SQLite keeps a decimal as a number; up to 15 digits come back as they were.
  return { type: "decimal", precision: 15 };
}

/** SQLite's own binary form of JSON; as JSON, not as a text, it would become a part of what is read. */
export function sqliteBinaryJsonField(names: Names): StoredField {
  const kind: Kind = { type: "json" };
  const column = sqliteColumn({ ...names, kind });
  return { kind, column: { ...column, read: (expr) => `json(${expr}) || ''`, write: (expr) => `jsonb(${expr})`, customWrite: true } };
}

/**
 * Moments as `2026-01-02 03:04:05.678`. That, `datetime('now')` without a fraction and ISO 8601 are read as UTC, and without a fourth
 * digit.
 */
export function sqliteUtcField(names: Names): StoredField {
  const kind: Kind = { type: "instant", digits: 3, noInfinity: true };
  return {
    kind,
    column: {
      ...sqliteColumn({ ...names, kind }),
      decode(text) {
        const isBare = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text);
        return narrowed(kind, canonical(kind, isBare ? `${text.replace(" ", "T")}Z` : text));
      },
      encode(value) {
        const [, date, time, fraction = ""] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d+))?Z$/.exec(value) ?? [];
        if (date === undefined) throw new ValueError("VALUE.OUT_OF_RANGE");
        return `${date} ${time}.${fraction.padEnd(3, "0").slice(0, 3)}`;
      },
    },
  };
}

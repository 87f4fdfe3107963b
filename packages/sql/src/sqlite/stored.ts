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
 * Moments as ISO 8601 with an offset (`2026-01-02T03:04:05.678+00:00`), or as milliseconds. Both are read, whichever of them is
 * written; so is `CURRENT_TIMESTAMP`, which says no zone and means UTC. Without a fourth digit, which no Date has.
 */
export function sqliteDateField(names: Names, written: "iso8601" | "unixepoch-ms"): StoredField {
  const kind: Kind = { type: "instant", digits: 3, noInfinity: true };
  const number = sqliteColumn({ ...names, kind, storage: "unix-milliseconds" });
  const zoned = (text: string): string => (/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?$/.test(text) ? `${text.replace(" ", "T")}Z` : text);
  const column = written === "iso8601" ? { ...sqliteColumn({ ...names, kind }), encode: withOffset } : number;
  return { kind, column: { ...column, decode: (text) => narrowed(kind, number.decode(zoned(text))) } };
}

/** Always three digits. What no Date holds a library could not read. */
function withOffset(instant: string): string {
  if (Number.isNaN(Date.parse(instant))) throw new ValueError("VALUE.OUT_OF_RANGE");
  const [whole, fraction = ""] = instant.slice(0, -1).split(".");
  return `${whole}.${fraction.padEnd(3, "0").slice(0, 3)}+00:00`;
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

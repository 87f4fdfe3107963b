import type { Database as SyncDatabase } from "@sync/core";
import type Database from "better-sqlite3";
import { CHOICES, type CorpusValue, type ValueKind } from "./corpus/index.ts";
import { meaning } from "./meaning.ts";
import {
  anyOf, asNumber, bareNumber, finite, integer, json, NO_TEXT, noInfinity, noNaN, noWord, oneOf, precision, type Refusal, shaped, takesAll, utf8,
} from "./refusals.ts";
import { type StoredValue, tableOf, type ValueColumn, type ValueSide } from "./side.ts";

/** What SQLite has in a place: its own type, and the content in one spelling. */
export interface Content {
  readonly type: "integer" | "real" | "text" | "blob";
  /** Digits of a number, hexadecimal ones of a blob; a text as it is. */
  readonly text: string;
}

export interface SqliteColumn extends ValueColumn {
  readonly type: string;
  /** What the driver is given for a value; undefined: the library has no way of storing it. */
  store(text: string): unknown;
  /** In the corpus's spelling. */
  spell(content: Content): string;
}

export type SqliteColumns = Readonly<Partial<Record<ValueKind, SqliteColumn>>>;

const asItIs = ({ text }: Content): string => text;
/** What is no number is said to be that, and bytes to be bytes. */
const digits = ({ type, text }: Content): string => (type === "blob" ? "bytes" : text);
const asText = { type: "text", store: (text: string): unknown => text, spell: asItIs };
const MILLISECONDS = /^.{10,13}T\d\d:\d\d:\d\d(?:\.\d{1,3})?Z$/;

const notBytes = shaped(/^(?!bytes$)/);
/** More milliseconds than a Date of JavaScript counts. */
export const beyondDates: Refusal = (spelled) => (Math.abs(Number(meaning("instant", spelled, { digits: 3 }))) > 8.64e18 ? "WRITE.VALUE" : undefined);
/** As Drizzle, MikroORM and TypeORM know a moment. */
const moment = { digits: 3, range: "milliseconds", reads: shaped(/^[+-]?\d{4,6}-/), takes: noInfinity };

/** As most libraries declare and store them. */
export const sqliteColumns = {
  text: { ...asText, range: "any text", reads: utf8, takes: takesAll },
  boolean: { type: "integer", store: (text) => (text === "true" ? 1n : 0n), spell: asItIs, range: "boolean", reads: shaped(/^[01]$/), takes: takesAll },
  integer: {
    type: "integer", store: (text) => (BigInt.asIntN(64, BigInt(text)) === BigInt(text) ? BigInt(text) : undefined), spell: digits,
    range: "64 bits", reads: integer(), takes: integer(64),
  },
  decimal: {
    type: "numeric", store: (text) => text, spell: digits,
    range: "15 digits", reads: anyOf(notBytes, finite), takes: precision(15), keeps: asNumber("WRITE.VALUE"),
  },
  float: {
    type: "real", store: (text) => (text === "NaN" ? undefined : Number(text)), spell: digits,
    range: "without NaN", reads: anyOf(notBytes, noWord), takes: noNaN,
  },
  instant: {
    ...moment, type: "integer", keeps: beyondDates,
    store: (text) => (MILLISECONDS.test(text) && !Number.isNaN(Date.parse(text)) ? BigInt(Date.parse(text)) : undefined),
    spell: ({ type, text }) => (type === "integer" ? new Date(Number(text)).toISOString() : text),
  },
  bytes: {
    type: "blob", store: (text) => Buffer.from(text, "hex"), spell: ({ type, text }) => (type === "blob" ? text : `a ${type}`),
    range: "bytes", reads: shaped(/^(?:[0-9a-f]{2})*$/), takes: takesAll,
  },
  uuid: { ...asText, range: "any text", reads: utf8, takes: takesAll },
  enum: { ...asText, range: "labels", reads: utf8, takes: oneOf(CHOICES) },
  json: { ...asText, range: "any JSON", reads: json, takes: takesAll },
} as const satisfies SqliteColumns;

/** JSON in a column that SQLite takes for numeric. */
export const numericJson: SqliteColumn = { ...sqliteColumns.json, type: "json", keeps: bareNumber };

/** Moments as texts that one library writes so, and reads so. */
export function momentsAs(type: string, write: (iso: string) => string | undefined, read: (stored: string) => string, keeps = beyondDates): SqliteColumn {
  return { ...moment, type, keeps, store: write, spell: ({ text }) => read(text) };
}

/** Texts that SQLite takes as they are, in a column that a library reads as something else. */
export function textsAs(type: string, reads: Refusal, takes: Refusal = takesAll): SqliteColumn {
  return { ...asText, type, range: "texts", reads, takes };
}

/** Items in one text, as a library joins and parts them. */
export function listsInText(join: (items: readonly string[]) => string, split: (text: string) => readonly string[]): SqliteColumn {
  const joined = (list: string): string => join((JSON.parse(list) as (string | null)[]).map((item) => item ?? ""));
  return {
    type: "text", store: joined, spell: ({ text }) => JSON.stringify(split(text)), range: "lists in a text", reads: utf8, takes: takesAll,
    keeps: (list) => (JSON.stringify(split(joined(list))) === JSON.stringify(JSON.parse(list)) ? undefined : "WRITE.VALUE"),
  };
}

export function sqliteTables(columns: SqliteColumns): string[] {
  return Object.entries(columns).map(([kind, { type }]) =>
    `create table ${tableOf(kind as ValueKind)} (id integer primary key autoincrement, code text not null unique, value ${type}, note text)`);
}

/** As JavaScript has the text: halves of pairs have bytes too. */
function bytesOf(text: string): Buffer {
  const parts = text.split(/([\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff])/);
  return Buffer.concat(parts.map((part, at) => {
    if (at % 2 === 0) return Buffer.from(part);
    const code = part.charCodeAt(0);
    return Buffer.from([0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63)]);
  }));
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function textOf(hex: string): string {
  try {
    return strict.decode(Buffer.from(hex, "hex"));
  } catch {
    return NO_TEXT + hex;
  }
}

/** `quote` says reals exactly, but ends texts at a zero. */
const LOOK = "typeof(value) || ':' || case typeof(value) when 'text' then hex(value) when 'blob' then hex(value) else quote(value) end";

function contentOf(bytes: string): Content {
  const [type, content] = bytes.split(":") as [Content["type"] | "null", string];
  if (type === "text") return { type, text: textOf(content) };
  if (type === "real") return { type, text: String(Number(content)) };
  return { type: type as Content["type"], text: content.toLowerCase() };
}

/** `handle`: the application's own connection. */
export function sqliteSide(handle: Database.Database, columns: SqliteColumns, database: SyncDatabase, close: () => Promise<void>): ValueSide {
  handle.pragma("synchronous = off");
  const holds = ({ kind, text, sql }: CorpusValue): boolean => {
    const column = columns[kind];
    if (column === undefined) return false;
    if (text === undefined) return sql?.sqlite !== undefined;
    return text === null || column.store(text) !== undefined;
  };
  return {
    database, columns, close, holds,
    async insert(kind, values) {
      const put = (expression: string) => handle.prepare(`insert into ${tableOf(kind)} (code, value) values (?, ${expression})`);
      const plain = put("?");
      const asBytes = put("cast(? as text)");
      handle.transaction(() => {
        for (const { id, text, sql } of values) {
          if (text === undefined) put(sql!.sqlite!).run(id);
          else if (text === null) plain.run(id, null);
          else {
            const stored = columns[kind]!.store(text);
            if (typeof stored === "string") asBytes.run(id, bytesOf(stored));
            else plain.run(id, stored);
          }
        }
      })();
    },
    async rows(kind) {
      const look = `select code, cast(id as text), ${LOOK}, note from ${tableOf(kind)}`;
      const rows = handle.prepare<[], [string, string, string, string | null]>(look).raw().all();
      return new Map(rows.map(([code, key, bytes, note]): [string, StoredValue] => {
        const isNull = bytes.startsWith("null");
        return [code, { key, bytes: isNull ? null : bytes, spelled: isNull ? null : columns[kind]!.spell(contentOf(bytes)), note }];
      }));
    },
    async note(kind, codes, note) {
      const update = handle.prepare(`update ${tableOf(kind)} set note = ? where code = ?`);
      handle.transaction(() => codes.forEach((code) => update.run(note, code)))();
    },
  };
}

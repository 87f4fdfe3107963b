import { canonical, type Kind, ValueError } from "@sync/core";
import type { SqlColumn } from "../model.ts";

/** A stored value as SQLite's `quote` spells it: `'it''s'`, `42`, `1.5`, `X'00FF'`. */
export type Stored =
  | { readonly class: "text"; readonly text: string }
  | { readonly class: "integer" | "real"; readonly text: string }
  | { readonly class: "blob"; readonly hex: string };

export function stored(literal: string): Stored {
  const first = literal.charCodeAt(0);
  if (first === QUOTE) {
    const inner = literal.slice(1, -1);
    return { class: "text", text: inner.includes("'") ? inner.replaceAll("''", "'") : inner };
  }
  if (first === X) return { class: "blob", hex: literal.slice(2, -1) };
  // A text with U+0000, which `quote` would cut short.
  if (first === N) return { class: "text", text: Buffer.from(literal.slice(2, -1), "hex").toString("utf8") };
  return { class: /^-?\d+$/.test(literal) ? "integer" : "real", text: literal };
}

const QUOTE = 39;
const X = 88;
const N = 78;

/** How a value of some kind is stored. */
export type SqliteStorage = "text" | "integer" | "real" | "blob" | "unix-seconds" | "unix-milliseconds";

export interface SqliteColumnOptions {
  readonly field: string;
  readonly column: string;
  readonly kind: Kind;
  /** @default integer for integers and booleans, real for floats, blob for bytes, else the canonical text */
  readonly storage?: SqliteStorage;
}

/** The stock way of a column. An adapter whose library stores something else spreads this and replaces a part. */
export function sqliteColumn({ field, column, kind, storage = defaultStorage(kind) }: SqliteColumnOptions): SqlColumn {
  const type = storage.startsWith("unix") ? "integer" : storage;
  const { decode, encode } = codec(kind, storage);
  return {
    field,
    column,
    type,
    read: type === "text" ? readText : (expr) => `quote(${expr})`,
    decode,
    encode,
    write: type === "text" ? (expr) => expr : type === "blob" ? (expr) => `unhex(${expr})` : (expr) => `cast(${expr} as ${type})`,
  };
}

/** `quote` stops at U+0000, so such a text goes as hexadecimal digits. */
function readText(expr: string): string {
  return `case when instr(${expr}, char(0)) then 'N'''||hex(${expr})||'''' else quote(${expr}) end`;
}

function defaultStorage(kind: Kind): SqliteStorage {
  switch (kind.type) {
    case "integer":
    case "boolean":
      return "integer";
    case "float":
      return "real";
    case "bytes":
      return "blob";
    default:
      return "text";
  }
}

type Codec = Pick<SqlColumn, "decode" | "encode">;

function codec(kind: Kind, storage: SqliteStorage): Codec {
  switch (storage) {
    case "unix-seconds":
      return { decode: (literal) => fromUnix(kind, stored(literal), 1), encode: (text) => toUnix(text, 1) };
    case "unix-milliseconds":
      return { decode: (literal) => fromUnix(kind, stored(literal), 1000), encode: (text) => toUnix(text, 1000) };
    case "blob":
      return {
        decode: (literal) => fromBlob(kind, stored(literal)),
        encode: (text) => (kind.type === "uuid" ? text.replaceAll("-", "") : Buffer.from(text, "base64").toString("hex")),
      };
    default:
      return { decode: decoder(kind), encode: encoder(kind, storage) };
  }
}

/** Tolerant in what it reads: a decimal may be stored as a text, an integer or a real, a boolean as 1 or 'true'. */
function decoder(kind: Kind): (literal: string) => string {
  const textual = kind.type === "text" || kind.type === "enum";
  return (literal) => {
    const value = stored(literal);
    if (value.class === "blob") return fromBlob(kind, value);
    if (textual && value.class !== "text") throw new ValueError("VALUE.MALFORMED");
    return canonical(kind, value.class === "real" ? real(value.text) : value.text);
  };
}

/** `quote` spells infinity as 9.0e+999. */
function real(text: string): string {
  const number = Number(text);
  return Number.isFinite(number) ? text : String(number);
}

function encoder(kind: Kind, storage: SqliteStorage): (text: string) => string {
  if (kind.type === "boolean" && storage === "integer") return (text) => (text === "true" ? "1" : "0");
  if (storage === "integer") {
    return (text) => {
      // A cast would stop at the largest integer without a word.
      const number = BigInt(text);
      if (number !== BigInt.asIntN(64, number)) throw new ValueError("VALUE.OUT_OF_RANGE");
      return text;
    };
  }
  if (storage === "real") {
    return (text) => {
      if (text === "NaN") throw new ValueError("VALUE.NOT_A_NUMBER");
      return text.endsWith("Infinity") ? text.replace("Infinity", "9e999") : text;
    };
  }
  return (text) => text;
}

function fromBlob(kind: Kind, value: Stored): string {
  if (value.class !== "blob") {
    if (kind.type === "bytes" || value.class !== "text") throw new ValueError("VALUE.MALFORMED");
    return canonical(kind, value.text);
  }
  if (kind.type === "bytes") return Buffer.from(value.hex, "hex").toString("base64");
  if (kind.type === "uuid") return canonical(kind, value.hex);
  if (kind.type === "json") return canonical(kind, Buffer.from(value.hex, "hex").toString("utf8"));
  throw new ValueError("VALUE.MALFORMED");
}

function fromUnix(kind: Kind, value: Stored, perSecond: 1 | 1000): string {
  if (value.class === "text") return canonical(kind, value.text);
  const milliseconds = Number(value.class === "blob" ? Number.NaN : value.text) * (1000 / perSecond);
  if (!Number.isInteger(milliseconds) || Math.abs(milliseconds) > 8.64e15) throw new ValueError("VALUE.MALFORMED");
  const iso = new Date(milliseconds).toISOString();
  return canonical(kind, kind.type === "instant" ? iso : iso.slice(0, -1));
}

function toUnix(text: string, perSecond: 1 | 1000): string {
  const milliseconds = Date.parse(text.endsWith("Z") || text.length <= 10 ? text : `${text}Z`);
  if (Number.isNaN(milliseconds)) throw new ValueError("VALUE.OUT_OF_RANGE");
  return String(Math.floor(milliseconds / (1000 / perSecond)));
}

import { canonical, type Kind, narrowed, ValueError } from "@sync/core";
import type { SqlColumn } from "../model.ts";
import { fromUtf8 } from "./bytes.ts";

/** How a value of some kind is stored. */
export type SqliteStorage = "text" | "integer" | "real" | "blob" | "unix-seconds" | "unix-milliseconds";

export interface SqliteColumnOptions {
  readonly field: string;
  readonly column: string;
  readonly kind: Kind;
  /** @default integer for integers and booleans, real for floats, blob for bytes, else the canonical text */
  readonly storage?: SqliteStorage;
}

/**
 * The stock way of a column. An adapter whose library stores something else spreads this and replaces a part.
 *
 * `read` is a cast to text, which is exact for texts and integers and was measured cheapest. It prints a real with 15
 * digits only, so where one may be stored the column is read as its SQL literal; `decode` understands both.
 */
export function sqliteColumn({ field, column, kind, storage = defaultStorage(kind) }: SqliteColumnOptions): SqlColumn {
  const type = storage.startsWith("unix") ? "integer" : storage;
  const byLiteral = type === "real" || type === "blob" || kind.type === "decimal" || kind.type === "float";
  return {
    field,
    column,
    type,
    read: byLiteral ? (expr) => `nullif(quote(${expr}), 'NULL')` : (expr) => `cast(${expr} as text)`,
    decode: byLiteral ? literalDecoder(kind) : decoder(kind, storage),
    encode: encoder(kind, storage),
    write: type === "text" ? (expr) => expr : type === "blob" ? (expr) => `unhex(${expr})` : (expr) => `cast(${expr} as ${type})`,
  };
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

function decoder(kind: Kind, storage: SqliteStorage): (text: string) => string {
  if (storage === "unix-seconds") return (text) => fromUnix(kind, text, 1);
  if (storage === "unix-milliseconds") return (text) => fromUnix(kind, text, 1000);
  // A text may have more digits of a second than the library sees.
  return "digits" in kind ? (text) => narrowed(kind, canonical(kind, text)) : (text) => canonical(kind, text);
}

/** A value as `quote` spells it: `'it''s'`, `42`, `1.5`, `X'00FF'`. */
function literalDecoder(kind: Kind): (literal: string) => string {
  return (literal) => {
    if (literal.startsWith("X'")) return fromBlob(kind, literal.slice(2, -1));
    if (kind.type === "bytes") throw new ValueError("VALUE.MALFORMED");
    if (literal.startsWith("'")) return canonical(kind, literal.slice(1, -1).replaceAll("''", "'"));
    // A real with the digits that it needs: SQLite spells some with more. Infinity is spelled 9.0e+999.
    return canonical(kind, /[.e]/.test(literal) ? String(Number(literal)) : literal);
  };
}

function fromBlob(kind: Kind, hex: string): string {
  if (kind.type === "bytes") return Buffer.from(hex, "hex").toString("base64");
  if (kind.type === "uuid") return canonical(kind, hex);
  if (kind.type === "json" || kind.type === "text") return canonical(kind, fromUtf8(Buffer.from(hex, "hex")));
  throw new ValueError("VALUE.MALFORMED");
}

/** A text there is a date that somebody wrote by hand; it is read as one. */
function fromUnix(kind: Kind, text: string, perSecond: 1 | 1000): string {
  if (!/^-?\d+(?:\.\d+)?$/.test(text)) return canonical(kind, text);
  const milliseconds = Number(text) * (1000 / perSecond);
  if (!Number.isInteger(milliseconds) || Math.abs(milliseconds) > 8.64e15) throw new ValueError("VALUE.MALFORMED");
  const iso = new Date(milliseconds).toISOString();
  return canonical(kind, kind.type === "instant" ? iso : kind.type === "date" ? iso.slice(0, 10) : iso.slice(0, -1));
}

function toUnix(text: string, perSecond: 1 | 1000): string {
  const milliseconds = Date.parse(text.endsWith("Z") || !text.includes("T") ? text : `${text}Z`);
  if (Number.isNaN(milliseconds)) throw new ValueError("VALUE.OUT_OF_RANGE");
  return String(Math.floor(milliseconds / (1000 / perSecond)));
}

function encoder(kind: Kind, storage: SqliteStorage): (text: string) => string {
  switch (storage) {
    case "unix-seconds":
      return (text) => toUnix(text, 1);
    case "unix-milliseconds":
      return (text) => toUnix(text, 1000);
    case "integer":
      return kind.type === "boolean" ? toBit : toInteger;
    case "real":
      return toReal;
    case "blob":
      if (kind.type === "uuid") return (text) => text.replaceAll("-", "");
      return (text) => Buffer.from(text, kind.type === "bytes" ? "base64" : "utf8").toString("hex");
    default:
      // Exact where it stands as a text. Few digits are for a column that SQLite takes for numeric.
      return kind.type === "decimal" && kind.precision !== undefined ? toNumeric : (text) => text;
  }
}

/** A decimal too large or too small for a real would become infinity or zero without a word, and a very small one other digits. */
function toNumeric(text: string): string {
  if (text.length <= 16 || canonical({ type: "decimal" }, realText(text)) === text || isInt64(text)) return text;
  throw new ValueError("VALUE.OUT_OF_RANGE");
}

/** As a real has it. */
function realText(text: string): string {
  const number = Number(text);
  return Number.isFinite(number) ? String(number) : "0";
}

function isInt64(text: string): boolean {
  return /^-?\d+$/.test(text) && BigInt(text) === BigInt.asIntN(64, BigInt(text));
}

function toBit(text: string): string {
  if (text !== "true" && text !== "false") throw new ValueError("VALUE.MALFORMED");
  return text === "true" ? "1" : "0";
}

/** A cast would stop at the largest integer without a word. */
function toInteger(text: string): string {
  let number: bigint;
  try {
    number = BigInt(text);
  } catch {
    throw new ValueError("VALUE.TOO_PRECISE");
  }
  if (number !== BigInt.asIntN(64, number)) throw new ValueError("VALUE.OUT_OF_RANGE");
  return text;
}

/** SQLite stores NaN as null. */
function toReal(text: string): string {
  if (text === "NaN") throw new ValueError("VALUE.NOT_A_NUMBER");
  return text.endsWith("Infinity") ? text.replace("Infinity", "9e999") : text;
}

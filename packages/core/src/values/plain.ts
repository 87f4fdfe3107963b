import { fromBase64, toBase64 } from "./bytes.ts";
import { canonical, listItems } from "./canonical.ts";
import { ValueError } from "./error.ts";
import { JSON_DEPTH, type JsonBuilder, readJson } from "./json.ts";
import type { Kind } from "./kind.ts";
import { canonicalJsonNumber, shortest } from "./number.ts";
import { canonicalText } from "./text.ts";

/**
 * A canonical text as the JavaScript value a user's function expects: boolean; number for floats and integers of up to
 * 53 bits, else bigint; Uint8Array; arrays for lists; JSON as plain data, its objects without a prototype; and a string
 * for everything that JavaScript would round or reinterpret (decimals, dates, times, uuids).
 *
 * @throws {ValueError} `VALUE.TOO_PRECISE` for JSON with a fraction or exponent that no JavaScript number holds;
 * integers beyond 2⁵³ are bigint there too
 */
export function decode(kind: Kind, text: string): unknown {
  switch (kind.type) {
    case "boolean":
      return text === "true";
    case "integer":
      return kind.bits !== undefined && kind.bits <= 53 && Number.isSafeInteger(Number(text))
        ? Number(text)
        : BigInt(text);
    case "float":
      return Number(text);
    case "bytes":
      return fromBase64(text);
    case "json":
      return readJson(text, plainBuilder);
    case "list":
      return listItems(text).map((item) => (item === null ? null : decode(kind.of, item)));
    default:
      return text;
  }
}

/**
 * The canonical text of a JavaScript value: what `decode` gives, and besides a Date for an instant (or for a date, at
 * midnight UTC), a number or bigint wherever it is exact, bytes in any buffer, and any text `canonical` takes. Null and
 * undefined are no values and refused, except that null is a value of JSON. Form only, like `canonical`.
 *
 * @throws {ValueError}
 */
export function encode(kind: Kind, plain: unknown): string {
  switch (kind.type) {
    case "json":
      return canonical(kind, stringify(plain, 0));
    case "list":
      return encodeList(kind.of, plain);
    case "bytes":
      return typeof plain === "string" ? canonical(kind, plain) : toBase64(bytesOf(plain));
    default:
      return canonical(kind, typeof plain === "string" ? plain : spell(kind, plain));
  }
}

/** A text that `canonical` understands, for the one or two other JavaScript types that a kind has. */
function spell(kind: Kind, plain: unknown): string {
  switch (kind.type) {
    case "boolean":
      if (typeof plain === "boolean" || typeof plain === "number" || typeof plain === "bigint") return String(plain);
      break;
    case "integer":
    case "decimal":
      if (typeof plain === "bigint") return String(plain);
      if (typeof plain === "number") return exact(plain);
      break;
    case "float":
      if (typeof plain === "number") return String(plain);
      if (typeof plain === "bigint" && BigInt(Number(plain)) === plain) return String(plain);
      break;
    case "instant":
    case "date":
      if (plain instanceof Date && !Number.isNaN(plain.getTime())) return plain.toISOString();
      break;
  }
  throw new ValueError("VALUE.MALFORMED");
}

/** A number above 2⁵³ may have been rounded before we saw it. */
function exact(number: number): string {
  if (!Number.isFinite(number)) throw new ValueError("VALUE.NOT_A_NUMBER");
  if (Math.abs(number) > Number.MAX_SAFE_INTEGER) throw new ValueError("VALUE.UNSAFE_NUMBER");
  return String(number);
}

function bytesOf(plain: unknown): Uint8Array {
  if (plain instanceof Uint8Array) return plain;
  if (plain instanceof ArrayBuffer) return new Uint8Array(plain);
  if (ArrayBuffer.isView(plain)) return new Uint8Array(plain.buffer, plain.byteOffset, plain.byteLength);
  throw new ValueError("VALUE.MALFORMED");
}

/** Null in a list is null: of a list of JSON too, where it could also have meant the JSON value. */
function encodeList(of: Kind, plain: unknown): string {
  if (typeof plain === "string") return canonical({ type: "list", of }, plain);
  if (!Array.isArray(plain)) throw new ValueError("VALUE.MALFORMED");
  // Not `map`, which would pass over holes.
  return JSON.stringify(Array.from(plain, (item: unknown) => (item === null ? null : encode(of, item))));
}

const plainBuilder: JsonBuilder<unknown> = {
  string: (content) => content,
  number: plainNumber,
  literal: (value) => value,
  array: (items) => items,
  object(entries) {
    // Without a prototype a key `__proto__` is a key like any other, here and in whoever copies the object.
    const object = Object.create(null) as Record<string, unknown>;
    for (const { key, value } of entries) object[key] = value;
    return object;
  },
};

function plainNumber(text: string): number | bigint {
  const number = Number(text);
  if (/^-?\d+$/.test(text)) return Number.isSafeInteger(number) ? number : BigInt(text);
  if (Number.isFinite(number) && canonicalJsonNumber(shortest(number, 64)) === text) return number;
  throw new ValueError("VALUE.TOO_PRECISE");
}

/**
 * JSON of a JavaScript value. Unlike `JSON.stringify` it writes bigint, and refuses what that turns into null (NaN,
 * infinities, undefined in an array) or into `{}` (Map, Set, buffers). A member that is undefined is not there.
 */
function stringify(plain: unknown, depth: number): string {
  if (plain === null || typeof plain === "boolean" || typeof plain === "bigint") return String(plain);
  if (typeof plain === "string") return JSON.stringify(canonicalText(plain));
  if (typeof plain === "number") {
    if (!Number.isFinite(plain)) throw new ValueError("VALUE.NOT_A_NUMBER");
    return String(plain);
  }
  if (typeof plain !== "object") throw new ValueError("VALUE.MALFORMED");
  if (depth >= JSON_DEPTH) throw new ValueError("VALUE.TOO_DEEP");
  if (Array.isArray(plain)) return `[${Array.from(plain, (item: unknown) => stringify(item, depth + 1)).join(",")}]`;
  if (plain instanceof Date && Number.isNaN(plain.getTime())) throw new ValueError("VALUE.MALFORMED");
  if ("toJSON" in plain && typeof plain.toJSON === "function") return stringify(plain.toJSON(), depth + 1);
  const prototype: unknown = Object.getPrototypeOf(plain);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) throw new ValueError("VALUE.MALFORMED");
  const members = Object.entries(plain)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${JSON.stringify(canonicalText(key))}:${stringify(value, depth + 1)}`);
  return `{${members.join(",")}}`;
}

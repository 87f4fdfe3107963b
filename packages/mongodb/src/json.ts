import type { BsonObject } from "./driver.ts";

/** The document cannot hold such a value. */
export class Misfit extends Error {}

/** What a library's converter makes; its message quotes the text, so it is not kept as a cause. */
export function orMisfit<T>(make: () => T): T {
  try {
    return make();
  } catch {
    throw new Misfit();
  }
}

/** A JSON number that a JavaScript number might not hold. */
export class NumberText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const parseExactly = JSON.parse as (text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown) => unknown;

/** JSON whose numbers keep all their digits: fifteen are always exact as a JavaScript number, but for the largest and smallest. */
export function parsed(text: string): unknown {
  if (!/\d[\d.]{15}|\de[-+]?\d{3}/i.test(text)) return JSON.parse(text);
  return parseExactly(text, (_, value, { source }) => (typeof value === "number" ? new NumberText(source!) : value));
}

/** The type of a BSON value that JavaScript has none for. */
export function tagOf(value: unknown): unknown {
  return typeof value === "object" && value !== null ? (value as { _bsontype?: unknown })._bsontype : undefined;
}

export function isObject(value: unknown): value is BsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return !(value instanceof Date) && !(value instanceof NumberText) && tagOf(value) === undefined;
}

/** `__proto__` is a key like any other; one with U+0000 would end there. */
export function put(object: BsonObject, key: string, value: unknown): void {
  if (key.includes("\0")) throw new Misfit();
  if (key === "__proto__") Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  else object[key] = value;
}

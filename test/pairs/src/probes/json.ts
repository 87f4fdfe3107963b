import { decode, type Kind } from "@sync/core";

/** A number as its digits, so that none of them is lost. */
class Digits {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toJSON(): unknown {
    return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(this.text);
  }
}

type Reviver = (key: string, value: unknown, context: { readonly source: string }) => unknown;

export function parsed(text: string): Record<string, unknown> {
  const keepDigits: Reviver = (_, value, { source }) => (typeof value === "number" ? new Digits(source) : value);
  return JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown) as Record<string, unknown>;
}

const numbers: ReadonlySet<string> = new Set(["integer", "float", "serial", "bigint"]);

/** As the zod schemas of the cases have it: decimals are texts, whole numbers and floats are numbers. */
export function jsonOf(kind: Kind | string, value: string): unknown {
  const type = typeof kind === "string" ? kind : kind.type;
  if (numbers.has(type)) return new Digits(value);
  return typeof kind !== "string" && ["boolean", "json", "list"].includes(type) ? decode(kind, value) : value;
}

export function spelledJson(_: Kind | string, stored: unknown): string {
  if (stored instanceof Digits) return stored.text;
  return typeof stored === "string" ? stored : JSON.stringify(stored);
}

import type { Digits, Kind } from "@sync/core";
import { registry } from "zod/v4/core";
import type { $ZodRegistry, $ZodTypes } from "zod/v4/core";

/**
 * Says what a schema's text or number means where the schema alone does not:
 * `z.string().register(kinds, { type: "decimal", scale: 2 })`. A number kind on `z.string()` stands in the document as a
 * text, on `z.number()` or `z.bigint()` as a JSON number, exact either way.
 */
export const kinds: $ZodRegistry<Kind> = registry<Kind>();

/** What a value of the schema is in a document. */
export interface Stored {
  readonly kind: Kind;
  readonly numbers: "number" | "text";
}

const TEXT: Kind = { type: "text", noNul: true };
const JSON_KIND: Kind = { type: "json", noNul: true };
/** Of the fraction of a second in a text of any length. */
const DIGITS: Digits = 9;

/** By its declaration in `kinds`, else by its own type; a text says why it cannot be carried. */
export function storedBy(schema: $ZodTypes): Stored | string {
  const declared = kinds.get(schema);
  if (declared) return declaredOn(schema, declared);
  const kind = kindOf(schema);
  return typeof kind === "string" ? kind : { kind, numbers: "number" };
}

const NUMBERS: ReadonlySet<Kind["type"]> = new Set(["integer", "decimal", "float"]);
/** Which JSON type a kind needs: what stands in documents is the schema's word, what it means is the declaration's. */
const STANDS_AS: Readonly<Record<string, ReadonlySet<Kind["type"]>>> = {
  string: new Set(["text", "uuid", "enum", "instant", "local", "date", "time", "duration", "bytes", ...NUMBERS]),
  number: NUMBERS,
  bigint: new Set(["integer", "decimal"]),
  int: NUMBERS,
  boolean: new Set(["boolean"]),
  array: new Set(["list", "json"]),
};

function declaredOn(schema: $ZodTypes, kind: Kind): Stored | string {
  const { type } = schema._zod.def;
  const allowed = STANDS_AS[type];
  if (allowed ? !allowed.has(kind.type) : kind.type !== "json") return `it is declared as ${kind.type}, and a ${type} cannot stand for that`;
  if (kind.type === "list") {
    const item = type === "array" ? storedBy(schema._zod.def.element as $ZodTypes) : "";
    return typeof item === "string" ? item : { kind, numbers: item.numbers };
  }
  const withoutNul = kind.type === "text" || kind.type === "json" ? { ...kind, noNul: true } : kind;
  return { kind: withoutNul, numbers: NUMBERS.has(kind.type) && type === "string" ? "text" : "number" };
}

function kindOf(schema: $ZodTypes): Kind | string {
  const { def } = schema._zod;
  switch (def.type) {
    case "string":
      return textKind(def);
    case "number":
      return numberKind(formatOf(def));
    case "bigint":
      return bigintKind(formatOf(def));
    case "boolean":
      return { type: "boolean" };
    case "enum":
      return enumKind(Object.values(def.entries));
    case "literal":
      return enumKind(def.values);
    case "template_literal":
      return TEXT;
    case "date":
    case "symbol":
    case "undefined":
    case "void":
    case "never":
    case "nan":
    case "map":
    case "set":
    case "function":
    case "promise":
    case "file":
      return `JSON has no ${def.type}${def.type === "date" ? "; `z.iso.datetime()` is one as a text" : ""}`;
    case "transform":
      return "what stands in the document before a transform is not known; begin the pipe with a schema of it";
    default:
      // Unions, records, tuples, `any`: a value of any shape, compared as a whole.
      return JSON_KIND;
  }
}

interface CheckDef { readonly check: string; readonly format?: string; readonly maximum?: number }
interface NumberDef { readonly check?: string; readonly format?: string; readonly checks?: readonly { readonly _zod: { readonly def: unknown } }[] }
interface StringDef extends NumberDef { readonly precision?: number | null; readonly local?: boolean; readonly offset?: boolean }

function checksOf({ checks }: NumberDef): CheckDef[] {
  return (checks ?? []).map(({ _zod }) => _zod.def as CheckDef);
}

/** `z.int32()` is a format itself; `z.number().int()` has one as a check. */
function formatOf(def: NumberDef): string | undefined {
  return def.format ?? checksOf(def).find(({ check }) => check === "number_format" || check === "bigint_format" || check === "string_format")?.format;
}

function numberKind(format: string | undefined): Kind {
  switch (format) {
    case "safeint": return { type: "integer", bits: 53 };
    case "int32": return { type: "integer", bits: 32 };
    case "uint32": return { type: "integer", bits: 32, unsigned: true };
    case "float32": return { type: "float", bits: 32 };
    default: return { type: "float", bits: 64 };
  }
}

function bigintKind(format: string | undefined): Kind {
  if (format === "int64") return { type: "integer", bits: 64 };
  return format === "uint64" ? { type: "integer", bits: 64, unsigned: true } : { type: "integer" };
}

function textKind(def: StringDef): Kind | string {
  switch (formatOf(def)) {
    case "uuid":
    case "guid":
      return { type: "uuid" };
    case "date":
      return { type: "date", noInfinity: true };
    case "datetime":
      if (typeof def.precision === "number" && def.precision !== 0) return "its `precision` asks for zeros that a canonical time leaves out; leave it away";
      return { type: def.local === true && def.offset !== true ? "local" : "instant", digits: def.precision === 0 ? 0 : DIGITS, noInfinity: true };
    case "time":
      return { type: "time", digits: def.precision === 0 ? 0 : DIGITS };
    case "duration":
      return { type: "duration", digits: DIGITS };
    case "base64":
      return { type: "bytes" };
    default: {
      const maxima = checksOf(def).flatMap(({ check, maximum }) => (check === "max_length" && maximum !== undefined ? [maximum] : []));
      return maxima.length === 0 ? TEXT : { ...TEXT, maxLength: Math.min(...maxima) } as Kind;
    }
  }
}

function enumKind(values: readonly unknown[]): Kind {
  return values.every((value) => typeof value === "string") ? { type: "enum", values } : JSON_KIND;
}

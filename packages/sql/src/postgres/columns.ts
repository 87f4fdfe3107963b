import { canonical, type Digits, type Kind, ValueError } from "@sync/core";
import type { StoredField } from "../convert.ts";
import type { SqlColumn } from "../model.ts";

/** A Postgres type taken apart: `numeric(10,2)`, `timestamp (3) with time zone`, `character varying(30)[]`. */
interface SqlType {
  /** The short name, without sizes. */
  readonly name: string;
  readonly sizes: readonly number[];
  readonly array: boolean;
}

const ALIASES: Readonly<Record<string, string>> = {
  smallint: "int2", smallserial: "int2", serial2: "int2",
  integer: "int4", int: "int4", serial: "int4", serial4: "int4",
  bigint: "int8", bigserial: "int8", serial8: "int8",
  real: "float4", "double precision": "float8", float: "float8",
  boolean: "bool", decimal: "numeric",
  "character varying": "varchar", character: "bpchar", char: "bpchar",
  "timestamp with time zone": "timestamptz", "timestamp without time zone": "timestamp",
  "time without time zone": "time", "time with time zone": "timetz",
};

function parseType(type: string): SqlType {
  const array = type.endsWith("[]");
  const bare = (array ? type.slice(0, -2) : type).trim();
  const sizes = /\(([\d\s,]+)\)/.exec(bare);
  const name = bare.replace(/\s*\([\d\s,]+\)\s*/, " ").replace(/\s+/g, " ").trim();
  return {
    name: ALIASES[name.toLowerCase()] ?? (/^[a-z0-9 ]+$/i.test(name) ? name.toLowerCase() : name),
    sizes: sizes ? sizes[1]!.split(",").map(Number) : [],
    array,
  };
}

/** The kind that a Postgres type has when nobody says otherwise; undefined for types that cannot be carried as they are. */
export function postgresKind(type: string): Kind | undefined {
  const parsed = parseType(type);
  const kind = scalarKind(parsed);
  return parsed.array && kind ? { type: "list", of: kind } : kind;
}

function scalarKind({ name, sizes }: SqlType): Kind | undefined {
  const [size, scale] = sizes;
  const digits = (size ?? 6) as Digits;
  switch (name) {
    case "int2": return { type: "integer", bits: 16 };
    case "int4": return { type: "integer", bits: 32 };
    case "int8": return { type: "integer", bits: 64 };
    case "float4": return { type: "float", bits: 32 };
    case "float8": return { type: "float", bits: 64 };
    case "numeric": return size === undefined ? { type: "decimal" } : { type: "decimal", precision: size, scale: scale ?? 0 };
    case "bool": return { type: "boolean" };
    case "text": case "citext": case "name": case "inet": case "cidr": case "macaddr": case "xml":
      return { type: "text", noNul: true };
    case "varchar": return size === undefined ? { type: "text", noNul: true } : { type: "text", noNul: true, maxLength: size };
    case "bpchar": return { type: "text", noNul: true, maxLength: size ?? 1 };
    case "uuid": return { type: "uuid" };
    case "timestamptz": return { type: "instant", digits };
    case "timestamp": return { type: "local", digits };
    case "date": return { type: "date" };
    case "time": return { type: "time", digits };
    case "interval": return { type: "duration", digits };
    case "bytea": return { type: "bytes" };
    case "json": case "jsonb": return { type: "json", noNul: true };
    default: return undefined;
  }
}

export interface PostgresColumnOptions {
  readonly field: string;
  readonly column: string;
  /** As the library declares it or the catalog prints it; enums and domains as `"schema"."name"`. */
  readonly type: string;
  /** @default postgresKind(type) */
  readonly kind?: Kind;
}

/** A column by its SQL type alone; undefined for types that cannot be carried as they are. */
export function postgresField(names: Omit<PostgresColumnOptions, "kind">): StoredField | undefined {
  const kind = postgresKind(names.type);
  return kind && { kind, column: postgresColumn(names) };
}

/** The stock way of a column by its SQL type. An adapter that stores something else spreads this and replaces a part. */
export function postgresColumn(options: PostgresColumnOptions): SqlColumn {
  const type = parseType(options.type);
  const kind = options.kind ?? postgresKind(options.type) ?? { type: "text" };
  const codec = type.array ? listCodec(type, kind) : scalarCodec(type, kind);
  // Without sizes: a cast to varchar(3) cuts silently, where the assignment that follows it would refuse.
  const cast = type.name + (type.array ? "[]" : "");
  return {
    field: options.field,
    column: options.column,
    type: cast,
    ...codec,
    write: (expr) => `${expr}::${cast}`,
    ...(type.name === "bpchar" || type.name === "macaddr" || type.name === "inet" || type.name === "cidr" ? { lossy: true as const } : {}),
  };
}

type Codec = Pick<SqlColumn, "read" | "decode" | "encode">;

function scalarCodec({ name }: SqlType, kind: Kind): Codec {
  const plain = { decode: (text: string) => canonical(kind, text), encode: (text: string) => text };
  switch (name) {
    // `to_json` is the one output that no session setting changes; it comes with quotes.
    case "timestamptz":
      return { read: (expr) => `to_json(${expr} at time zone 'UTC')::text`, decode: moment(kind, "instant", zoned), encode: era };
    case "timestamp":
      return { read: (expr) => `to_json(${expr})::text`, decode: moment(kind, "local", (text) => text), encode: era };
    case "date":
      return { read: (expr) => `to_json(${expr})::text`, decode: (text) => canonical(kind, text.slice(1, -1)), encode: era };
    case "float4":
      return { ...plain, read: (expr) => `encode(float4send(${expr}), 'hex')`, decode: (text) => canonical(kind, float(text, 4)) };
    case "float8":
      return { ...plain, read: (expr) => `encode(float8send(${expr}), 'hex')`, decode: (text) => canonical(kind, float(text, 8)) };
    case "interval":
      return { ...plain, read: (expr) => `encode(interval_send(${expr}), 'hex')`, decode: (text) => canonical(kind, duration(text)) };
    case "bytea":
      return {
        read: (expr) => `translate(encode(${expr}, 'base64'), E'\\n', '')`,
        decode: (text) => text,
        encode: (text) => `\\x${Buffer.from(text, "base64").toString("hex")}`,
      };
    default:
      return { ...plain, read: (expr) => `${expr}::text` };
  }
}

/** What Postgres prints of a year with four digits is canonical as it stands: looking at it again was half of all decoding. */
function moment(kind: Kind, type: "instant" | "local", suffixed: (text: string) => string): (text: string) => string {
  const own = kind.type === type;
  return (quotedText) => {
    const text = quotedText.slice(1, -1);
    const isPlain = own && text.charCodeAt(4) === DASH && text.charCodeAt(text.length - 1) <= NINE;
    return isPlain ? suffixed(text) : canonical(kind, suffixed(text));
  };
}

const DASH = 45;
const NINE = 57;

/** `infinity` is the same moment in every zone. */
function zoned(text: string): string {
  if (text.endsWith("infinity")) return text;
  return text.endsWith(" BC") ? `${text.slice(0, -3)}Z BC` : `${text}Z`;
}

/** Postgres knows no signed years: `-000043` is 44 BC, `+012026` is 12026. */
function era(text: string): string {
  const signed = /^([+-])(\d{6,})(-.*)$/.exec(text) ?? (text.startsWith("0000-") ? ["", "-", "0", text.slice(4)] : null);
  if (!signed) return text;
  const [, sign, year, rest] = signed;
  if (sign === "+") return `${Number(year)}${rest}`;
  return `${String(Number(year) + 1).padStart(4, "0")}${rest} BC`;
}

function float(hex: string, bytes: 4 | 8): string {
  const buffer = Buffer.from(hex, "hex");
  const number = bytes === 8 ? buffer.readDoubleBE(0) : buffer.readFloatBE(0);
  return String(number === 0 ? 0 : number);
}

/** Eight bytes of microseconds, four of days, four of months. */
function duration(hex: string): string {
  const buffer = Buffer.from(hex, "hex");
  const micros = buffer.readBigInt64BE(0);
  // Both ends of all three ranges are Postgres's infinite intervals, which no kind has.
  if (micros === 0x7fff_ffff_ffff_ffffn || micros === -0x8000_0000_0000_0000n) throw new ValueError("VALUE.OUT_OF_RANGE");
  const size = micros < 0n ? -micros : micros;
  const seconds = `${micros < 0n ? "-" : ""}${size / 1_000_000n}.${String(size % 1_000_000n).padStart(6, "0")}`;
  return `P${buffer.readInt32BE(12)}M${buffer.readInt32BE(8)}DT${seconds}S`;
}

/** Items go through text, since JSON numbers would not survive every reader; times through JSON, which has no style. */
function listCodec(type: SqlType, kind: Kind): Codec {
  const of: Kind = kind.type === "list" ? kind.of : { type: "text" };
  const item = scalarCodec(type, of);
  const timed = type.name === "timestamptz" || type.name === "timestamp" || type.name === "date";
  return {
    read: (expr) => (timed ? `to_json(${expr})::text` : `to_json(${expr}::text[])::text`),
    decode(text) {
      // Any array column of PostgreSQL holds arrays of arrays too; their items would be taken for texts.
      if (text.startsWith("[[")) throw new ValueError("VALUE.MALFORMED");
      return canonical({ type: "list", of }, of.type === "bytes" ? hexItems(text) : text);
    },
    encode(text) {
      const items = JSON.parse(text) as (string | null)[];
      return `{${items.map((each) => (each === null ? "NULL" : arrayItem(item.encode(each)))).join(",")}}`;
    },
  };
}

function arrayItem(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

function hexItems(text: string): string {
  const items = JSON.parse(text) as (string | null)[];
  return JSON.stringify(items.map((each) => (each === null ? null : Buffer.from(each.slice(2), "hex").toString("base64"))));
}


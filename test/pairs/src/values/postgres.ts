import type { Database } from "@sync/core";
import type { FreshSchema } from "@sync/test-adapters/conformance";
import { CHOICES, type CorpusValue, type ValueKind } from "./corpus/index.ts";
import { meaning } from "./meaning.ts";
import { finite, flat, integer, json, noNul, noNulInJson, oneOf, type Refusal, takesAll, uuid } from "./refusals.ts";
import { type StoredValue, tableOf, type ValueColumn, type ValueSide } from "./side.ts";

export interface PostgresColumn extends ValueColumn {
  readonly type: string;
  /** Of a column with sizes: what PostgreSQL does not refuse. */
  holds?(value: CorpusValue): boolean;
  /** What the application sees of what PostgreSQL says, where that is something else. */
  spell?(text: string | null): string | null;
}

export type PostgresColumns = Readonly<Partial<Record<ValueKind, PostgresColumn>>>;

export const ENUM = "choice";

const END = BigInt(meaning("instant", "+294276-12-31T23:59:59.999999Z")!);
/** A column of milliseconds may have rounded up beyond the last moment. */
const beforeTheEnd: Refusal = (spelled) => (/^-?infinity$/.test(spelled) || BigInt(meaning("instant", spelled)!) <= END ? undefined : "WRITE.VALUE");

/** As most libraries declare them. */
export const postgresColumns = {
  text: { type: "text", range: "without U+0000", reads: takesAll, takes: noNul },
  boolean: { type: "boolean", range: "boolean", reads: takesAll, takes: takesAll },
  integer: { type: "bigint", range: "64 bits", reads: takesAll, takes: integer(64) },
  decimal: { type: "numeric", range: "any number", reads: finite, takes: takesAll },
  float: { type: "double precision", range: "with NaN", reads: takesAll, takes: takesAll },
  instant: { type: "timestamptz", range: "microseconds", reads: takesAll, takes: takesAll, keeps: beforeTheEnd },
  local: { type: "timestamp", range: "microseconds", reads: takesAll, takes: takesAll },
  date: { type: "date", range: "with infinity", reads: takesAll, takes: takesAll },
  time: { type: "time", range: "microseconds", reads: takesAll, takes: takesAll },
  duration: { type: "interval", range: "microseconds", reads: takesAll, takes: takesAll },
  bytes: { type: "bytea", range: "bytes", reads: takesAll, takes: takesAll },
  uuid: { type: "uuid", range: "uuid", reads: takesAll, takes: uuid },
  enum: { type: ENUM, range: "labels", reads: takesAll, takes: oneOf(CHOICES), keeps: oneOf(CHOICES, "WRITE.VALUE") },
  json: { type: "jsonb", range: "without U+0000", reads: json, takes: noNulInJson },
  list: { type: "text[]", range: "without U+0000", reads: flat, takes: takesAll },
} as const satisfies PostgresColumns;

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** The tables, as every library would have them. */
export function postgresTables(columns: PostgresColumns): string[] {
  const tables = Object.entries(columns).map(([kind, { type }]) =>
    `create table ${tableOf(kind as ValueKind)} (id serial primary key, code text not null unique, value ${type}, note text)`);
  return [`create type ${ENUM} as enum (${CHOICES.map(quote).join(", ")})`, ...tables];
}

/** PostgreSQL spells years before the first one and after 9999 otherwise. */
function year(text: string): string {
  const [, sign, years, rest] = /^([+-]?)(\d+)(-\d\d-\d\d.*)$/.exec(text)!;
  const number = Number(`${sign}${years}`);
  return number > 0 ? `${String(number).padStart(4, "0")}${rest}` : `${String(1 - number).padStart(4, "0")}${rest} BC`;
}

const withYears: ReadonlySet<ValueKind> = new Set(["instant", "local", "date"]);

function holds(columns: PostgresColumns, value: CorpusValue): boolean {
  const { kind, text, sql } = value;
  const column = columns[kind];
  if (column === undefined) return false;
  if (column.holds) return column.holds(value);
  if (text === undefined) return sql?.postgres !== undefined;
  if (text === null) return true;
  switch (kind) {
    case "text":
      return !text.includes("\0");
    case "integer":
      return BigInt.asIntN(64, BigInt(text)) === BigInt(text);
    case "json":
      return !["VALUE.MALFORMED", "VALUE.LONE_SURROGATE"].includes(json(text) ?? "") && !/(?:^|[^\\])(?:\\\\)*\\u0000/.test(text);
    default:
      return true;
  }
}

/** An expression for the corpus's spelling of a value. */
function spelling(kind: ValueKind, type: string): string {
  if (kind === "list") return "to_json(value)::text";
  if (kind === "bytes") return "encode(value, 'hex')";
  if (kind === "instant") return type === "timestamptz" ? "(value at time zone 'UTC')::text || 'Z'" : "value::text || 'Z'";
  return "value::text";
}

/** How the application's own connection gives and takes values: as texts, which nothing rounds. */
export function postgresSide(
  { run, close: drop }: FreshSchema, columns: PostgresColumns, database: Database, close: () => Promise<unknown>,
): ValueSide {
  const expression = ({ kind, text, sql }: CorpusValue, parameters: unknown[]): string => {
    if (text === undefined) return sql!.postgres!;
    if (text === null) return "null";
    parameters.push(withYears.has(kind) ? year(text) : text);
    const given = `$${parameters.length}::text`;
    if (kind === "bytes") return `decode(${given}, 'hex')`;
    if (kind === "list") return `array(select item from jsonb_array_elements_text(${given}::jsonb) with ordinality as items (item, place) order by place)`;
    return `${given}::${columns[kind]!.type}`;
  };
  return {
    database, columns,
    holds: (value) => holds(columns, value),
    async insert(kind, values) {
      for (let from = 0; from < values.length; from += 200) {
        const parameters: unknown[] = [];
        const tuples = values.slice(from, from + 200).map((value) => {
          parameters.push(value.id);
          return `($${parameters.length}::text, ${expression(value, parameters)})`;
        });
        await run(`insert into ${tableOf(kind)} (code, value) values ${tuples.join(", ")}`, parameters);
      }
    },
    async rows(kind) {
      const rows = await run(`select code, id::text, value::text, ${spelling(kind, columns[kind]!.type)}, note from ${tableOf(kind)}`);
      return new Map(rows.map(([code, key, bytes, text, note]) => {
        const said = kind === "instant" ? zoned(text as string | null) : (text as string | null);
        return [code as string, { key, bytes, spelled: columns[kind]!.spell?.(said) ?? said, note } as StoredValue];
      }));
    },
    async close() {
      await close();
      await drop();
    },
    async note(kind, codes, note) {
      const named = "code = any (array(select jsonb_array_elements_text($1::text::jsonb)))";
      await run(`update ${tableOf(kind)} set note = $2::text where ${named}`, [JSON.stringify(codes), note]);
    },
  };
}

/** The zone stands before the era, and an end of time has none. */
function zoned(text: string | null): string | null {
  return text && text.replace(/ BCZ$/, "Z BC").replace(/^(-?infinity)Z$/, "$1");
}

import { decode } from "@sync/core";
import type { Kind } from "@sync/core";
import { driversForm, wholly } from "@sync/sql";
import type { LibraryModel, RecordData, RecordSession, RecordWriter, Statement, TurnWriter } from "@sync/sql";
import { and, eq, sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import type { PgDatabase, PgQueryResultHKT, PgTable } from "drizzle-orm/pg-core";
import type { BaseSQLiteDatabase, SQLiteTable } from "drizzle-orm/sqlite-core";
import { barely } from "./errors.ts";
import type { Dialect, DrizzleColumn, DrizzleTable } from "./tables.ts";
import { arrayOf } from "./values.ts";

interface Field {
  readonly column: DrizzleColumn;
  readonly kind: Kind;
  /** Of a `customType`: the kind is that of what its `fromDriver` gives. */
  readonly declared: boolean;
}

interface Records extends Pick<RecordWriter, "writes" | "form"> {
  /** A condition that only the record with this key meets. */
  keyed(model: string, key: RecordData): SQL;
  table(model: string): unknown;
}

/** As Drizzle's types have records of a table that nobody knows. */
type Values = Record<string, never>;

type Declared = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;

function recordsOf(tables: readonly DrizzleTable[], models: readonly LibraryModel[], declared: Declared, dialect: Dialect): Records {
  const tableOf = new Map(tables.map((each) => [each.model, each]));
  const fieldsOf = new Map(models.map(({ model: { name, fields } }) => {
    const { columns } = tableOf.get(name)!;
    return [name, new Map(fields.map((field): [string, Field] => [field.name, { column: columns[field.name]!, kind: field.kind, declared: declared[name]?.[field.name] !== undefined }]))];
  }));
  const fieldOf = (model: string, field: string): Field => fieldsOf.get(model)!.get(field)!;
  return {
    writes: (model) => fieldsOf.has(model),
    form(model, name) {
      const form = formOf(fieldOf(model, name), dialect);
      return (value) => (value === null ? null : form(value));
    },
    keyed: (model, key) => and(...Object.entries(key).map(([field, value]) => eq(fieldOf(model, field).column, value)))!,
    table: (model) => tableOf.get(model)!.table,
  };
}

/** Within one turn of the event loop, in which better-sqlite3 does what it is told. */
export function sqliteRecords(db: object, ...known: [readonly DrizzleTable[], readonly LibraryModel[], Declared]): TurnWriter {
  const { writes, form, keyed, table } = recordsOf(...known, "sqlite");
  const on = db as BaseSQLiteDatabase<"sync", unknown>;
  const of = (model: string): SQLiteTable => table(model) as SQLiteTable;
  return {
    fillsIn: true,
    writes,
    form,
    insert: (model, records) => void on.insert(of(model)).values(records as Values[]).run(),
    update: (model, key, changes) => void on.update(of(model)).set(changes).where(keyed(model, key)).run(),
    delete: (model, key) => void on.delete(of(model)).where(keyed(model, key)).run(),
  };
}

type Postgres = PgDatabase<PgQueryResultHKT>;

/** In Drizzle's own transactions: of a pool, on a connection of their own; of PGlite, under its lock. */
export function postgresRecords(db: object, ...known: [readonly DrizzleTable[], readonly LibraryModel[], Declared]): RecordWriter {
  const { writes, form, keyed, table } = recordsOf(...known, "postgres");
  const of = (model: string): PgTable => table(model) as PgTable;
  const sessionOf = (on: Postgres): RecordSession => ({
    async query(statement) {
      const { rows } = (await barely(on.execute(asDrizzle(statement)))) as { readonly rows: readonly Record<string, string | null>[] };
      return rows.map((row) => Object.values(row));
    },
    insert: async (model, records) => void (await barely(on.insert(of(model)).overridingSystemValue().values(records as Values[]))),
    update: async (model, key, changes) => void (await barely(on.update(of(model)).set(changes as Values).where(keyed(model, key)))),
    delete: async (model, key) => void (await barely(on.delete(of(model)).where(keyed(model, key)))),
  });
  return { fillsIn: true, writes, form, transaction: (work) => barely((db as Postgres).transaction((transaction) => work(sessionOf(transaction)))) };
}

/** Each place of a parameter becomes one of Drizzle's. */
function asDrizzle({ sql: text, params }: Statement): SQL {
  const parts = text.split(/\$(\d+)(?=::text)/);
  return sql.join(parts.map((part, i) => (i % 2 === 0 ? sql.raw(part) : sql`${params[Number(part) - 1]}`)));
}

function formOf(field: Field, dialect: Dialect): (value: string) => unknown {
  const { column, kind, declared } = field;
  const stored = (plain: unknown): unknown => (column.dataType === "custom" && !declared ? column.mapToDriverValue(plain) : plain);
  return wholly(kind, (value) => plainValue(field, value, dialect), stored);
}

/** What the application has for it: what Drizzle gives, and takes. */
function plainValue({ column, kind, declared }: Field, value: string, dialect: Dialect): unknown {
  const item = arrayOf(column);
  if (item && kind.type === "list") {
    const items = JSON.parse(value) as (string | null)[];
    return items.map((each) => (each === null ? null : plainValue({ column: item, kind: kind.of, declared }, each, dialect)));
  }
  switch (column.dataType) {
    case "bigint":
      return BigInt(value);
    case "number":
      return Number(value);
    case "string":
      return value;
    case "date":
      return new Date(value);
    case "buffer":
      return driversForm(kind, decoded(kind, value), dialect);
    case "custom":
      if (declared) return kind.type === "instant" ? new Date(value) : decoded(kind, value);
      return column.mapFromDriverValue(kind.type === "instant" ? value : driversForm(kind, decoded(kind, value), dialect));
    default:
      return decoded(kind, value);
  }
}

/** JSON with objects that have a prototype, which Drizzle asks for; numbers that this rounds are not carried. */
function decoded(kind: Kind, value: string): unknown {
  return kind.type === "json" ? JSON.parse(value) : decode(kind, value);
}

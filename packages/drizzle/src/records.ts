import { decode } from "@sync/core";
import type { Kind } from "@sync/core";
import { driversForm, holdsAll } from "@sync/sql";
import type { LibraryModel, RecordSession, RecordValues, RecordWriter, Statement, TurnWriter } from "@sync/sql";
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

interface Records {
  writes(model: string): boolean;
  carries(model: string, values: RecordValues): boolean;
  /** As the application has them. */
  plain(model: string, values: RecordValues): Record<string, never>;
  /** A condition that only the record with this key meets. */
  keyed(model: string, key: RecordValues): SQL;
  table(model: string): unknown;
}

type Declared = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;

function recordsOf(tables: readonly DrizzleTable[], models: readonly LibraryModel[], declared: Declared, dialect: Dialect): Records {
  const tableOf = new Map(tables.map((each) => [each.model, each]));
  const fieldsOf = new Map(models.map(({ model: { name, fields } }) => {
    const { columns } = tableOf.get(name)!;
    return [name, new Map(fields.map((field): [string, Field] => [field.name, { column: columns[field.name]!, kind: field.kind, declared: declared[name]?.[field.name] !== undefined }]))];
  }));
  const plainOf = (model: string, field: string, value: string): unknown => plainValue(fieldsOf.get(model)!.get(field)!, value, dialect);
  return {
    writes: (model) => fieldsOf.has(model),
    carries: (model, values) => [...values].every(([name, value]) => value === null || isCarried(fieldsOf.get(model)!.get(name)!, value, dialect)),
    plain: (model, values) => Object.fromEntries([...values].map(([field, value]) => [field, value === null ? null : plainOf(model, field, value)])) as Record<string, never>,
    keyed: (model, key) => and(...[...key].map(([field, value]) => eq(fieldsOf.get(model)!.get(field)!.column, plainOf(model, field, value!))))!,
    table: (model) => tableOf.get(model)!.table,
  };
}

/** Within one turn of the event loop, in which better-sqlite3 does what it is told. */
export function sqliteRecords(db: object, ...known: [readonly DrizzleTable[], readonly LibraryModel[], Declared]): TurnWriter {
  const { writes, carries, plain, keyed, table } = recordsOf(...known, "sqlite");
  const on = db as BaseSQLiteDatabase<"sync", unknown>;
  const of = (model: string): SQLiteTable => table(model) as SQLiteTable;
  return {
    fillsIn: true,
    writes,
    carries,
    insert: (model, records) => void on.insert(of(model)).values(records.map((values) => plain(model, values))).run(),
    update: (model, key, changes) => void on.update(of(model)).set(plain(model, changes)).where(keyed(model, key)).run(),
    delete: (model, key) => void on.delete(of(model)).where(keyed(model, key)).run(),
  };
}

type Postgres = PgDatabase<PgQueryResultHKT>;

/** In Drizzle's own transactions: of a pool, on a connection of their own; of PGlite, under its lock. */
export function postgresRecords(db: object, ...known: [readonly DrizzleTable[], readonly LibraryModel[], Declared]): RecordWriter {
  const { writes, carries, plain, keyed, table } = recordsOf(...known, "postgres");
  const of = (model: string): PgTable => table(model) as PgTable;
  const sessionOf = (on: Postgres): RecordSession => ({
    async query(statement) {
      const { rows } = (await barely(on.execute(asDrizzle(statement)))) as { readonly rows: readonly Record<string, string | null>[] };
      return rows.map((row) => Object.values(row));
    },
    insert: async (model, records) => void (await barely(on.insert(of(model)).overridingSystemValue().values(records.map((values) => plain(model, values))))),
    update: async (model, key, changes) => void (await barely(on.update(of(model)).set(plain(model, changes)).where(keyed(model, key)))),
    delete: async (model, key) => void (await barely(on.delete(of(model)).where(keyed(model, key)))),
  });
  return { fillsIn: true, writes, carries, transaction: (work) => barely((db as Postgres).transaction((transaction) => work(sessionOf(transaction)))) };
}

/** Each place of a parameter becomes one of Drizzle's. */
function asDrizzle({ sql: text, params }: Statement): SQL {
  const parts = text.split(/\$(\d+)(?=::text)/);
  return sql.join(parts.map((part, i) => (i % 2 === 0 ? sql.raw(part) : sql`${params[Number(part) - 1]}`)));
}

function isCarried({ column, kind, declared }: Field, value: string, dialect: Dialect): boolean {
  // To Drizzle, a null in JSON is none.
  if (kind.type === "json" && value === "null") return false;
  return holdsAll(kind, value, () => {
    const plain = plainValue({ column, kind, declared }, value, dialect);
    return column.dataType === "custom" && !declared ? column.mapToDriverValue(plain) : plain;
  });
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

import { canonical } from "@sync/core";
import type { Digits, Kind } from "@sync/core";
import { convertedField, postgresColumn, postgresKind, postgresUtcColumn, qualified, sqliteColumn, sqliteKindOf } from "@sync/sql";
import type { SqlColumn, SqliteStorage, StoredField } from "@sync/sql";
import type { Dialect, DrizzleColumn } from "./tables.ts";

interface Names {
  readonly field: string;
  /** The column's name in the database. */
  readonly column: string;
}

/**
 * `declared`: the kind of what a custom type's `fromDriver` gives. Undefined: a type that cannot be carried.
 */
export function storedColumn(column: DrizzleColumn, names: Names, dialect: Dialect, declared: Kind | undefined): StoredField | undefined {
  const stored = dialect === "sqlite" ? sqliteStored(column, names) : postgresStored(column, names);
  if (!stored || !declared) return stored;
  return convertedField(stored, declared, {
    fromDriver: (value) => column.mapFromDriverValue(value),
    toDriver: (value) => column.mapToDriverValue(value),
  });
}

// ---- PostgreSQL

function postgresStored(column: DrizzleColumn, names: Names): StoredField | undefined {
  const array = arrayOf(column);
  // An array of arrays, whose depth the type does not fix.
  if (array && arrayOf(array)) return undefined;
  const item = array ?? column;
  const declared = enumOf(item);
  const type = declared?.type ?? item.getSQLType();
  const options = { ...names, type: array ? `${type}[]` : type };
  // With dates as Date objects Drizzle means UTC, whatever the column says.
  const utc = item.columnType === "PgTimestamp" ? postgresUtcColumn(options) : undefined;
  if (utc) return utc;
  const of = declared?.kind ?? postgresItemKind(item, type);
  const kind: Kind | undefined = array && of ? { type: "list", of } : of;
  return kind && { kind, column: postgresColumn({ ...options, kind }) };
}

function postgresItemKind(column: DrizzleColumn, type: string): Kind | undefined {
  const kind = postgresKind(type);
  switch (column.columnType) {
    // Through a JavaScript number the application itself cannot see more.
    case "PgBigInt53":
    case "PgBigSerial53":
      return { type: "integer", bits: 53 };
    case "PgNumericNumber":
      return kind?.type === "decimal" ? { ...kind, precision: Math.min(kind.precision ?? 15, 15) } : kind;
    case "PgNumericBigInt":
      return { type: "integer" };
    default:
      return texts(column) && kind?.type === "text" ? { type: "enum", values: column.enumValues! } : kind;
  }
}

const texts = (column: DrizzleColumn): boolean => (column.enumValues?.length ?? 0) > 0;

interface ArrayColumn {
  readonly baseColumn: DrizzleColumn;
}

/** The column that an array's items are. */
export function arrayOf(column: DrizzleColumn): DrizzleColumn | undefined {
  return column.columnType === "PgArray" ? (column as unknown as ArrayColumn).baseColumn : undefined;
}

interface EnumColumn {
  readonly enum: { readonly enumName: string; readonly enumValues: readonly string[]; readonly schema?: string | undefined };
}

function enumOf(column: DrizzleColumn): { type: string; kind: Kind } | undefined {
  if (column.columnType !== "PgEnumColumn" && column.columnType !== "PgEnumObjectColumn") return undefined;
  const { enumName, enumValues, schema } = (column as unknown as EnumColumn).enum;
  return { type: qualified({ schema, name: enumName }), kind: { type: "enum", values: enumValues } };
}

// ---- SQLite

function sqliteStored(column: DrizzleColumn, names: Names): StoredField | undefined {
  const [kind, storage] = sqliteKind(column);
  const stock = sqliteColumn({ ...names, kind, ...(storage ? { storage } : {}) });
  return { kind, column: column.columnType === "SQLiteBigInt" ? digitsInBlob(stock) : stock };
}

function sqliteKind(column: DrizzleColumn): [Kind, SqliteStorage?] {
  switch (column.columnType) {
    // Through a JavaScript number the application itself cannot see more.
    case "SQLiteInteger":
      return [{ type: "integer", bits: 53 }];
    case "SQLiteTimestamp": {
      const seconds = (column as unknown as { mode: string }).mode === "timestamp";
      const digits: Digits = seconds ? 0 : 3;
      return [{ type: "instant", digits, noInfinity: true }, seconds ? "unix-seconds" : "unix-milliseconds"];
    }
    case "SQLiteBoolean":
      return [{ type: "boolean" }];
    case "SQLiteReal":
      return [{ type: "float", bits: 64, noNaN: true }];
    // SQLite keeps a numeric as a number; up to 15 digits come back as they were.
    case "SQLiteNumeric":
    case "SQLiteNumericNumber":
      return [{ type: "decimal", precision: 15 }];
    case "SQLiteNumericBigInt":
      return [{ type: "integer", bits: 64 }, "text"];
    case "SQLiteBigInt":
      return [{ type: "integer" }, "blob"];
    case "SQLiteBlobJson":
      return [{ type: "json" }, "blob"];
    case "SQLiteBlobBuffer":
      return [{ type: "bytes" }];
    case "SQLiteTextJson":
      return [{ type: "json" }];
    case "SQLiteText":
      return [texts(column) ? { type: "enum", values: column.enumValues! } : { type: "text" }];
    default:
      return [sqliteKindOf(column.getSQLType().toLowerCase())];
  }
}

/** Drizzle keeps such an integer as the bytes of its digits. */
function digitsInBlob(stock: SqlColumn): SqlColumn {
  return { ...stock, decode: (literal) => canonical({ type: "integer" }, Buffer.from(literal.slice(2, -1), "hex").toString("utf8")) };
}

import { narrowed, ValueError } from "@sync/core";
import type { Kind } from "@sync/core";
import { postgresColumn, postgresKind, postgresUtcColumn, renamedColumn, sqliteColumn, sqliteNumericJsonColumn } from "@sync/sql";
import type { SqlColumn, SqliteColumnOptions, StoredField } from "@sync/sql";
import type { Engine } from "./client.ts";
import type { DmmfEnum, DmmfField } from "./dmmf.ts";

export type TimestampFormat = "iso8601" | "unixepoch-ms";

export interface StorageContext {
  readonly engine: Engine;
  readonly enums: ReadonlyMap<string, DmmfEnum>;
  /** Where they are on PostgreSQL; undefined: somewhere on the search path. */
  readonly enumSchema: string | undefined;
  readonly timestampFormat: TimestampFormat;
}

/** Undefined: a type that cannot be carried. */
export function storedField(field: DmmfField, context: StorageContext): StoredField | undefined {
  const declared = field.kind === "enum" ? context.enums.get(field.type) : undefined;
  if (field.kind === "enum" && declared === undefined) return undefined;
  return context.engine === "sqlite" ? sqliteField(field, declared, context.timestampFormat) : postgresField(field, declared, context.enumSchema);
}

// ---- SQLite

const sqliteKinds: Readonly<Record<string, Kind>> = {
  String: { type: "text" },
  Boolean: { type: "boolean" },
  Int: { type: "integer", bits: 32 },
  BigInt: { type: "integer", bits: 64 },
  Float: { type: "float", bits: 64, noNaN: true },
  // Prisma stores a decimal as a number; up to 15 digits come back as they were.
  Decimal: { type: "decimal", precision: 15 },
  DateTime: { type: "instant", digits: 3, noInfinity: true },
  Json: { type: "json" },
  Bytes: { type: "bytes" },
};

function sqliteField(field: DmmfField, declared: DmmfEnum | undefined, format: TimestampFormat): StoredField | undefined {
  const kind = declared ? enumKind(declared) : sqliteKinds[field.type];
  if (kind === undefined || field.isList) return undefined;
  const names = { field: field.name, column: columnName(field), kind };
  if (field.type === "DateTime") return { kind, column: dateTime(names, format) };
  const stock = sqliteColumn(names);
  if (declared) return { kind, column: renamedColumn(stock, labelsOf(declared)) };
  if (field.type === "Json") return { kind, column: sqliteNumericJsonColumn(stock) };
  return { kind, column: stock };
}

/** Prisma reads an integer as milliseconds and a text as ISO 8601, whichever of them it writes. So does this. */
function dateTime(names: SqliteColumnOptions, format: TimestampFormat): SqlColumn {
  const number = sqliteColumn({ ...names, storage: "unix-milliseconds" });
  // `CURRENT_TIMESTAMP`, the column's own default, says no zone and means UTC. Prisma shows the application no fourth digit.
  const zoned = (text: string): string => (/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?$/.test(text) ? `${text.replace(" ", "T")}Z` : text);
  return {
    ...(format === "iso8601" ? { ...sqliteColumn(names), encode: isoOfPrisma } : number),
    decode: (text) => narrowed(names.kind, number.decode(zoned(text))),
  };
}

/** `2026-01-02T03:04:05.678+00:00`: always three digits, an offset instead of Z. What no Date holds Prisma could not read. */
function isoOfPrisma(instant: string): string {
  if (Number.isNaN(Date.parse(instant))) throw new ValueError("VALUE.OUT_OF_RANGE");
  const [whole, fraction = ""] = instant.slice(0, -1).split(".");
  return `${whole}.${fraction.padEnd(3, "0").slice(0, 3)}+00:00`;
}

// ---- PostgreSQL

const postgresTypes: Readonly<Record<string, string>> = {
  String: "text",
  Boolean: "boolean",
  Int: "integer",
  BigInt: "bigint",
  Float: "double precision",
  Decimal: "numeric(65,30)",
  DateTime: "timestamp(3)",
  Json: "jsonb",
  Bytes: "bytea",
};

/** `@db.DoublePrecision`; all other native types are the SQL name in capitals. */
const nativeNames: Readonly<Record<string, string>> = { DoublePrecision: "double precision", Decimal: "numeric", Integer: "integer", ByteA: "bytea" };

function postgresField(field: DmmfField, declared: DmmfEnum | undefined, enumSchema: string | undefined): StoredField | undefined {
  const stored = postgresItems(field, declared, enumSchema);
  if (stored === undefined || !field.isList) return stored;
  // As Prisma does: a list that is null is empty, which is not what was sent then.
  const { read, write } = stored.column;
  const column: SqlColumn = { ...stored.column, read: (expr) => read(orEmpty(expr)), write: (expr) => orEmpty(write(expr)), customWrite: true, lossy: true };
  return { ...stored, column };
}

const orEmpty = (expr: string): string => `coalesce(${expr}, '{}')`;

function postgresItems(field: DmmfField, declared: DmmfEnum | undefined, enumSchema: string | undefined): StoredField | undefined {
  const item = declared ? enumType(declared, enumSchema) : nativeType(field);
  const names = { field: field.name, column: columnName(field), type: field.isList ? `${item}[]` : item };
  if (declared) {
    const kind: Kind = field.isList ? { type: "list", of: enumKind(declared) } : enumKind(declared);
    return { kind, column: renamedColumn(postgresColumn({ ...names, kind }), labelsOf(declared)) };
  }
  // Prisma keeps moments in columns without a zone, and means UTC.
  const utc = postgresUtcColumn(names);
  const kind = postgresKind(names.type);
  return utc ?? (kind && { kind, column: postgresColumn(names) });
}

function nativeType(field: DmmfField): string {
  const [name, sizes] = field.nativeType ?? [];
  if (name === undefined) return postgresTypes[field.type] ?? field.type;
  const sql = nativeNames[name] ?? name.toLowerCase();
  return sizes && sizes.length > 0 ? `${sql}(${sizes.join(",")})` : sql;
}

// ---- both

function columnName(field: DmmfField): string {
  return field.dbName ?? field.name;
}

function enumKind(declared: DmmfEnum): Kind {
  return { type: "enum", values: declared.values.map((value) => value.name) };
}

/** The application sees an enum's names, the database its `@map`ped values. */
const labelsOf = ({ values }: DmmfEnum): (readonly [string, string])[] => values.map(({ name, dbName }) => [dbName ?? name, name]);

function enumType({ name, dbName }: DmmfEnum, schema: string | undefined): string {
  return [...(schema === undefined ? [] : [schema]), dbName ?? name].map((part) => `"${part.replaceAll('"', '""')}"`).join(".");
}

import type { Kind } from "@sync/core";
import {
  nullIsEmptyList, postgresColumn, postgresField, postgresUtcColumn, qualified, renamedColumn, sqliteColumn, sqliteDateField, sqliteNumericJsonColumn,
  type StoredField,
} from "@sync/sql";
import type { Engine } from "./client.ts";
import { columnName, type DmmfEnum, type DmmfField, type PrismaSchema } from "./dmmf.ts";

export type TimestampFormat = "iso8601" | "unixepoch-ms";

export interface Storage {
  readonly engine: Engine;
  /** PostgreSQL: where tables and enums are that do not say it. */
  readonly schemaName: string | undefined;
  readonly timestampFormat: TimestampFormat;
}

/** Undefined: a type that cannot be carried. */
export function storedField(field: DmmfField, { enums, models }: PrismaSchema, { engine, schemaName, timestampFormat }: Storage): StoredField | undefined {
  const declared = field.kind === "enum" ? enums.get(field.type) : undefined;
  if (field.kind === "unsupported" || (field.kind === "enum" && declared === undefined)) return undefined;
  if (engine === "sqlite") return sqliteStored(field, declared, timestampFormat);
  // Prisma does not tell in which of several schemas an enum is: then it is somewhere on the search path.
  const stored = postgresStored(field, declared, models.some((model) => model.schema) ? undefined : schemaName);
  return stored && field.isList ? nullIsEmptyList(stored) : stored;
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
  Json: { type: "json" },
  Bytes: { type: "bytes" },
};

function sqliteStored(field: DmmfField, declared: DmmfEnum | undefined, format: TimestampFormat): StoredField | undefined {
  const names = { field: field.name, column: columnName(field) };
  if (field.isList) return undefined;
  if (field.type === "DateTime") return sqliteDateField(names, format);
  const kind = declared ? enumKind(declared) : sqliteKinds[field.type];
  if (kind === undefined) return undefined;
  const stock = sqliteColumn({ ...names, kind });
  if (declared) return { kind, column: renamedColumn(stock, labelsOf(declared)) };
  return { kind, column: field.type === "Json" ? sqliteNumericJsonColumn(stock) : stock };
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

function postgresStored(field: DmmfField, declared: DmmfEnum | undefined, enumSchema: string | undefined): StoredField | undefined {
  const item = declared ? qualified({ schema: enumSchema, name: declared.dbName ?? declared.name }) : nativeType(field);
  const names = { field: field.name, column: columnName(field), type: field.isList ? `${item}[]` : item };
  if (declared) {
    const kind: Kind = field.isList ? { type: "list", of: enumKind(declared) } : enumKind(declared);
    return { kind, column: renamedColumn(postgresColumn({ ...names, kind }), labelsOf(declared)) };
  }
  // Prisma keeps moments in columns without a zone, and means UTC.
  return postgresUtcColumn(names) ?? postgresField(names);
}

function nativeType(field: DmmfField): string {
  const [name, sizes] = field.nativeType ?? [];
  if (name === undefined) return postgresTypes[field.type] ?? field.type;
  const sql = nativeNames[name] ?? name.toLowerCase();
  return sizes && sizes.length > 0 ? `${sql}(${sizes.join(",")})` : sql;
}

// ---- both

function enumKind(declared: DmmfEnum): Kind {
  return { type: "enum", values: declared.values.map((value) => value.name) };
}

/** The application sees an enum's names, the database its `@map`ped values. */
const labelsOf = ({ values }: DmmfEnum): (readonly [string, string])[] => values.map(({ name, dbName }) => [dbName ?? name, name]);

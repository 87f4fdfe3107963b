import type { Kind } from "@sync/core";
import {
  convertedField, driversForm, listInText, postgresColumn, postgresField, postgresProcessZoneColumn, quoted, sqliteBinaryJsonField, sqliteColumn, sqliteKindOf,
  sqliteNumericJsonColumn, sqliteUtcField,
} from "@sync/sql";
import type { ListText, SqlColumn, StoredField } from "@sync/sql";
import type { ValueTransformer } from "typeorm";
import type { ColumnMetadata, Engine } from "./client.ts";

export interface StorageContext {
  readonly engine: Engine;
  /** TypeORM's own name of a column's type. */
  readonly typeOf: (column: ColumnMetadata) => string;
}

/** Whether a kind can be declared for a column: what it holds depends on more than its type. */
export function takesKind(column: ColumnMetadata, kind: Kind | undefined, context: StorageContext): boolean {
  return column.transformer !== undefined || (kind?.type === "local" && isWallTime(column, context));
}

const isWallTime = (column: ColumnMetadata, { engine, typeOf }: StorageContext): boolean => engine === "postgres" && typeOf(column) === "timestamp without time zone";

/**
 * Or why its values cannot be carried. `declared`: the kind of what a transformer's `from` gives, or that a `timestamp` holds a
 * time on some wall.
 */
export function storedColumn(column: ColumnMetadata, field: string, declared: Kind | undefined, { engine, typeOf }: StorageContext): StoredField | string {
  const { transformer } = column;
  const names = { field, column: column.databaseName };
  const type = typeOf(column);
  const stored = engine === "sqlite" ? sqliteStored(column, names, type) : postgresStored(column, names, type, declared);
  if (stored === undefined) return `of type ${type} cannot be carried`;
  if (!transformer) return stored;
  return declared ? transformed(stored, transformer, declared, engine) : "of unknown kind comes from its transformer: say in `kinds` which";
}

type Names = Pick<SqlColumn, "field" | "column">;

// ---- PostgreSQL

function postgresStored(column: ColumnMetadata, names: Names, type: string, declared: Kind | undefined): StoredField | undefined {
  const text = (kind: Kind): SqlColumn => postgresColumn({ ...names, type: "text", kind });
  if (column.type === "simple-json") return { kind: { type: "json" }, column: text({ type: "json" }) };
  if (column.type === "simple-array") return listInText(text({ type: "text" }), { type: "text", noNul: true }, commas);
  const array = column.isArray ? "[]" : "";
  if (type === "enum") {
    const of = enumOf(column);
    const kind: Kind = column.isArray ? { type: "list", of } : of;
    return { kind, column: postgresColumn({ ...names, type: `${enumName(column)}${array}`, kind }) };
  }
  const sized = { ...names, type: `${type}${sizesOf(column)}${array}` };
  // TypeORM gives Dates.
  const moment = declared?.type === "local" && !column.transformer ? undefined : postgresProcessZoneColumn(sized);
  return moment ?? postgresField(sized);
}

function sizesOf({ length, precision, scale }: ColumnMetadata): string {
  if (length) return `(${length})`;
  if (precision == null) return "";
  return scale == null ? `(${precision})` : `(${precision},${scale})`;
}

/** As TypeORM names the type that it makes for a column. */
function enumName({ entityMetadata, enumName: given, databaseName }: ColumnMetadata): string {
  const name = given ?? `${entityMetadata.tableName}_${databaseName.toLowerCase()}_enum`;
  const { schema } = entityMetadata;
  return [...(schema ? [schema] : []), ...name.split(".")].map(quoted).join(".");
}

function enumOf(column: ColumnMetadata): Kind {
  return { type: "enum", values: (column.enum ?? []).map(String) };
}

// ---- SQLite

function sqliteStored(column: ColumnMetadata, names: Names, type: string): StoredField | undefined {
  const stock = (kind: Kind): StoredField => ({ kind, column: sqliteColumn({ ...names, kind }) });
  const text = stock({ type: "text" });
  if (column.type === "simple-json") return stock({ type: "json" });
  if (column.type === "simple-array") return listInText(text.column, { type: "text" }, commas);
  if (column.type === "simple-enum") return column.isArray ? listInText(text.column, enumOf(column), commas) : stock(enumOf(column));
  switch (type) {
    case "boolean":
      return stock({ type: "boolean" });
    case "datetime":
      return sqliteUtcField(names);
    case "date":
      return stock({ type: "date", noInfinity: true });
    case "time":
      return stock({ type: "time", digits: 6 });
    case "json":
      return { kind: { type: "json" }, column: sqliteNumericJsonColumn(stock({ type: "json" }).column) };
    case "jsonb":
      return sqliteBinaryJsonField(names);
    default:
      return stock(sqliteKindOf(type));
  }
}

// ---- both

/** `simple-array`: items in one text, with commas between them. */
const commas: ListText = { join: (items) => items.join(","), split: (text) => (text === "" ? [] : text.split(",")) };

/** Values as a transformer gives them to the application; it gets them as TypeORM's driver would have given them. */
function transformed(stored: StoredField, transformer: ValueTransformer | ValueTransformer[], declared: Kind, engine: Engine): StoredField {
  const all = [transformer].flat();
  return convertedField(stored, declared, {
    fromDriver: (value) => all.reduceRight((each, { from }) => from(each), driversForm(stored.kind, value, engine)),
    toDriver: (value) => all.reduce((each, { to }) => to(each), value),
  });
}

import type { EntityProperty, Type } from "@mikro-orm/core";
import type { Kind } from "@sync/core";
import {
  convertedField, driversForm, postgresColumn, postgresKind, postgresProcessZoneColumn, postgresUtcColumn, quoted, sqliteColumn, sqliteKindOf, sqliteListField,
  sqliteNumericJsonColumn,
} from "@sync/sql";
import type { SqliteStorage, StoredField } from "@sync/sql";
import type { Engine, Facts, Platform } from "./client.ts";
import type { EntityColumn } from "./columns.ts";

/** `declared`: the kind of what a type of the application's own gives. Or why its values cannot be carried. */
export function storedColumn(column: EntityColumn, declared: Kind | undefined, { engine, platform, option }: Facts): StoredField | string {
  const stored = engine === "sqlite" ? sqliteStored(column, platform) : postgresStored(column, option("forceUtcTimezone") !== false);
  if (stored === undefined) return `of type ${column.type} cannot be carried`;
  const type = ownType(column.property);
  if (!type) return normalized(stored, column.property);
  const { hasConvertToJSValueSQL, hasConvertToDatabaseValueSQL } = column.property;
  if (hasConvertToJSValueSQL || hasConvertToDatabaseValueSQL) return `of ${type.name} is converted in SQL, which is not supported`;
  if (!declared) return `of ${type.name} is converted: say in \`kinds\` what kind of value the application sees`;
  return convertedField(stored, declared, {
    fromDriver: (value) => type.convertToJSValue(given(stored.kind, value, engine), platform as never),
    toDriver: (value) => ourForm(stored.kind, type.convertToDatabaseValue(value, platform as never)),
  });
}

/** The name by which MikroORM marks its own types. */
const markOf = ({ customType }: EntityProperty): unknown =>
  customType && Object.getOwnPropertyDescriptor(customType.constructor, Symbol.for("@mikro-orm/type"))?.value;

/** A type of the application's own. */
export function ownType(property: EntityProperty): Type<unknown, unknown> | undefined {
  return markOf(property) === undefined ? (property.customType as Type<unknown, unknown> | undefined) : undefined;
}

/** What the driver would have given to the type: MikroORM has it leave moments as they are, and SQLite keeps documents as texts. */
function given(kind: Kind, value: unknown, engine: Engine): unknown {
  if (kind.type === "instant") return engine === "postgres" ? value : Date.parse(value as string);
  return kind.type === "json" && engine === "sqlite" ? JSON.stringify(value) : driversForm(kind, value, engine);
}

/** A document that the type has made a text of is not a text, and a number may stand for an instant. */
function ourForm(kind: Kind, value: unknown): unknown {
  if (kind.type === "instant" && typeof value === "number") return new Date(value);
  return kind.type === "json" && typeof value === "string" ? (JSON.parse(value) as unknown) : value;
}

/** `p.string().trim().lowercase()`: done with every value that MikroORM writes, so that here it is done too. */
function normalized(stored: StoredField, { customType }: EntityProperty): StoredField {
  const { options } = (customType ?? {}) as { readonly options?: { readonly trim?: boolean; readonly case?: string } };
  if (stored.kind.type !== "text" || (options?.trim !== true && options?.case === undefined)) return stored;
  const type = customType as Type<string, string>;
  const { encode } = stored.column;
  return { ...stored, column: { ...stored.column, lossy: true, encode: (text) => encode(type.convertToDatabaseValue(text, undefined as never)) } };
}

function enumOf({ items }: EntityProperty): Kind | undefined {
  const isNames = items && items.length > 0 && items.every((item) => typeof item === "string");
  return isNames ? { type: "enum", values: items } : undefined;
}

/** What JavaScript can show the application is all that a field holds. */
function asNumber(kind: Kind | undefined, { runtimeType }: EntityProperty): Kind | undefined {
  if (runtimeType !== "number") return kind;
  if (kind?.type === "integer" && (kind.bits ?? 64) > 53) return { ...kind, bits: 53 };
  return kind?.type === "decimal" ? { ...kind, precision: Math.min(kind.precision ?? 15, 15) } : kind;
}

// ---- PostgreSQL

/** `utc`: Dates in columns without a zone are UTC; else they are times on the wall of this process's zone. */
function postgresStored({ field, column, type: declared, property }: EntityColumn, utc: boolean): StoredField | undefined {
  const isList = declared.endsWith("[]");
  const type = property.nativeEnumName === undefined ? declared : property.nativeEnumName.split(".").map(quoted).join(".") + (isList ? "[]" : "");
  const names = { field, column, type };
  const moment = property.runtimeType.startsWith("Date") ? (utc ? postgresUtcColumn : postgresProcessZoneColumn)(names) : undefined;
  if (moment) return moment;
  const of = enumOf(property);
  const named: Kind | undefined = of && isList ? { type: "list", of } : of;
  const kind = named ?? asNumber(postgresKind(type), property);
  return kind && { kind, column: postgresColumn({ ...names, kind }) };
}

// ---- SQLite

function sqliteStored({ field, column, type, property }: EntityColumn, platform: Platform): StoredField | undefined {
  const stock = (kind: Kind, storage?: SqliteStorage): StoredField =>
    ({ kind, column: sqliteColumn({ field, column, kind, ...(storage ? { storage } : {}) }) });
  const name = type.toLowerCase();
  if (property.runtimeType === "Date") return stock({ type: "instant", digits: 3, noInfinity: true }, "unix-milliseconds");
  if (property.runtimeType === "boolean") return stock({ type: "boolean" });
  if (markOf(property) === "array" || markOf(property) === "enumArray") {
    const asText = { join: (items: readonly string[]) => platform.marshallArray(items), split: (text: string) => platform.unmarshallArray(text) };
    return sqliteListField({ field, column }, enumOf(property) ?? { type: "text" }, asText);
  }
  if (name.includes("json")) return { kind: { type: "json" }, column: sqliteNumericJsonColumn(stock({ type: "json" }).column) };
  if (name === "date") return stock({ type: "date" });
  // MikroORM itself refuses to write a fraction.
  if (name.startsWith("time") && !name.startsWith("timestamp")) return stock({ type: "time", digits: 0 });
  if (!/int|char|clob|text|blob|real|floa|doub|^numeric|^decimal/.test(name)) return undefined;
  const kind = asNumber(sqliteKindOf(name), property)!;
  if (kind.type === "decimal") return stock({ ...kind, precision: Math.min(property.precision ?? 15, 15) });
  return stock(kind.type === "text" ? (enumOf(property) ?? kind) : kind);
}

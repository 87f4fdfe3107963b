import { randomUUID } from "node:crypto";
import type { Kind } from "@sync/core";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import type { KeyKind } from "../schema.ts";

/** What the tables of both dialects need of a column. */
export interface Column {
  notNull(): Column;
  references(to: () => object, actions: { readonly onDelete: string }): Column;
}

/** The columns of one dialect. */
export interface Columns {
  /** Of a model that makes its own keys. */
  key(kind: KeyKind): object;
  /** Of a value, or of another record's key. `enumName`: for the type that an enum needs. */
  column(kind: Kind | KeyKind, enumName: string): Column;
}

const cuid = (): string => `c${randomUUID().replaceAll("-", "").slice(0, 24)}`;

// ---- PostgreSQL

const bytea = pg.customType<{ data: Uint8Array }>({ dataType: () => "bytea" });

function postgresKey(kind: KeyKind): object {
  switch (kind) {
    case "serial":
      return pg.serial().primaryKey();
    case "bigint":
      return pg.bigserial({ mode: "bigint" }).primaryKey();
    case "uuid":
      return pg.uuid().primaryKey().defaultRandom();
    default:
      return pg.text().primaryKey().$defaultFn(cuid);
  }
}

function postgresColumn(kind: Kind | KeyKind, enumName: string): object {
  if (typeof kind !== "string") return postgresType(kind, enumName);
  if (kind === "serial") return pg.integer();
  return kind === "bigint" ? pg.bigint({ mode: "bigint" }) : kind === "uuid" ? pg.uuid() : pg.text();
}

function postgresType(kind: Kind, enumName: string): object {
  switch (kind.type) {
    case "text":
      return kind.maxLength === undefined ? pg.text() : pg.varchar({ length: kind.maxLength });
    case "boolean":
      return pg.boolean();
    case "integer":
      if (kind.bits === undefined) return pg.numeric({ mode: "bigint", precision: 100 });
      return kind.bits <= 16 ? pg.smallint() : kind.bits <= 32 ? pg.integer() : pg.bigint({ mode: "bigint" });
    case "decimal":
      return kind.precision === undefined ? pg.numeric() : pg.numeric({ precision: kind.precision, scale: kind.scale ?? 0 });
    case "float":
      return kind.bits === 32 ? pg.real() : pg.doublePrecision();
    case "instant":
      return pg.timestamp({ withTimezone: true, precision: digits(kind) });
    case "local":
      return pg.timestamp({ mode: "string", precision: digits(kind) });
    case "date":
      return pg.date();
    case "time":
      return pg.time({ precision: digits(kind) });
    case "duration":
      return pg.interval({ precision: digits(kind) });
    case "bytes":
      return bytea();
    case "uuid":
      return pg.uuid();
    case "enum":
      return pg.pgEnum(enumName, kind.values as [string, ...string[]])();
    case "json":
      return pg.jsonb();
    case "list":
      return (postgresType(kind.of, enumName) as ReturnType<typeof pg.text>).array();
  }
}

const digits = (kind: { readonly digits: number }): 0 | 1 | 2 | 3 | 4 | 5 | 6 => Math.min(kind.digits, 6) as 6;

export const postgresColumns: Columns = { key: postgresKey, column: (kind, enumName) => postgresColumn(kind, enumName) as Column };

// ---- SQLite

function sqliteKey(kind: KeyKind): object {
  if (kind === "serial" || kind === "bigint") return lite.integer().primaryKey({ autoIncrement: true });
  return lite.text().primaryKey().$defaultFn(kind === "uuid" ? randomUUID : cuid);
}

function sqliteColumn(kind: Kind | KeyKind): object {
  if (typeof kind === "string") return kind === "serial" || kind === "bigint" ? lite.integer() : lite.text();
  return sqliteType(kind);
}

function sqliteType(kind: Kind): object {
  switch (kind.type) {
    case "boolean":
      return lite.integer({ mode: "boolean" });
    case "integer":
      return kind.bits === undefined || kind.bits > 53 ? lite.blob({ mode: "bigint" }) : lite.integer();
    case "decimal":
      return lite.numeric();
    case "float":
      return lite.real();
    case "instant":
      return lite.integer({ mode: "timestamp_ms" });
    case "bytes":
      return lite.blob({ mode: "buffer" });
    case "json":
      return lite.text({ mode: "json" });
    case "enum":
      return lite.text({ enum: kind.values as [string, ...string[]] });
    default:
      return lite.text();
  }
}

export const sqliteColumns: Columns = { key: sqliteKey, column: (kind) => sqliteColumn(kind) as Column };

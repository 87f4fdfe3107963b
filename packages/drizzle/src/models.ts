import { encode, SyncError } from "@sync/core";
import type { Kind } from "@sync/core";
import { keyMakerBy, libraryModels, onDeleteOf } from "@sync/sql";
import type { KeyMaker, LibraryColumn, LibraryModels, LibraryTable, SyncFieldNames } from "@sync/sql";
import { getTableColumns, getTableName, is, SQL } from "drizzle-orm";
import type { Table } from "drizzle-orm";
import type { Dialect, DrizzleColumn, DrizzleForeignKey, DrizzleTable, DrizzleTables } from "./tables.ts";
import { storedColumn } from "./values.ts";

interface Context {
  readonly dialect: Dialect;
  readonly syncFields: SyncFieldNames;
  /** The database's name of a column, after Drizzle's `casing`. */
  readonly nameOf: (column: DrizzleColumn) => string;
  readonly kinds: Readonly<Record<string, Readonly<Record<string, Kind>> | undefined>>;
}

/** The tables of a Drizzle schema object as the models of this sync. */
export function modelsOf({ tables, modelOf }: DrizzleTables, context: Context): LibraryModels {
  return libraryModels(tables.map((table) => [table.model, libraryTable(table, modelOf, context)]), context.syncFields);
}

function libraryTable(table: DrizzleTable, modelOf: ReadonlyMap<Table, string>, context: Context): LibraryTable {
  const { model, schema, name, uniques, declared } = table;
  const columns = Object.entries(table.columns).map(([field, column]) => libraryColumn(field, column, table, context));
  const primaryKey = table.primaryKey ?? Object.values(table.columns).filter((column) => column.primary).map((column) => column.name);
  const called = (each: string): string => columns[Object.values(table.columns).findIndex((column) => column.name === each)]?.column ?? each;
  return {
    name: model,
    table: { ...(schema === undefined ? {} : { schema }), name },
    columns,
    primaryKey: primaryKey.map(called),
    uniques: uniques.map((unique) => ({ name: unique.name, columns: unique.columns.map(called) })),
    references: table.foreignKeys.map((key) => referenceOf(key, modelOf, called)),
    declared,
  };
}

/** Drizzle does not mark the columns of a key that is declared on the table. */
function isNullable({ primaryKey }: DrizzleTable, column: DrizzleColumn): boolean {
  return !column.notNull && !column.primary && !primaryKey?.includes(column.name);
}

function libraryColumn(field: string, column: DrizzleColumn, table: DrizzleTable, { dialect, nameOf, kinds }: Context): LibraryColumn {
  const stored = storedColumn(column, { field, column: nameOf(column) }, dialect, kinds[table.model]?.[field]);
  const nullable = isNullable(table, column);
  const generated = column.generated !== undefined;
  // What only Drizzle fills in does not help where nothing can be carried.
  const hasDefault = stored === undefined ? column.default !== undefined : column.hasDefault || column.generatedIdentity !== undefined;
  return {
    field,
    column: nameOf(column),
    stored: stored ?? `of type ${column.getSQLType()} cannot be carried`,
    nullable,
    writable: !generated,
    stamped: column.onUpdateFn !== undefined,
    optional: nullable || generated || hasDefault,
    fills: stored === undefined ? [] : fillsOf({ name: field, kind: stored.kind }, column),
    keyMaker: stored && keyMakerOf(column, table.model, { name: field, kind: stored.kind }, dialect),
  };
}

function keyMakerOf(column: DrizzleColumn, model: string, field: { readonly name: string; readonly kind: Kind }, dialect: Dialect): KeyMaker | undefined {
  const { defaultFn } = column;
  if (defaultFn) return () => made(defaultFn(), model, field);
  // The only key of an integer column is the rowid itself.
  if (dialect === "sqlite") return column.columnType === "SQLiteInteger" && column.primary ? "database" : undefined;
  if (/Serial/.test(column.columnType) || column.generatedIdentity !== undefined) return "database";
  return keyMakerBy(is(column.default, SQL) ? textOf(column.default) : undefined, field.kind.type === "uuid");
}

function textOf(sql: SQL): string {
  return sql.queryChunks.map((chunk) => (typeof chunk === "object" && chunk !== null && "value" in chunk ? String(chunk.value) : "")).join("");
}

function fillsOf(field: { readonly name: string; readonly kind: Kind }, column: DrizzleColumn): LibraryColumn["fills"] {
  const { defaultFn, onUpdateFn } = column;
  // As Drizzle does: without a default of its own, a new row gets this too.
  const alone = column.default === undefined && defaultFn === undefined;
  return [
    ...(defaultFn ? [{ on: "insert", value: () => made(defaultFn(), column.table, field) } as const] : []),
    ...(onUpdateFn ? [{ on: alone ? "write" : "update", value: () => made(onUpdateFn(), column.table, field) } as const] : []),
  ];
}

function made(value: unknown, table: Table | string, field: { readonly name: string; readonly kind: Kind }): string {
  if (!is(value, SQL)) return encode(field.kind, value);
  const model = typeof table === "string" ? table : getTableName(table);
  throw new SyncError("MODEL.SQL_DEFAULT", `The default of \`${model}.${field.name}\` is made of SQL at run time, which rows of a sync cannot take; give it a column default.`, {
    model,
    field: field.name,
  });
}

function referenceOf(key: DrizzleForeignKey, modelOf: ReadonlyMap<Table, string>, called: (column: string) => string): LibraryTable["references"][number] {
  const targets = Object.entries(getTableColumns(key.target));
  return {
    name: key.name,
    columns: key.columns.map(called),
    target: modelOf.get(key.target) ?? getTableName(key.target),
    targetFields: key.targetColumns.map((name) => targets.find(([, column]) => column.name === name)?.[0] ?? name),
    onDelete: onDeleteOf(key.onDelete),
  };
}

import { randomUUID } from "node:crypto";
import { encode, SyncError } from "@sync/core";
import type { Kind, Reference } from "@sync/core";
import { libraryModel } from "@sync/sql";
import type { KeyMaker, LibraryColumn, LibraryModel, LibraryModels, LibraryTable, SyncFieldNames } from "@sync/sql";
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
  const leftOut = new Map<string, string>();
  const models: LibraryModel[] = [];
  for (const table of tables) {
    const source = libraryTable(table, modelOf, context);
    const result = typeof source === "string" ? source : libraryModel(source, context.syncFields, leftOut);
    if (typeof result === "string") leftOut.set(table.model, result);
    else models.push(result);
  }
  return { models, leftOut };
}

/** Or why it cannot take part. */
function libraryTable(table: DrizzleTable, modelOf: ReadonlyMap<Table, string>, context: Context): LibraryTable | string {
  const { model, schema, name, uniques, declared } = table;
  const columns = Object.entries(table.columns).map(([field, column]) => libraryColumn(field, column, table, context));
  const primaryKey = primaryKeyOf(table);
  if (primaryKey === undefined) return "it has neither a primary key nor a unique key without nulls";
  const called = (each: string): string => columns[Object.values(table.columns).findIndex((column) => column.name === each)]?.column ?? each;
  return {
    name: model,
    table: { ...(schema === undefined ? {} : { schema }), name },
    columns,
    primaryKey: primaryKey.map(called),
    uniques: uniques.map((unique) => ({ name: unique.name, columns: unique.columns.map(called) })),
    references: table.foreignKeys.map((key) => referenceOf(key, modelOf, called)),
    keyMaker: keyMakerOf(table, primaryKey, columns, context.dialect),
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
  };
}

function primaryKeyOf(table: DrizzleTable): readonly string[] | undefined {
  const all = Object.values(table.columns);
  const declared = table.primaryKey ?? all.filter((column) => column.primary).map((column) => column.name);
  if (declared.length > 0) return declared;
  const filled = (name: string): boolean => all.some((column) => column.name === name && !isNullable(table, column));
  return table.uniques.find((key) => key.columns.every(filled))?.columns;
}

/** Undefined: the key's values come with the record. */
function keyMakerOf(table: DrizzleTable, [name, more]: readonly string[], columns: readonly LibraryColumn[], dialect: Dialect): KeyMaker | undefined {
  const [field, column] = Object.entries(table.columns).find(([, each]) => each.name === name) ?? [];
  const stored = columns.find((each) => each.field === field)?.stored;
  if (more !== undefined || field === undefined || column === undefined || typeof stored !== "object") return undefined;
  const { defaultFn } = column;
  if (defaultFn) return () => made(defaultFn(), table.model, { name: field, kind: stored.kind });
  // The only key of an integer column is the rowid itself.
  if (dialect === "sqlite") return column.columnType === "SQLiteInteger" && column.primary ? "database" : undefined;
  if (/Serial/.test(column.columnType) || column.generatedIdentity !== undefined) return "database";
  if (!is(column.default, SQL)) return undefined;
  if (stored.kind.type === "uuid") return randomUUID;
  const sequence = /nextval\('([^']+)'/.exec(textOf(column.default))?.[1];
  return sequence === undefined ? undefined : { sequence };
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

const onDelete: Readonly<Record<string, Reference["onDelete"]>> = {
  cascade: "cascade",
  "set null": "set-null",
  "set default": "set-null",
};

function referenceOf(key: DrizzleForeignKey, modelOf: ReadonlyMap<Table, string>, called: (column: string) => string): LibraryTable["references"][number] {
  const targets = Object.entries(getTableColumns(key.target));
  return {
    name: key.name,
    columns: key.columns.map(called),
    target: modelOf.get(key.target) ?? getTableName(key.target),
    targetFields: key.targetColumns.map((name) => targets.find(([, column]) => column.name === name)?.[0] ?? name),
    onDelete: onDelete[key.onDelete ?? ""] ?? "restrict",
  };
}

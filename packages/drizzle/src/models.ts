import { randomUUID } from "node:crypto";
import { encode, SyncError } from "@sync/core";
import type { Field, Kind, Model, Reference, UniqueKey } from "@sync/core";
import { syncFieldsOf } from "@sync/sql";
import type { Fill, KeyMaker, LibraryModel, LibraryModels, SqlColumn, SyncFieldNames } from "@sync/sql";
import { getTableColumns, getTableName, is, SQL } from "drizzle-orm";
import type { Table } from "drizzle-orm";
import type { Dialect, DrizzleColumn, DrizzleTable, DrizzleTables } from "./tables.ts";
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
    const result = modelOfTable(table, modelOf, context, leftOut);
    if (typeof result === "string") leftOut.set(table.model, result);
    else models.push(result);
  }
  return { models, leftOut };
}

/** Or why it cannot take part. */
function modelOfTable(table: DrizzleTable, modelOf: ReadonlyMap<Table, string>, context: Context, leftOut: Map<string, string>): LibraryModel | string {
  const fields: Field[] = [];
  const columns: SqlColumn[] = [];
  const fills: Fill[] = [];
  const fieldOf = new Map<string, string>();
  for (const [name, column] of Object.entries(table.columns)) {
    const stored = storedColumn(column, { field: name, column: context.nameOf(column) }, context.dialect, context.kinds[table.model]?.[name]);
    const generated = column.generated !== undefined;
    // Drizzle does not mark the columns of a key that is declared on the table.
    const nullable = !column.notNull && !column.primary && !table.primaryKey?.includes(column.name);
    const optional = nullable || column.hasDefault || generated || column.generatedIdentity !== undefined;
    if (stored === undefined) {
      if (!nullable && column.default === undefined && !generated) return `its field \`${name}\` (${column.getSQLType()}) is required and cannot be carried`;
      leftOut.set(`${table.model}.${name}`, `${column.getSQLType()} cannot be carried`);
      continue;
    }
    fieldOf.set(column.name, name);
    fields.push({
      name,
      kind: stored.kind,
      nullable,
      writable: !generated,
      ...(column.onUpdateFn ? { stamped: true } : {}),
      ...(optional ? { optional: true } : {}),
    });
    columns.push(stored.column);
    fills.push(...fillsOf(name, column, stored.kind));
  }
  const named = (list: readonly string[]): string[] | undefined => {
    const found = list.flatMap((column) => fieldOf.get(column) ?? []);
    return found.length === list.length ? found : undefined;
  };
  const uniqueKeys: UniqueKey[] = table.uniques.flatMap((unique) => {
    const of = named(unique.columns);
    return of ? [{ name: unique.name, fields: of }] : [];
  });
  const primaryKey = primaryKeyOf(table, fields, uniqueKeys, named);
  if (primaryKey === undefined) return "it has neither a primary key nor a unique key without nulls";
  const keyMaker = keyMakerOf(table, primaryKey, fields, context.dialect);
  const model: Model = {
    name: table.model,
    fields,
    primaryKey,
    keySource: keyMaker === undefined ? "values" : "allocated",
    uniqueKeys: uniqueKeys.filter((key) => key.fields.join() !== primaryKey.join()),
    references: referencesOf(table, modelOf, named),
    syncFields: syncFieldsOf(table.model, fields, uniqueKeys, context.syncFields),
    ...(table.declared ? { declared: table.declared } : {}),
  };
  return {
    model,
    table: { ...(table.schema === undefined ? {} : { schema: table.schema }), name: table.name },
    columns,
    ...(keyMaker === undefined ? {} : { keyMaker }),
    fills: fills.filter((fill) => !primaryKey.includes(fill.field)),
  };
}

type Named = (columns: readonly string[]) => string[] | undefined;

function primaryKeyOf(table: DrizzleTable, fields: readonly Field[], uniqueKeys: readonly UniqueKey[], named: Named): readonly string[] | undefined {
  const declared = table.primaryKey ?? Object.values(table.columns).filter((column) => column.primary).map((column) => column.name);
  if (declared.length > 0) return named(declared);
  const filled = (name: string): boolean => fields.some((field) => field.name === name && !field.nullable);
  return uniqueKeys.find((key) => key.fields.every(filled))?.fields;
}

/** Undefined: the key's values come with the record. */
function keyMakerOf(table: DrizzleTable, primaryKey: readonly string[], fields: readonly Field[], dialect: Dialect): KeyMaker | undefined {
  const [name, more] = primaryKey;
  const column = name === undefined || more !== undefined ? undefined : table.columns[name];
  const field = fields.find((each) => each.name === name);
  if (!column || !field) return undefined;
  const { defaultFn } = column;
  if (defaultFn) return () => made(defaultFn(), table.model, field);
  // The only key of an integer column is the rowid itself.
  if (dialect === "sqlite") return column.columnType === "SQLiteInteger" && column.primary ? "database" : undefined;
  if (/Serial/.test(column.columnType) || column.generatedIdentity !== undefined) return "database";
  if (!is(column.default, SQL)) return undefined;
  if (field.kind.type === "uuid") return randomUUID;
  const sequence = /nextval\('([^']+)'/.exec(textOf(column.default))?.[1];
  return sequence === undefined ? undefined : { sequence };
}

function textOf(sql: SQL): string {
  return sql.queryChunks.map((chunk) => (typeof chunk === "object" && chunk !== null && "value" in chunk ? String(chunk.value) : "")).join("");
}

function fillsOf(name: string, column: DrizzleColumn, kind: Kind): Fill[] {
  const { defaultFn, onUpdateFn } = column;
  const field = { name, kind };
  const fills: Fill[] = [];
  if (defaultFn) fills.push({ field: name, on: "insert", value: () => made(defaultFn(), column.table, field) });
  // As Drizzle does: without a default of its own, a new row gets this too.
  const alone = column.default === undefined && defaultFn === undefined;
  if (onUpdateFn) fills.push({ field: name, on: alone ? "write" : "update", value: () => made(onUpdateFn(), column.table, field) });
  return fills;
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

function referencesOf(table: DrizzleTable, modelOf: ReadonlyMap<Table, string>, named: Named): Reference[] {
  return table.foreignKeys.flatMap((key) => {
    const fields = named(key.columns);
    if (!fields) return [];
    const targets = Object.entries(getTableColumns(key.target));
    const targetFields = key.targetColumns.map((name) => targets.find(([, column]) => column.name === name)?.[0] ?? name);
    return [{
      name: key.name,
      fields,
      target: modelOf.get(key.target) ?? getTableName(key.target),
      targetFields,
      onDelete: onDelete[key.onDelete ?? ""] ?? "restrict",
    }];
  });
}

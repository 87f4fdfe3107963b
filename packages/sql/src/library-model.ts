import { encode } from "@sync/core";
import type { Declaration, Field, Model, Reference } from "@sync/core";
import type { StoredField } from "./convert.ts";
import type { Fill, LibraryModel, LibraryModels, SyncFieldNames } from "./library.ts";
import { syncFieldsOf } from "./library.ts";
import type { KeyMaker, SqlModel } from "./model.ts";

/** A column as a library's metadata describes it. */
export interface LibraryColumn extends Omit<Field, "name" | "kind"> {
  readonly field: string;
  readonly column: string;
  /** Or why its values cannot be carried, such as "of type point cannot be carried". */
  readonly stored: StoredField | string;
  readonly fills: readonly Omit<Fill, "field">[];
  /** Makes the keys of new records where this column alone is the key. Undefined: they come with the record. */
  readonly keyMaker?: KeyMaker | undefined;
}

/** A table as a library's metadata describes it; keys and references by the names of columns. */
export interface LibraryTable extends Pick<SqlModel, "table"> {
  /** The model's name. */
  readonly name: string;
  readonly columns: readonly LibraryColumn[];
  /** Empty: the first unique key without nulls is it. */
  readonly primaryKey: readonly string[];
  readonly uniques: readonly { readonly name?: string; readonly columns: readonly string[] }[];
  readonly references: readonly (Omit<Reference, "fields"> & { readonly columns: readonly string[] })[];
  /** @default that of the column which is the key */
  readonly keyMaker?: KeyMaker | undefined;
  readonly declared?: Declaration | undefined;
}

/** A column that the sync stamps by itself: what it is given always fits. */
function alwaysHeld({ kind, column, held }: StoredField): StoredField {
  return { kind, column: held ? { ...column, encode: (moment) => column.encode(encode(kind, held(new Date(moment)))) } : column };
}

/** The models of a library's tables by their names, or why they cannot take part. */
export function libraryModels(tables: Iterable<readonly [name: string, table: LibraryTable | string]>, names: SyncFieldNames): LibraryModels {
  const leftOut = new Map<string, string>();
  const models = [...tables].flatMap(([name, table]) => {
    const result = typeof table === "string" ? table : libraryModel(table, names, leftOut);
    if (typeof result !== "string") return [result];
    leftOut.set(name, result);
    return [];
  });
  return { models, leftOut };
}

/** The model of a table, or why it cannot take part. `leftOut` gets the columns that can be done without. */
function libraryModel(source: LibraryTable, names: SyncFieldNames, leftOut: Map<string, string>): LibraryModel | string {
  const { name, declared } = source;
  const syncedAt = names.lastSyncedAt ?? "lastSyncedAt";
  const taken = source.columns.flatMap(({ stored, ...column }) =>
    (typeof stored === "string" ? [] : [{ ...column, ...(column.field === syncedAt ? alwaysHeld(stored) : stored), name: column.column }]));
  for (const { field, stored, optional } of source.columns) {
    if (typeof stored !== "string") continue;
    if (!optional) return `its field \`${field}\` is required, and a value ${stored}`;
    leftOut.set(`${name}.${field}`, `a value ${stored}`);
  }
  const named = (columns: readonly string[]): string[] | undefined => {
    const fields = columns.flatMap((column) => taken.find((each) => each.name === column)?.field ?? []);
    return fields.length === columns.length && fields.length > 0 ? fields : undefined;
  };
  const key = source.primaryKey.length > 0 ? source.primaryKey : firstWithoutNulls(source);
  if (key === undefined) return "it has neither a primary key nor a unique key without nulls";
  const primaryKey = named(key);
  if (primaryKey === undefined) return "its key has a type that cannot be carried";
  const keyMaker = source.keyMaker ?? (key.length > 1 ? undefined : taken.find((each) => each.name === key[0])?.keyMaker);
  const fields = taken.map(({ field, kind, nullable, writable, stamped, optional }): Field => ({
    name: field, kind, nullable, writable, ...(stamped ? { stamped } : {}), ...(optional ? { optional } : {}),
  }));
  const uniqueKeys = source.uniques.flatMap((unique) => {
    const of = named(unique.columns);
    return of ? [{ name: unique.name ?? of.join("_"), fields: of }] : [];
  });
  const model: Model = {
    name,
    fields,
    primaryKey,
    keySource: keyMaker === undefined ? "values" : "allocated",
    uniqueKeys: uniqueKeys.filter((unique) => unique.fields.join() !== primaryKey.join()),
    references: source.references.flatMap(({ columns, ...reference }) => {
      const of = named(columns);
      return of ? [{ ...reference, fields: of }] : [];
    }),
    syncFields: syncFieldsOf(name, fields, uniqueKeys, names),
    ...(declared ? { declared } : {}),
  };
  return {
    model,
    table: source.table,
    columns: taken.map(({ column }) => column),
    ...(keyMaker === undefined ? {} : { keyMaker }),
    fills: taken.flatMap(({ field, fills }) => (primaryKey.includes(field) ? [] : fills.map((fill) => ({ ...fill, field })))),
  };
}

function firstWithoutNulls({ columns: all, uniques }: LibraryTable): readonly string[] | undefined {
  const isFilled = (name: string): boolean => all.some(({ column, nullable }) => column === name && !nullable);
  return uniques.find(({ columns }) => columns.every(isFilled))?.columns;
}

import { encode } from "@sync/core";
import type { Declaration, Field, Model, Reference } from "@sync/core";
import type { StoredField } from "./convert.ts";
import type { Fill, LibraryModel, SyncFieldNames } from "./library.ts";
import { syncFieldsOf } from "./library.ts";
import type { KeyMaker, SqlModel } from "./model.ts";

/** A column as a library's metadata describes it. */
export interface LibraryColumn extends Omit<Field, "name" | "kind"> {
  readonly field: string;
  readonly column: string;
  /** Or why its values cannot be carried, such as "of type point cannot be carried". */
  readonly stored: StoredField | string;
  readonly fills: readonly Omit<Fill, "field">[];
}

/** A table as a library's metadata describes it; keys and references by the names of columns. */
export interface LibraryTable extends Pick<SqlModel, "table"> {
  /** The model's name. */
  readonly name: string;
  readonly columns: readonly LibraryColumn[];
  readonly primaryKey: readonly string[];
  readonly uniques: readonly { readonly name?: string; readonly columns: readonly string[] }[];
  readonly references: readonly (Omit<Reference, "fields"> & { readonly columns: readonly string[] })[];
  readonly keyMaker?: KeyMaker | undefined;
  readonly declared?: Declaration | undefined;
}

/** A column that the sync stamps by itself: what it is given always fits. */
function alwaysHeld({ kind, column, held }: StoredField): StoredField {
  return { kind, column: held ? { ...column, encode: (moment) => column.encode(encode(kind, held(new Date(moment)))) } : column };
}

/** The model of a table, or why it cannot take part. `leftOut` gets the columns that can be done without. */
export function libraryModel(source: LibraryTable, names: SyncFieldNames, leftOut: Map<string, string>): LibraryModel | string {
  const { name, keyMaker, declared } = source;
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
  if (source.primaryKey.length === 0) return "it has no primary key";
  const primaryKey = named(source.primaryKey);
  if (primaryKey === undefined) return "its key has a type that cannot be carried";
  const fields = taken.map(({ field, kind, nullable, writable, stamped, optional }): Field => ({
    name: field, kind, nullable, writable, ...(stamped ? { stamped } : {}), ...(optional ? { optional } : {}),
  }));
  const uniqueKeys = source.uniques.flatMap(({ name: key, columns }) => {
    const of = named(columns);
    return of ? [{ name: key ?? of.join("_"), fields: of }] : [];
  });
  const model: Model = {
    name,
    fields,
    primaryKey,
    keySource: keyMaker === undefined ? "values" : "allocated",
    uniqueKeys: uniqueKeys.filter((key) => key.fields.join() !== primaryKey.join()),
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

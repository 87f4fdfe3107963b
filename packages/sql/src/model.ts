import type { Model } from "@sync/core";
import { SyncError } from "@sync/core";

/** How one field is stored: names, and the way between the column and canonical text. */
export interface SqlColumn {
  readonly field: string;
  readonly column: string;
  /** Postgres: the type without sizes, for casts. SQLite: the storage class that is written. */
  readonly type: string;
  /** SQL that gives the column (`expr`) as text, the same in every session. */
  read(expr: string): string;
  /** What `read` gave, as canonical text. Throws `ValueError` when the stored value is not of the field's kind. */
  decode(text: string): string;
  /** Canonical text as the database's own text. Throws `ValueError` when it cannot be stored. */
  encode(canonical: string): string;
  /** SQL that makes a value of the column's type out of what `encode` gave (`expr`, a text). */
  write(expr: string): string;
  /** `write` is not the plain cast to `type`, so COPY cannot carry what `encode` gives. */
  readonly customWrite?: true;
  /** The database may store another value than it was sent (padding, rounding): written rows are read back. */
  readonly lossy?: true;
  /** A number that every update raises by one, unless it brings a value: how an application's ORM notices other writers. */
  readonly counts?: true;
}

/** Who makes keys where the model says `keySource: "allocated"`. */
export type KeyMaker =
  /** The database: the key column's sequence (Postgres), the next rowid (SQLite). */
  | "database"
  /** A named Postgres sequence, as `"schema"."name"`. */
  | { readonly sequence: string }
  /** The library or the application: cuid, uuid, … as canonical text. */
  | (() => string);

/** A model and the table it lives in. */
export interface SqlModel {
  readonly model: Model;
  readonly table: { readonly schema?: string; readonly name: string };
  /** One per field of the model. */
  readonly columns: readonly SqlColumn[];
  /** Only rows with this text in this column are the model's; its new rows get it. PostgreSQL. */
  readonly filter?: { readonly column: string; readonly value: string };
  /** Needed where the model says `keySource: "allocated"`. */
  readonly keyMaker?: KeyMaker;
  /** Of rows that hold a document each. PostgreSQL. */
  readonly documentKeys?: readonly DocumentKey[];
}

/** Parts of a document that no two rows have alike: held by a unique index over expressions. */
export interface DocumentKey {
  /** What they are called. */
  readonly fields: readonly string[];
  /** Where each of them stands in the document. */
  readonly paths: readonly (readonly string[])[];
  /** The column of the documents. */
  readonly column: string;
  readonly isCloudId: boolean;
}

/** A model with everything that statements ask for again and again. */
export interface Table {
  readonly model: Model;
  readonly name: string;
  readonly schema: string | undefined;
  /** Quoted, with its schema. */
  readonly sql: string;
  readonly columns: readonly SqlColumn[];
  readonly column: ReadonlyMap<string, SqlColumn>;
  readonly keys: readonly SqlColumn[];
  /** Absent: identity lives in `sync_identity`. */
  readonly cloudId: SqlColumn | undefined;
  readonly keyMaker: KeyMaker | undefined;
  /** Its column's name, its value as a literal, and the condition on a table `t`. Absent: every row is the model's. */
  readonly filter?: { readonly column: string; readonly value: string; readonly sql: string };
}

/** `"name"`: the same in both engines. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A table's name or a type's, with its schema. */
export function qualified({ schema, name }: { readonly schema?: string | undefined; readonly name: string }): string {
  return schema === undefined ? quoted(name) : `${quoted(schema)}.${quoted(name)}`;
}

/** `'text'`: for names of models inside statements, never for values. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export function tableOf(source: SqlModel): Table {
  const { model } = source;
  const column = new Map(source.columns.map((each) => [each.field, each]));
  const need = (field: string): SqlColumn => {
    const found = column.get(field);
    if (!found) throw new SyncError("OPTIONS.MISSING_COLUMN", `${model.name}.${field} has no column`, { model: model.name, field });
    return found;
  };
  const { schema, name } = source.table;
  if (model.keySource === "allocated" && source.keyMaker === undefined) {
    throw new SyncError("OPTIONS.MISSING_KEY_MAKER", `nothing makes the keys of ${model.name}`, { model: model.name });
  }
  return {
    model,
    name,
    schema,
    sql: qualified(source.table),
    columns: model.fields.map((field) => need(field.name)),
    column,
    keys: model.primaryKey.map(need),
    cloudId: model.syncFields.cloudId === undefined ? undefined : need(model.syncFields.cloudId),
    keyMaker: source.keyMaker,
    ...(source.filter ? { filter: filterOf(source.filter) } : {}),
  };
}

function filterOf({ column, value }: NonNullable<SqlModel["filter"]>): NonNullable<Table["filter"]> {
  return { column, value: literal(value), sql: `t.${quoted(column)} = ${literal(value)}` };
}

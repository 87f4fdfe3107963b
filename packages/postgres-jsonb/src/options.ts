import { checkNames, SyncError } from "@sync/core";
import type { Declaration, Patcher } from "@sync/core";
import { checkConnectionOptions } from "@sync/sql";
import type { ConnectionOptions } from "@sync/sql";
import type { $ZodObject } from "zod/v4/core";

/** Fields of another record's primary key: one field, or several in its order. */
export type ReferenceOptions = string | { readonly fields: readonly string[]; readonly to: string };

/** What documents and the records inside them have in common. */
export interface RecordOptions {
  /** Natural keys: fields that name one record, over all documents. A document's own need a unique index, see `jsonbSchema`. */
  readonly unique?: readonly (string | readonly string[])[];
  /**
   * The field that holds the record's cloudId, optional or nullable. Absent: the identity stands in a table beside.
   * @default "cloudId" where the schema has it
   */
  readonly cloudId?: string | false;
  /**
   * Field → the model whose key it holds; with a name of your own → `{ fields, to }` where several fields hold it.
   */
  readonly references?: Readonly<Record<string, ReferenceOptions>>;
  /** How the records are kept the same, so that `createSync` needs no entry for them. */
  readonly synced?: Declaration;
  /** Arrays whose elements are records of their own, by their paths: objects, or keys of other records. Other arrays are one value each. */
  readonly children?: Readonly<Record<string, ChildOptions>>;
}

export interface ChildOptions extends RecordOptions {
  /** The field, or fields, that tell the elements of one array apart. In an array of single values: what to call the value. */
  readonly key: string | readonly string[];
  /** The array is kept sorted by this field. @default order means nothing, new elements go to the end */
  readonly orderBy?: string;
  /** What the reference to the record above is called. @default "parent" */
  readonly parent?: string;
}

export type KeyType = "uuid" | "text" | "integer" | "bigint";

export interface KeyOptions {
  readonly column: string;
  /** Keys of new documents are made here (uuid) or by the column's sequence (numbers); a text comes with the record. @default "uuid" */
  readonly type?: KeyType;
  /** The field's name in the model. @default the column's name */
  readonly field?: string;
}

/** One kind of document. */
export interface DocumentOptions extends RecordOptions {
  /** A zod object. */
  readonly schema: $ZodObject;
  readonly table: string | { readonly schema?: string; readonly name: string };
  /** The `jsonb` column. @default "document" */
  readonly column?: string;
  /** The table's primary key. @default a uuid column `id` */
  readonly key?: string | KeyOptions;
  /** Where several kinds of documents share a table: the column that says which, and its text. @default the kind's name */
  readonly kind?: string | { readonly column: string; readonly value: string };
}

export interface JsonbDatabaseOptions<Documents extends Readonly<Record<string, DocumentOptions>> = Readonly<Record<string, DocumentOptions>>> extends ConnectionOptions {
  /** Kinds of documents, by the names their models get. */
  readonly documents: Documents;
  /** How changes of documents are written. @default exactPatcher: the paths that change */
  readonly patcher?: Patcher;
}

const RECORD = ["unique", "cloudId", "references", "synced", "children"] as const satisfies readonly (keyof RecordOptions)[];
const CHILD = [...RECORD, "key", "orderBy", "parent"] as const satisfies readonly (keyof ChildOptions)[];
const DOCUMENT = [...RECORD, "schema", "table", "column", "key", "kind"] as const satisfies readonly (keyof DocumentOptions)[];
const DATABASE = ["documents", "patcher"] as const satisfies readonly (keyof JsonbDatabaseOptions)[];

export function checkOptions(options: JsonbDatabaseOptions, factory = "jsonbDatabase"): void {
  if (typeof options?.documents !== "object" || options.documents === null || Object.keys(options.documents).length === 0) {
    throw new SyncError("OPTIONS.MISSING", `${factory} needs \`documents\`: at least one kind, with its table and schema.`);
  }
  if ((options as { writes?: unknown }).writes === "orm") {
    throw new SyncError("OPTIONS.ENGINE", '`writes: "orm"` is for libraries with hooks: documents in JSONB have none. Leave it out.');
  }
  checkConnectionOptions(options, factory, DATABASE);
  for (const [name, document] of Object.entries(options.documents)) {
    checkNames(document, DOCUMENT, `\`${name}\``);
    if (document.schema?._zod?.def?.type !== "object") throw new SyncError("OPTIONS.SCHEMA", `\`${name}\` needs \`schema\`: a zod 4 object.`, { model: name });
    if (document.table === undefined) throw new SyncError("OPTIONS.MISSING", `\`${name}\` needs \`table\`.`, { model: name });
    if (typeof document.key === "object") {
      checkNames(document.key, ["column", "type", "field"], `the key of \`${name}\``);
      const { type = "uuid" } = document.key;
      if (!["uuid", "text", "integer", "bigint"].includes(type)) {
        throw new SyncError("OPTIONS.VALUE", `The key of \`${name}\` has type "uuid", "text", "integer" or "bigint".`, { model: name });
      }
    }
    checkChildren(name, document);
  }
}

function checkChildren(name: string, { children = {} }: RecordOptions): void {
  for (const [path, child] of Object.entries(children)) {
    const model = `${name}.${path}`;
    checkNames(child, CHILD, `\`${model}\``);
    if (child.key === undefined) throw new SyncError("OPTIONS.MISSING", `\`${model}\` needs \`key\`: the field that tells its elements apart.`, { model });
    checkChildren(model, child);
  }
}

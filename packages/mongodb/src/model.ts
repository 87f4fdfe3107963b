import type { DocumentTree, Kind, Model, TreeRecord } from "@sync/core";
import type { Index } from "./driver.ts";
import type { ObjectShape, Scalar } from "./shape.ts";

/** One model as its collection holds it: what a library's metadata have to give. */
export interface MongoModel {
  readonly name: string;
  readonly collection: string;
  /** Of `_id`. */
  readonly key: Scalar;
  readonly keyKind: Kind;
  /** Makes the `_id` of a new document, where it is no ObjectId; absent: it comes with the record. */
  readonly makeKey?: () => unknown;
  /** What the schema says of every place in a document, `_id` aside. */
  readonly shape: ObjectShape;
  /** The records in such a document. */
  readonly record: TreeRecord;
  /** A path that counts what the library saves, no part of any record. It is moved as the library moves it. */
  readonly versionKey?: string;
  /** Paths that the library stamps. */
  readonly stamps: { readonly createdAt?: string; readonly updatedAt?: string };
}

/** The field that holds the document, beside its `_id`. */
export const DOCUMENT = "document";

/** Types whose values make keys. */
export const keyTypes: ReadonlySet<string> = new Set<Scalar>(["objectId", "uuid", "text", "double", "int32", "long"]);

export const treeOf = ({ name, record }: MongoModel): DocumentTree => ({ documents: name, json: DOCUMENT, ...record });

/** Of the documents as rows: a key, and a JSON text. */
export function modelOf({ name, keyKind }: MongoModel, makesKeys: boolean): Model {
  return {
    name, primaryKey: ["_id"], keySource: makesKeys ? "allocated" : "values", uniqueKeys: [], references: [], syncFields: {},
    fields: [
      { name: "_id", kind: keyKind, nullable: false, writable: true },
      { name: DOCUMENT, kind: { type: "json" }, nullable: false, writable: true },
    ],
  };
}

/** Whether a unique index is by the values as they are, and over every document but those in which one of its paths is absent or null. */
export function isUniqueKey(paths: readonly string[], { unique, partialFilterExpression = {}, collation }: Omit<Index, "key">): boolean {
  const isThere = (condition: unknown): boolean =>
    typeof condition === "object" && condition !== null && Object.keys(condition).every((word) => word === "$type" || word === "$exists");
  return Boolean(unique) && !collation && Object.entries(partialFilterExpression).every(([path, condition]) => paths.includes(path) && isThere(condition));
}

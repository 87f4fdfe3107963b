import { randomUUID } from "node:crypto";
import type { DocumentTree, Kind, Model, TreeChild, TreeRecord, TreeReference } from "@sync/core";
import { hintFor, SyncError } from "@sync/core";
import { documentTables, postgresColumn } from "@sync/sql";
import type { DocumentKey, KeyMaker, SqlModel } from "@sync/sql";
import type { $ZodObject } from "zod/v4/core";
import { checkOptions } from "./options.ts";
import type { ChildOptions, DocumentOptions, KeyType, RecordOptions } from "./options.ts";
import { levelOf, type ChildArray } from "./schema.ts";
import type { Stored } from "./kinds.ts";

/** The field of the rows that holds the document; no unfolded model shows it. */
const JSON_FIELD = "document";

/** Options as tables to read, trees to unfold them by, and what takes no part. */
export interface JsonbModels {
  readonly models: readonly SqlModel[];
  readonly trees: readonly DocumentTree[];
  readonly leftOut: ReadonlyMap<string, string>;
}

export function modelsOf(documents: Readonly<Record<string, DocumentOptions>>): JsonbModels {
  const leftOut = new Map<string, string>();
  const trees = Object.entries(documents).map(([name, options]): DocumentTree =>
    ({ documents: name, json: JSON_FIELD, ...recordOf(name, options.schema, options, leftOut) }));
  return { models: trees.map((tree) => sqlModelOf(tree, documents[tree.documents]!)), trees, leftOut };
}

/**
 * SQL that makes the tables and unique indexes of these kinds, each only where it is missing: for migrations. Nothing runs
 * it but you.
 */
export function jsonbSchema(documents: Readonly<Record<string, DocumentOptions>>): string {
  checkOptions({ documents }, "jsonbSchema");
  return documentTables(modelsOf(documents).models);
}

const KEYS: Readonly<Record<KeyType, { readonly kind: Kind; readonly maker?: KeyMaker }>> = {
  uuid: { kind: { type: "uuid" }, maker: randomUUID },
  text: { kind: { type: "text", noNul: true } },
  integer: { kind: { type: "integer", bits: 32 }, maker: "database" },
  bigint: { kind: { type: "integer", bits: 64 }, maker: "database" },
};

function sqlModelOf(tree: DocumentTree, { key = "id", column = "document", kind: filter, table }: DocumentOptions): SqlModel {
  const name = tree.documents;
  const { column: keyColumn, type = "uuid", field = keyColumn } = typeof key === "string" ? { column: key } : key;
  const { kind, maker } = KEYS[type];
  const model: Model = {
    name,
    fields: [
      { name: field, kind, nullable: false, writable: true },
      { name: JSON_FIELD, kind: { type: "json", noNul: true }, nullable: false, writable: true },
    ],
    primaryKey: [field],
    keySource: maker === undefined ? "values" : "allocated",
    uniqueKeys: [],
    references: [],
    syncFields: {},
  };
  return {
    model,
    table: typeof table === "string" ? { name: table } : table,
    columns: [
      postgresColumn({ field, column: keyColumn, type }),
      // As it stands, not in canonical form: what nobody changes is written back with every digit it had.
      { ...postgresColumn({ field: JSON_FIELD, column, type: "jsonb" }), decode: (text) => text },
    ],
    ...(maker === undefined ? {} : { keyMaker: maker }),
    ...(filter === undefined ? {} : { filter: typeof filter === "string" ? { column: filter, value: name } : filter }),
    documentKeys: documentKeysOf(tree, column),
  };
}

/** Natural keys and cloudIds of the documents themselves. */
function documentKeysOf({ documents: model, fields: all, uniqueKeys = [], cloudId }: DocumentTree, column: string): DocumentKey[] {
  const keys = [...uniqueKeys, ...(cloudId === undefined ? [] : [[cloudId]])];
  return keys.map((fields) => ({
    fields, column, isCloudId: fields.length === 1 && fields[0] === cloudId,
    paths: fields.map((name) => {
      const path = all.find((each) => each.name === name)?.path;
      if (path !== undefined) return listed(path);
      const hint = hintFor(name, all.map((each) => each.name));
      throw new SyncError("OPTIONS.UNKNOWN_FIELD", `\`${model}\` has no field \`${name}\` for its natural key.${hint}`, { model, field: name });
    }),
  }));
}

function recordOf(name: string, schema: $ZodObject, options: RecordOptions, leftOut: Map<string, string>): TreeRecord {
  const declared = Object.entries(options.children ?? {});
  const level = levelOf(schema, new Set(declared.map(([path]) => path)));
  for (const [path, reason] of level.leftOut) leftOut.set(`${name}.${path}`, reason);
  const [missing] = level.required;
  if (missing !== undefined) {
    const why = level.leftOut.get(missing)!;
    throw new SyncError("OPTIONS.SCHEMA", `\`${name}.${missing}\` is required and cannot be carried: ${why}.`, { model: name, field: missing });
  }
  const names = level.fields.map((field) => field.name);
  const cloudId = options.cloudId ?? (names.includes("cloudId") ? "cloudId" : false);
  const has = (path: string, type: Kind["type"]): boolean => level.fields.some((field) => field.name === path && field.kind.type === type);
  const children = declared.map(([path, child]): TreeChild => {
    const found = level.children.get(path);
    if (found) return childOf(`${name}.${path}`, path, found, child, leftOut);
    const reason = level.leftOut.get(path);
    const unknown = `The schema of \`${name}\` has no \`${path}\`.${hintFor(path, names)}`;
    throw new SyncError("OPTIONS.SCHEMA", reason === undefined ? unknown : `\`${name}.${path}\` cannot take part: ${reason}.`, { model: name, field: path });
  });
  return {
    fields: level.fields,
    ...keysOf(options),
    ...(cloudId === false ? {} : { cloudId }),
    ...(has("lastSyncedAt", "instant") ? { lastSyncedAt: "lastSyncedAt" } : {}),
    ...(has("syncStatus", "text") ? { syncStatus: "syncStatus" } : {}),
    ...(children.length > 0 ? { children } : {}),
  };
}

function keysOf({ unique, references = {}, synced }: RecordOptions): Pick<TreeRecord, "uniqueKeys" | "references" | "declared"> {
  const named = Object.entries(references).map(([field, to]): TreeReference =>
    typeof to === "string" ? { fields: [field], target: to } : { name: field, fields: to.fields, target: to.to },
  );
  return { ...(unique ? { uniqueKeys: unique.map(listed) } : {}), ...(named.length > 0 ? { references: named } : {}), ...(synced ? { declared: synced } : {}) };
}

function childOf(name: string, path: string, { element, required }: ChildArray, options: ChildOptions, leftOut: Map<string, string>): TreeChild {
  const record = "single" in element ? singleOf(name, element.single, options) : recordOf(name, element.object, options, leftOut);
  return {
    path,
    key: listed(options.key),
    ...(options.orderBy === undefined ? {} : { orderBy: options.orderBy }),
    ...(options.parent === undefined ? {} : { parent: options.parent }),
    ...record,
    ...(required ? { required } : {}),
  };
}

/** Elements that are single values have one field, which `key` gives its name. */
function singleOf(name: string, { kind, numbers }: Stored, options: ChildOptions): TreeRecord & Pick<TreeChild, "single"> {
  const [field, more] = listed(options.key);
  if (field === undefined || more !== undefined || options.children || typeof options.cloudId === "string") {
    const needed = "`key` is one name for that value, and there are no `children` and no `cloudId` in it";
    throw new SyncError("OPTIONS.SCHEMA", `The elements of \`${name}\` are single values: ${needed}.`, { model: name });
  }
  return { single: true, fields: [{ name: field, kind, ...(numbers === "text" ? { numbers } : {}) }], ...keysOf(options) };
}

function listed(one: string | readonly string[]): readonly string[] {
  return typeof one === "string" ? [one] : one;
}

import { randomUUID } from "node:crypto";
import type { DocumentTree, Kind, Model, TreeChild, TreeRecord, TreeReference } from "@sync/core";
import { hintFor, SyncError } from "@sync/core";
import { postgresColumn } from "@sync/sql";
import type { KeyMaker, SqlModel } from "@sync/sql";
import type { $ZodObject } from "zod/v4/core";
import type { ChildOptions, DocumentOptions, KeyOptions, KeyType, RecordOptions } from "./options.ts";
import { levelOf, type ChildArray } from "./schema.ts";
import type { Stored } from "./kinds.ts";

/** The field of the rows that holds the document; no unfolded model shows it. */
export const JSON_FIELD = "document";

/** Options as tables to read, trees to unfold them by, and what takes no part. */
export interface JsonbModels {
  readonly models: readonly SqlModel[];
  readonly trees: readonly DocumentTree[];
  readonly leftOut: ReadonlyMap<string, string>;
}

export function modelsOf(documents: Readonly<Record<string, DocumentOptions>>): JsonbModels {
  const leftOut = new Map<string, string>();
  const kinds = Object.entries(documents);
  return {
    models: kinds.map(([name, options]) => sqlModelOf(name, options)),
    trees: kinds.map(([name, options]) => ({ documents: name, json: JSON_FIELD, ...recordOf(name, options.schema, options, leftOut) })),
    leftOut,
  };
}

/** The key column with its defaults. */
export function keyOf({ key = "id" }: DocumentOptions): Required<KeyOptions> {
  const { column, type = "uuid", field = column } = typeof key === "string" ? { column: key } : key;
  return { column, type, field };
}

/** The column and text that tell this kind's rows from others'. */
export function kindOf(name: string, { kind }: DocumentOptions): { readonly column: string; readonly value: string } | undefined {
  return typeof kind === "string" ? { column: kind, value: name } : kind;
}

const KEYS: Readonly<Record<KeyType, { readonly kind: Kind; readonly maker?: KeyMaker }>> = {
  uuid: { kind: { type: "uuid" }, maker: randomUUID },
  text: { kind: { type: "text", noNul: true } },
  integer: { kind: { type: "integer", bits: 32 }, maker: "database" },
  bigint: { kind: { type: "integer", bits: 64 }, maker: "database" },
};

function sqlModelOf(name: string, options: DocumentOptions): SqlModel {
  const key = keyOf(options);
  const { kind, maker } = KEYS[key.type];
  const filter = kindOf(name, options);
  const model: Model = {
    name,
    fields: [
      { name: key.field, kind, nullable: false, writable: true },
      { name: JSON_FIELD, kind: { type: "json", noNul: true }, nullable: false, writable: true },
    ],
    primaryKey: [key.field],
    keySource: maker === undefined ? "values" : "allocated",
    uniqueKeys: [],
    references: [],
    syncFields: {},
  };
  return {
    model,
    table: typeof options.table === "string" ? { name: options.table } : options.table,
    columns: [
      postgresColumn({ field: key.field, column: key.column, type: key.type }),
      // As it stands, not in canonical form: what nobody changes is written back with every digit it had.
      { ...postgresColumn({ field: JSON_FIELD, column: options.column ?? "document", type: "jsonb" }), decode: (text) => text },
    ],
    ...(maker === undefined ? {} : { keyMaker: maker }),
    ...(filter ? { filter } : {}),
  };
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
    const why = reason === undefined ? `The schema of \`${name}\` has no \`${path}\`.${hintFor(path, names)}` : `\`${name}.${path}\` cannot take part: ${reason}.`;
    throw new SyncError("OPTIONS.SCHEMA", why, { model: name, field: path });
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
    throw new SyncError("OPTIONS.SCHEMA", `The elements of \`${name}\` are single values: \`key\` is one name for that value, and there are no \`children\` and no \`cloudId\` in it.`, { model: name });
  }
  return { single: true, fields: [{ name: field, kind, ...(numbers === "text" ? { numbers } : {}) }], ...keysOf(options) };
}

export function listed(one: string | readonly string[]): readonly string[] {
  return typeof one === "string" ? [one] : one;
}

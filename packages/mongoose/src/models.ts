import { hintFor, SyncError } from "@sync/core";
import type { Kind, TreeChild, TreeRecord } from "@sync/core";
import { isUniqueKey, keyTypes } from "@sync/mongodb";
import type { MongoModel, Scalar } from "@sync/mongodb";
import type { Connection, Model as MongooseModel, Schema, SchemaType } from "mongoose";
import { declarationOf, declaredBy, type ChildOptions, type MongooseDatabaseOptions, type RecordOptions } from "./options.ts";
import { levelOf, stampsOf, typeOf, type ChildArray, type Level } from "./schema.ts";

interface Models {
  readonly models: readonly MongoModel[];
  /** `Model` or `Model.path` that takes no part, and why. */
  readonly leftOut: ReadonlyMap<string, string>;
}

/** The connection's models, from their schemas alone. */
export function modelsOf(connection: Connection, options: MongooseDatabaseOptions): Models {
  const all = Object.entries(connection.models as unknown as Record<string, MongooseModel<unknown>>);
  for (const name of Object.keys(options.models ?? {})) {
    if (!all.some(([each]) => each === name)) {
      throw new SyncError("OPTIONS.UNKNOWN_MODEL", `This connection has no model \`${name}\`.${hintFor(name, all.map(([each]) => each))}`, { model: name });
    }
  }
  const leftOut = new Map<string, string>();
  const known = all.filter(([name, model]) => {
    const why = refusalOf(model) ?? sharing(name, model, all);
    if (why !== undefined) leftOut.set(name, why);
    return why === undefined;
  });
  const names = new Set(known.map(([name]) => name));
  const models = known.map(([name, model]) => {
    const declared = { ...declaredBy(model.schema), ...options.models?.[name] };
    return mongoModel(name, model, recordOf(name, model.schema, declared, { names, leftOut, shown: new Set(), unique: uniqueOf(model.schema) }));
  });
  return { models, leftOut };
}

/** Why this model cannot take part. */
function refusalOf(model: MongooseModel<unknown>): string | undefined {
  if (model.baseModelName || Object.keys(model.discriminators ?? {}).length > 0) {
    return "its discriminators put several schemas into one collection; give each a collection of its own";
  }
  const key = model.schema.paths["_id"];
  const type = key ? typeOf(key) : "it has none";
  if (typeof type === "string") return `its \`_id\` cannot be carried: ${type}`;
  return keyTypes.has(type.shape.is) ? undefined : "its `_id` is neither an ObjectId, a UUID, a text nor a number";
}

function sharing(name: string, { collection }: MongooseModel<unknown>, all: readonly (readonly [string, MongooseModel<unknown>])[]): string | undefined {
  const [first] = all.find(([, each]) => each.collection.name === collection.name)!;
  return first === name ? undefined : `its documents are those of \`${first}\`: what one writes the other would overwrite`;
}

function mongoModel(name: string, { schema, collection }: MongooseModel<unknown>, { record, level }: Made): MongoModel {
  const path = schema.paths["_id"] as unknown as SchemaType & { readonly defaultValue?: unknown; getDefault(): unknown };
  const type = typeOf(path) as Exclude<ReturnType<typeof typeOf>, string>;
  const versionKey = schema.get("versionKey");
  return {
    name, record,
    collection: collection.name,
    key: type.shape.is as Scalar,
    keyKind: type.kind,
    ...(typeof path.defaultValue === "function" ? { makeKey: () => path.getDefault() } : {}),
    shape: { is: "object", members: level.members, id: false },
    ...(typeof versionKey === "string" ? { versionKey } : {}),
    stamps: stampsOf(schema),
  };
}

interface Surroundings {
  /** Models that references may lead to. */
  readonly names: ReadonlySet<string>;
  readonly leftOut: Map<string, string>;
  /** Paths that are fields although Mongoose fills them by itself. */
  readonly shown: ReadonlySet<string>;
  /** Unique indexes of the whole document, by the paths they are over, seen from here. */
  readonly unique: readonly (readonly string[])[];
}

interface Made {
  readonly record: TreeRecord;
  readonly level: Level;
}

function recordOf(model: string, schema: Schema, options: RecordOptions, around: Surroundings): Made {
  const { names, leftOut, shown, unique } = around;
  const children = options.children ?? {};
  const childOf = (path: string, { element }: ChildArray): ChildOptions | undefined => {
    const given = children[path];
    if (given === false) return undefined;
    const declared = "schema" in element ? declaredBy(element.schema) : undefined;
    const found: ChildOptions = { ...declared, ...given };
    const key = found.key ?? ("schema" in element ? naturalKeyOf(found) : path.split(".").at(-1));
    if (key === undefined || (given === undefined && "kind" in element && !names.has(element.ref ?? ""))) return undefined;
    return { ...found, key };
  };
  const level = levelOf(schema, (path, array) => childOf(path, array) !== undefined, shown);
  for (const [path, why] of level.leftOut) leftOut.set(`${model}.${path}`, why);
  for (const [path, child] of Object.entries(children)) {
    if (child === false || level.arrays.has(path)) continue;
    const message = `\`${path}\` of \`${model}\` is no array whose elements a \`key\` tells apart.${hintFor(path, Object.keys(schema.paths))}`;
    throw new SyncError("OPTIONS.UNKNOWN_FIELD", message, { model, field: path });
  }
  const { cloudId = level.fields.some(({ name }) => name === "cloudId") && "cloudId" } = options;
  const declared = declarationOf(options);
  const isA = (path: string, type: Kind["type"]): boolean => level.fields.some(({ name, kind }) => name === path && kind.type === type);
  const has = new Set(level.fields.map(({ name }) => name));
  const record: TreeRecord = {
    fields: level.fields,
    uniqueKeys: unique.filter((paths) => paths.every((path) => has.has(path))),
    references: [...level.refs].flatMap(([field, target]) => (names.has(target) ? [{ fields: [field], target }] : [])),
    children: [...level.arrays.values()].map((array) => childRecord(model, array, childOf(array.path, array)!, around)),
    ...(cloudId === false ? {} : { cloudId }),
    ...(isA("lastSyncedAt", "instant") ? { lastSyncedAt: "lastSyncedAt" } : {}),
    ...(isA("syncStatus", "text") ? { syncStatus: "syncStatus" } : {}),
    ...(declared ? { declared } : {}),
  };
  return { record, level };
}

function childRecord(model: string, { path, element }: ChildArray, options: ChildOptions, around: Surroundings): TreeChild {
  const key = typeof options.key === "string" ? [options.key] : options.key!;
  const place = {
    path, key,
    ...(options.orderBy === undefined ? {} : { orderBy: options.orderBy }),
    ...(options.parent === undefined ? {} : { parent: options.parent }),
  };
  if ("schema" in element) {
    const inside = around.unique.filter((paths) => paths.every((each) => each.startsWith(`${path}.`)));
    const unique = inside.map((paths) => paths.map((each) => each.slice(path.length + 1)));
    const { record } = recordOf(`${model}.${path}`, element.schema, options, { ...around, unique, shown: new Set(key) });
    const inKey = new Set(key);
    // What tells elements apart is never absent.
    const fields = record.fields.map((field) => (inKey.has(field.name) ? { ...field, nullable: false, optional: false } : field));
    return { ...record, fields, ...place };
  }
  const declared = declarationOf(options);
  return {
    ...place, single: true, ...(declared ? { declared } : {}),
    fields: [{ name: key[0]!, kind: element.kind, ...(element.kind.type === "float" ? { numbers: "text" as const } : {}) }],
    references: element.ref !== undefined && around.names.has(element.ref) ? [{ fields: key, target: element.ref }] : [],
  };
}

function naturalKeyOf({ match }: ChildOptions): readonly string[] | undefined {
  const rules = match === undefined ? [] : Array.isArray(match) ? match : [match];
  for (const rule of rules as readonly { readonly rule: string; readonly fields?: readonly string[] }[]) if (rule.rule === "natural") return rule.fields;
  return undefined;
}

function uniqueOf(schema: Schema): readonly (readonly string[])[] {
  return schema.indexes().flatMap(([over, options]) => (isUniqueKey(Object.keys(over), options) ? [Object.keys(over)] : []));
}

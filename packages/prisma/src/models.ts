import { encode } from "@sync/core";
import type { Declaration, Field, Kind, Model, Reference, UniqueKey } from "@sync/core";
import { syncFieldsOf } from "@sync/sql";
import type { Fill, KeyMaker, LibraryModel, LibraryModels, SqlColumn, SyncFieldNames } from "@sync/sql";
import type { DmmfField, DmmfModel, PrismaSchema } from "./dmmf.ts";
import { edgesOf } from "./edges.ts";
import { idMaker } from "./ids.ts";
import type { StorageContext } from "./values.ts";
import { storedField } from "./values.ts";

interface Context extends Omit<StorageContext, "enums"> {
  readonly declarations: ReadonlyMap<string, Declaration>;
  readonly syncFields: SyncFieldNames;
}

/** A Prisma schema as the models of this sync. */
export function modelsOf(schema: PrismaSchema, context: Context): LibraryModels {
  const { models, enums } = schema.dmmf.datamodel;
  const storage: StorageContext = { ...context, enums: new Map(enums.map((each) => [each.name, each])) };
  const leftOut = new Map<string, string>();
  const built: LibraryModel[] = [];
  for (const model of models) {
    const result = modelOf(model, schema.withoutForeignKeys, storage, context, leftOut);
    if (typeof result === "string") leftOut.set(model.name, result);
    else built.push(result);
  }
  const taken = new Set(built.map(({ model }) => model.name));
  return { models: [...built, ...edgesOf(models, taken, schema.withoutForeignKeys, storage, leftOut)], leftOut };
}

/** Or why it cannot take part. */
function modelOf(
  source: DmmfModel,
  withoutForeignKeys: boolean,
  storage: StorageContext,
  { syncFields, declarations }: Context,
  leftOut: Map<string, string>,
): LibraryModel | string {
  const fields: Field[] = [];
  const columns: SqlColumn[] = [];
  const fills: Fill[] = [];
  for (const field of source.fields) {
    if (field.kind === "object") continue;
    const stored = storedField(field, storage);
    const fill = stored && fillOf(field, stored.kind);
    // A list may always be left out: its column allows null, which Prisma reads as an empty one.
    const optional = !field.isRequired || field.isList || field.default !== undefined || fill !== undefined;
    if (stored === undefined) {
      const type = field.nativeType ? `@db.${field.nativeType[0]}` : field.type;
      if (!optional) return `its field \`${field.name}\` (${type}) is required and cannot be carried`;
      leftOut.set(`${source.name}.${field.name}`, `${type} cannot be carried`);
      continue;
    }
    fields.push({
      name: field.name,
      kind: stored.kind,
      nullable: !field.isRequired,
      writable: true,
      ...(field.isUpdatedAt ? { stamped: true } : {}),
      ...(optional ? { optional: true } : {}),
    });
    columns.push(stored.column);
    if (fill) fills.push(fill);
  }
  const has = (name: string): boolean => fields.some((field) => field.name === name);
  const uniqueKeys = uniqueKeysOf(source).filter((key) => key.fields.every(has));
  const primaryKey = primaryKeyOf(source, uniqueKeys, fields);
  if (primaryKey === undefined) return "it has neither a primary key nor a unique key without nulls";
  if (!primaryKey.every(has)) return "its key has a type that cannot be carried";
  const keyMaker = keyMakerOf(source, primaryKey);
  const declared = declarations.get(source.name);
  const model: Model = {
    name: source.name,
    fields,
    primaryKey,
    keySource: keyMaker === undefined ? "values" : "allocated",
    uniqueKeys: uniqueKeys.filter((key) => key.fields.join() !== primaryKey.join()),
    references: referencesOf(source, withoutForeignKeys).filter((reference) => reference.fields.every(has)),
    syncFields: syncFieldsOf(source.name, fields, uniqueKeys, syncFields),
    ...(declared ? { declared } : {}),
  };
  return {
    model,
    table: { ...(source.schema ? { schema: source.schema } : {}), name: source.dbName ?? source.name },
    columns,
    ...(keyMaker === undefined ? {} : { keyMaker }),
    fills: fills.filter((fill) => !primaryKey.includes(fill.field)),
  };
}

function uniqueKeysOf(source: DmmfModel): UniqueKey[] {
  const single = source.fields.filter((field) => field.isUnique).map((field) => ({ name: field.name, fields: [field.name] }));
  const compound = source.uniqueIndexes.map(({ name, fields }) => ({ name: name ?? fields.join("_"), fields }));
  return [...single, ...compound];
}

function primaryKeyOf(source: DmmfModel, uniqueKeys: readonly UniqueKey[], fields: readonly Field[]): readonly string[] | undefined {
  const id = source.fields.find((field) => field.isId);
  if (id) return [id.name];
  if (source.primaryKey) return source.primaryKey.fields;
  const filled = (name: string): boolean => fields.some((field) => field.name === name && !field.nullable);
  return uniqueKeys.find((key) => key.fields.every(filled))?.fields;
}

interface DefaultFunction {
  readonly name: string;
  readonly args: readonly unknown[];
}

function defaultFunction(field: DmmfField): DefaultFunction | undefined {
  const value = field.default;
  return typeof value === "object" && value !== null && "name" in value ? value : undefined;
}

/** Undefined: the key's values come with the record. */
function keyMakerOf(source: DmmfModel, primaryKey: readonly string[]): KeyMaker | undefined {
  const field = primaryKey.length === 1 ? source.fields.find((each) => each.name === primaryKey[0]) : undefined;
  const made = field && defaultFunction(field);
  if (!field || !made) return undefined;
  if (made.name === "autoincrement") return "database";
  if (made.name !== "dbgenerated") return idMaker(made.name, made.args);
  if (field.type === "String") return field.nativeType?.[0] === "Uuid" ? idMaker("uuid", []) : undefined;
  return "database";
}

/** `@default(now())` is filled too: the column's own default would store another form of it in SQLite. */
function fillOf(field: DmmfField, kind: Kind): Fill | undefined {
  const now = (): string => encode(kind, new Date());
  if (field.isUpdatedAt) return { field: field.name, on: "write", value: now };
  const made = defaultFunction(field);
  if (!made || field.isList) return undefined;
  const value = made.name === "now" && kind.type === "instant" ? now : idMaker(made.name, made.args);
  return value && { field: field.name, on: "insert", value };
}

const onDelete: Readonly<Record<string, Reference["onDelete"]>> = {
  Cascade: "cascade",
  SetNull: "set-null",
  SetDefault: "set-null",
  Restrict: "restrict",
  NoAction: "restrict",
};

function referencesOf(source: DmmfModel, withoutForeignKeys: boolean): Reference[] {
  return source.fields.flatMap((field) => {
    if (field.kind !== "object" || !field.relationFromFields?.length) return [];
    const action = field.relationOnDelete ?? (field.isRequired ? "Restrict" : "SetNull");
    return [{
      name: field.name,
      fields: field.relationFromFields,
      target: field.type,
      targetFields: field.relationToFields ?? [],
      onDelete: withoutForeignKeys ? "none" : (onDelete[action] ?? "restrict"),
    }];
  });
}

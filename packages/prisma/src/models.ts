import { encode } from "@sync/core";
import type { Declaration, Kind } from "@sync/core";
import { libraryModels, onDeleteOf } from "@sync/sql";
import type { KeyMaker, LibraryColumn, LibraryModels, LibraryTable, SyncFieldNames } from "@sync/sql";
import { columnName } from "./dmmf.ts";
import type { DmmfField, DmmfModel, PrismaSchema } from "./dmmf.ts";
import { edgesOf } from "./edges.ts";
import { idMaker } from "./ids.ts";
import type { StorageContext } from "./values.ts";
import { storedField } from "./values.ts";

interface Context extends Omit<StorageContext, "enums" | "enumSchema"> {
  readonly schemaName: string | undefined;
  readonly declarations: ReadonlyMap<string, Declaration>;
  readonly syncFields: SyncFieldNames;
}

/** A Prisma schema as the models of this sync. */
export function modelsOf(schema: PrismaSchema, context: Context): LibraryModels {
  const { models, enums } = schema.dmmf.datamodel;
  // Prisma does not tell in which of several schemas an enum is.
  const enumSchema = models.some((model) => model.schema) ? undefined : context.schemaName;
  const storage: StorageContext = { ...context, enumSchema, enums: new Map(enums.map((each) => [each.name, each])) };
  const taken = (sources: readonly DmmfModel[]): LibraryModels =>
    libraryModels(sources.map((source) => [source.name, tableOf(source, schema, storage, context)]), context.syncFields);
  const ignored = [...schema.unseen].filter((each) => each[1].ignored);
  const declared = taken(models);
  const leftOut = new Map([
    ...ignored.map(([name]) => [name, "the schema ignores it (`@@ignore`), as Prisma does with tables that have no key"] as const), ...declared.leftOut,
  ]);
  const edges = taken(edgesOf(models, declared, leftOut));
  return { models: [...declared.models, ...edges.models], leftOut: new Map([...leftOut, ...edges.leftOut]) };
}

function tableOf(source: DmmfModel, { withoutForeignKeys, unseen }: PrismaSchema, storage: StorageContext, { schemaName, declarations }: Context): LibraryTable {
  const { name, dbName, fields } = source;
  const schema = source.schema ?? schemaName;
  const columns = (names: readonly string[]): string[] => names.map((each) => columnName(fields.find((field) => field.kind !== "object" && field.name === each)!));
  const single = fields.filter((field) => field.isUnique).map((field) => ({ name: field.name, fields: [field.name] }));
  const relations = fields.filter((field) => field.kind === "object" && field.relationFromFields?.length);
  return {
    name,
    table: { ...(schema ? { schema } : {}), name: dbName ?? name },
    columns: [
      ...fields.filter(({ kind }) => kind !== "object").map((field) => libraryColumn(field, storage)),
      ...(unseen.get(name)?.fields ?? []).map(({ name: field, type, optional }) => ({
        field, column: field, stored: `of type ${type}, which Prisma's client does not have, cannot be carried`,
        nullable: optional, writable: true, optional, fills: [],
      })),
    ],
    primaryKey: columns(source.primaryKey?.fields ?? fields.filter(({ isId }) => isId).map((field) => field.name)),
    uniques: [...single, ...source.uniqueIndexes].map((key) => ({ name: key.name ?? key.fields.join("_"), columns: columns(key.fields) })),
    references: relations.map((field) => ({
      name: field.name,
      columns: columns(field.relationFromFields!),
      target: field.type,
      targetFields: field.relationToFields ?? [],
      onDelete: withoutForeignKeys ? "none" : onDeleteOf(field.relationOnDelete ?? (field.isRequired ? "Restrict" : "SetNull")),
    })),
    // The table of an implicit relation goes with the models that it joins.
    declared: declarations.get(name) ?? (name.startsWith("_") && relations.every(({ type }) => declarations.has(type)) ? {} : undefined),
  };
}

function libraryColumn(field: DmmfField, storage: StorageContext): LibraryColumn {
  const stored = storedField(field, storage);
  const fills = stored ? fillsOf(field, stored.kind) : [];
  return {
    field: field.name,
    column: columnName(field),
    stored: stored ?? `of type ${field.nativeType ? `@db.${field.nativeType[0]}` : field.type} cannot be carried`,
    nullable: !field.isRequired,
    writable: true,
    stamped: field.isUpdatedAt ?? false,
    // A list may always be left out: its column allows null, which Prisma reads as an empty one.
    optional: !field.isRequired || field.isList || field.default !== undefined || fills.length > 0,
    fills,
    keyMaker: keyMakerOf(field),
  };
}

/** A model without an id has the first unique key without nulls for one. */
export function primaryKeyOf({ fields, primaryKey, uniqueIndexes }: DmmfModel): readonly string[] {
  const id = fields.find((field) => field.isId)?.name;
  const uniques = [...fields.filter((field) => field.isUnique).map((field) => [field.name]), ...uniqueIndexes.map((index) => index.fields)];
  const isFilled = (name: string): boolean => fields.some((field) => field.name === name && field.isRequired);
  return id === undefined ? (primaryKey?.fields ?? uniques.find((key) => key.every(isFilled)) ?? []) : [id];
}

interface DefaultFunction {
  readonly name: string;
  readonly args: readonly unknown[];
}

function defaultFunction({ default: value }: DmmfField): DefaultFunction | undefined {
  return typeof value === "object" && value !== null && "name" in value ? value : undefined;
}

function keyMakerOf(field: DmmfField): KeyMaker | undefined {
  const made = defaultFunction(field);
  if (!made) return undefined;
  if (made.name === "autoincrement") return "database";
  if (made.name !== "dbgenerated") return idMaker(made.name, made.args);
  if (field.type === "String") return field.nativeType?.[0] === "Uuid" ? idMaker("uuid", []) : undefined;
  return "database";
}

/** `@default(now())` is filled too: the column's own default would store another form of it in SQLite. */
function fillsOf(field: DmmfField, kind: Kind): LibraryColumn["fills"] {
  const now = (): string => encode(kind, new Date());
  if (field.isUpdatedAt) return [{ on: "write", value: now }];
  const made = defaultFunction(field);
  if (!made || field.isList) return [];
  const value = made.name === "now" && kind.type === "instant" ? now : idMaker(made.name, made.args);
  return value ? [{ on: "insert", value }] : [];
}

import { type Declaration, encode, type Kind } from "@sync/core";
import { type KeyMaker, type LibraryColumn, libraryModels, type LibraryModels, type LibraryTable, onDeleteOf, type SyncFieldNames } from "@sync/sql";
import { columnName, type DmmfField, type DmmfModel, type PrismaSchema } from "./dmmf.ts";
import { edgesOf } from "./edges.ts";
import { idMaker } from "./ids.ts";
import { type Storage, storedField } from "./values.ts";

interface Context extends Storage {
  readonly declarations: ReadonlyMap<string, Declaration>;
  readonly syncFields: SyncFieldNames;
}

/** A Prisma schema as the models of this sync. */
export function modelsOf(schema: PrismaSchema, context: Context): LibraryModels {
  const { models, ignored } = schema;
  const taken = (sources: readonly DmmfModel[]): LibraryModels =>
    libraryModels(sources.map((source) => [source.name, tableOf(source, schema, context)]), context.syncFields);
  const declared = taken(models);
  const leftOut = new Map([
    ...ignored.map((name) => [name, "the schema ignores it (`@@ignore`), as Prisma does with tables that have no key"] as const), ...declared.leftOut,
  ]);
  const edges = taken(edgesOf(models, declared, leftOut));
  return { models: [...declared.models, ...edges.models], leftOut: new Map([...leftOut, ...edges.leftOut]) };
}

function tableOf(source: DmmfModel, prisma: PrismaSchema, context: Context): LibraryTable {
  const { name, dbName, fields } = source;
  const { declarations, schemaName } = context;
  const schema = source.schema ?? schemaName;
  const scalars = fields.filter(({ kind }) => kind !== "object");
  const columns = (names: readonly string[]): string[] => names.map((each) => columnName(scalars.find((field) => field.name === each)!));
  const single = fields.filter((field) => field.isUnique).map((field) => ({ name: field.name, fields: [field.name] }));
  const relations = fields.filter((field) => field.kind === "object" && field.relationFromFields?.length);
  return {
    name,
    table: { ...(schema ? { schema } : {}), name: dbName ?? name },
    columns: scalars.map((field) => libraryColumn(field, prisma, context)),
    primaryKey: columns(source.primaryKey?.fields ?? fields.filter(({ isId }) => isId).map((field) => field.name)),
    uniques: [...single, ...source.uniqueIndexes].map((key) => ({ name: key.name ?? key.fields.join("_"), columns: columns(key.fields) })),
    references: relations.map((field) => ({
      name: field.name,
      columns: columns(field.relationFromFields!),
      target: field.type,
      targetFields: field.relationToFields ?? [],
      onDelete: prisma.withoutForeignKeys ? "none" : onDeleteOf(field.relationOnDelete ?? (field.isRequired ? "Restrict" : "SetNull")),
    })),
    // The table of an implicit relation goes with the models that it joins.
    declared: declarations.get(name) ?? (name.startsWith("_") && relations.every(({ type }) => declarations.has(type)) ? {} : undefined),
  };
}

function libraryColumn(field: DmmfField, schema: PrismaSchema, context: Context): LibraryColumn {
  const stored = storedField(field, schema, context);
  const fills = stored ? fillsOf(field, stored.kind) : [];
  const unseen = field.kind === "unsupported" ? ", which Prisma's client does not have," : "";
  return {
    field: field.name,
    column: columnName(field),
    stored: stored ?? `of type ${field.nativeType ? `@db.${field.nativeType[0]}` : field.type}${unseen} cannot be carried`,
    nullable: !field.isRequired,
    writable: true,
    stamped: field.isUpdatedAt ?? false,
    // A list may always be left out: its column allows null, which Prisma reads as an empty one.
    optional: !field.isRequired || field.isList || field.default !== undefined || fills.length > 0,
    fills,
    keyMaker: keyMakerOf(field),
  };
}

function defaultFunction({ default: value }: DmmfField): { readonly name: string; readonly args: readonly unknown[] } | undefined {
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

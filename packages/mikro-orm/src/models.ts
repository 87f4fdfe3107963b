import { ReferenceKind } from "@mikro-orm/core";
import type { EntityMetadata, EntityProperty } from "@mikro-orm/core";
import { encode, SyncError } from "@sync/core";
import type { Kind } from "@sync/core";
import { checkPerModel, keyMakerBy, libraryModels, onDeleteOf } from "@sync/sql";
import type { KeyMaker, LibraryColumn, LibraryModels, LibraryTable, PerModel, StoredField, SyncFieldNames } from "@sync/sql";
import type { Facts } from "./client.ts";
import { columnOf, columnsOf, relationsOf } from "./columns.ts";
import type { EntityColumn } from "./columns.ts";
import { declaredBy } from "./synced.ts";
import { ownType, storedColumn } from "./values.ts";

interface Context extends Facts {
  readonly syncFields: SyncFieldNames;
  readonly kinds: PerModel<Readonly<Record<string, Kind>>>;
  readonly keys: PerModel<() => string>;
}

/** The entities of an ORM, and its pivot tables, as the models of this sync. */
export function modelsOf(entities: Iterable<EntityMetadata>, context: Context): LibraryModels {
  const tables = [...entities].filter(({ embeddable, abstract, inheritanceType }) => !embeddable && (!abstract || inheritanceType !== undefined));
  const isOwn = ({ props }: EntityMetadata) => new Map(props.map((property) => [property.name, ownType(property) !== undefined]));
  checkPerModel(context, new Map(tables.map((entity) => [entity.className, isOwn(entity)])));
  return libraryModels(tables.map((entity) => [entity.className, unsupported(entity, context) ?? tableOf(entity, context)]), context.syncFields);
}

/** As MikroORM itself does, without the schema that is the default. */
function schemaOf(entity: EntityMetadata, { option, platform }: Context): string | undefined {
  const name = entity.schema ?? (option("schema") as string | undefined);
  return name === platform.getDefaultSchemaName() ? undefined : name;
}

function unsupported(entity: EntityMetadata, context: Context): string | undefined {
  const { inheritanceType } = entity.root;
  if (inheritanceType !== undefined) return `${inheritanceType === "tpt" ? "table-per-type" : "single table"} inheritance is not supported`;
  if (entity.view) return "it is a view";
  if (entity.virtual) return "it is made of an expression, not of a table";
  const schema = schemaOf(entity, context);
  if (schema === "*") return "its schema is chosen with each query";
  if (context.engine === "sqlite" && schema !== undefined) return "its table is in an attached database";
  const embedded = entity.props.find((property) => property.kind === ReferenceKind.EMBEDDED);
  if (embedded) return `its property \`${embedded.name}\` is an embeddable, which is not supported`;
  const polymorphic = relationsOf(entity).find((property) => property.polymorphic);
  return polymorphic && `its relation \`${polymorphic.name}\` is polymorphic, which is not supported`;
}

function tableOf(entity: EntityMetadata, context: Context): LibraryTable {
  const name = entity.className;
  const schema = schemaOf(entity, context);
  return {
    name,
    table: { ...(schema === undefined ? {} : { schema }), name: entity.tableName },
    columns: columnsOf(entity).map((column) => libraryColumn(column, name, context)),
    primaryKey: entity.getPrimaryProps().flatMap(({ fieldNames }) => fieldNames),
    uniques: uniquesOf(entity),
    references: relationsOf(entity).map((relation) => referenceOf(relation, entity, context)),
    keyMaker: context.keys[name],
    declared: declaredBy(entity),
  };
}

function libraryColumn(column: EntityColumn, model: string, context: Context): LibraryColumn {
  const { field, owner, nullable } = column;
  const { default: value, defaultRaw, autoincrement = false, onCreate, onUpdate, version = false, generated } = owner;
  const stored = storedColumn(column, context.kinds[model]?.[field], context);
  const counts = version && typeof stored === "object" && stored.kind.type === "integer";
  return {
    field,
    column: column.column,
    stored: counts ? { ...stored, column: { ...stored.column, counts } } : stored,
    nullable,
    writable: generated === undefined,
    stamped: version || onUpdate !== undefined,
    optional: nullable || version || autoincrement || [value, defaultRaw, onCreate, generated].some((each) => each !== undefined),
    fills: typeof stored === "object" ? fillsOf(owner, model, field, stored) : [],
    keyMaker: typeof stored === "object" ? keyMakerOf(owner, model, stored.kind) : undefined,
  };
}

function referenceOf(relation: EntityProperty, { pivotTable }: EntityMetadata, { option }: Context): LibraryTable["references"][number] {
  const { name, fieldNames: columns, targetMeta, referencedColumnNames, deleteRule, createForeignKeyConstraint } = relation;
  const { createForeignKeyConstraints = true } = (option("schemaGenerator") ?? {}) as { readonly createForeignKeyConstraints?: boolean };
  return {
    name: pivotTable ? columns.join("_") : name,
    columns,
    target: targetMeta!.className,
    targetFields: referencedColumnNames.map((column) => columnOf(targetMeta!, column).field),
    onDelete: createForeignKeyConstraints && createForeignKeyConstraint ? onDeleteOf(deleteRule) : "none",
  };
}

/** A property's own `unique` stands only on the property. */
function uniquesOf(entity: EntityMetadata): LibraryTable["uniques"] {
  const single = entity.props.filter(({ unique, owner, kind }) => unique && (kind === ReferenceKind.SCALAR || owner));
  // An index over a part of the table or over an expression names no record.
  const whole = entity.uniques.filter((each) => each.properties && each.where === undefined && each.expression === undefined && !each.disabled);
  return [
    ...single.map(({ unique, fieldNames }) => ({ name: typeof unique === "string" ? unique : undefined, columns: fieldNames })),
    ...whole.map(({ name, properties }) => ({ name, columns: [properties!].flat().flatMap((each) => entity.properties[each]?.fieldNames ?? [each]) })),
  ];
}

function keyMakerOf({ kind, name, onCreate, autoincrement, defaultRaw }: EntityProperty, model: string, stored: Kind): KeyMaker | undefined {
  if (kind !== ReferenceKind.SCALAR) return undefined;
  if (onCreate) return () => made(onCreate, model, name, stored);
  return autoincrement ? "database" : keyMakerBy(defaultRaw, stored.type === "uuid");
}

/** What MikroORM itself fills in, and the database would not. */
function fillsOf({ onCreate, onUpdate, version }: EntityProperty, model: string, field: string, { kind }: StoredField): LibraryColumn["fills"] {
  const stamp = version && kind.type !== "integer" ? () => new Date() : undefined;
  const makers = [["insert", onCreate], ["update", onUpdate ?? stamp]] as const;
  return makers.flatMap(([on, make]) => (make ? [{ on, value: () => made(make, model, field, kind) }] : []));
}

function made(make: NonNullable<EntityProperty["onCreate"]>, model: string, field: string, kind: Kind): string {
  const nothing = new Proxy({}, {
    get() {
      const message = `What fills \`${model}.${field}\` looks at the entity, which rows of a sync are not; give it a column default.`;
      throw new SyncError("MODEL.SQL_DEFAULT", message, { model, field });
    },
  });
  return encode(kind, make(nothing, nothing as never));
}

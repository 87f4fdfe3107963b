import { randomUUID } from "node:crypto";
import { ReferenceKind } from "@mikro-orm/core";
import type { EntityMetadata, EntityProperty } from "@mikro-orm/core";
import { encode, SyncError } from "@sync/core";
import type { Declaration, Field, Kind, Model, Reference, UniqueKey } from "@sync/core";
import { syncFieldsOf } from "@sync/sql";
import type { Fill, KeyMaker, LibraryModel, LibraryModels, SqlColumn, SyncFieldNames } from "@sync/sql";
import { columnOf, columnsOf, relationsOf } from "./columns.ts";
import type { Storage } from "./values.ts";
import { ownType, storedColumn } from "./values.ts";

type PerModel<What> = Readonly<Record<string, What | undefined>>;

export interface Context extends Storage {
  readonly syncFields: SyncFieldNames;
  readonly kinds: PerModel<Readonly<Record<string, Kind>>>;
  readonly keys: PerModel<() => string>;
  /** The schema of entities that name none. */
  readonly schema: string | undefined;
  /** MikroORM's schema generator makes foreign keys. */
  readonly foreignKeys: boolean;
  readonly declarationOf: (entity: EntityMetadata) => Declaration | undefined;
}

/** The entities of an ORM, and its pivot tables, as the models of this sync. */
export function modelsOf(entities: Iterable<EntityMetadata>, context: Context): LibraryModels {
  const leftOut = new Map<string, string>();
  const models: LibraryModel[] = [];
  for (const entity of entities) {
    if (entity.embeddable || isBaseClass(entity)) continue;
    const result = unsupported(entity, context) ?? modelOf(entity, context, leftOut);
    if (typeof result === "string") leftOut.set(entity.className, result);
    else models.push(result);
  }
  return { models, leftOut };
}

const isBaseClass = ({ abstract, inheritanceType }: EntityMetadata): boolean => abstract && inheritanceType === undefined;

/** As MikroORM itself does, without the schema that is the default. */
function schemaOf(entity: EntityMetadata, { schema, platform }: Context): string | undefined {
  const name = entity.schema ?? schema;
  return name === platform.getDefaultSchemaName() ? undefined : name;
}

function unsupported(entity: EntityMetadata, context: Context): string | undefined {
  if (entity.root.inheritanceType !== undefined || entity.tptParent) return `${entity.root.inheritanceType === "tpt" ? "table-per-type" : "single table"} inheritance is not supported`;
  if (entity.view) return "it is a view";
  if (entity.virtual) return "it is made of an expression, not of a table";
  const schema = schemaOf(entity, context);
  if (schema === "*") return "its schema is chosen with each query";
  if (context.engine === "sqlite" && schema !== undefined) return "its table is in an attached database";
  const embedded = entity.props.find((property) => property.kind === ReferenceKind.EMBEDDED);
  if (embedded) return `its property \`${embedded.name}\` is an embeddable, which is not supported`;
  const polymorphic = entity.props.find((property) => property.polymorphic && property.fieldNames !== undefined);
  return polymorphic && `its relation \`${polymorphic.name}\` is polymorphic, which is not supported`;
}

/** Or why it cannot take part. */
function modelOf(entity: EntityMetadata, context: Context, leftOut: Map<string, string>): LibraryModel | string {
  const name = entity.className;
  const fields: Field[] = [];
  const columns: SqlColumn[] = [];
  const fills: Fill[] = [];
  const found = columnsOf(entity);
  for (const column of found) {
    const { field, property, owner, nullable } = column;
    const declared = context.kinds[name]?.[field];
    const stored = storedColumn(column, declared, context);
    const optional = nullable || owner.generated !== undefined || owner.version === true || hasDefault(owner);
    const why = stored === undefined ? `of type ${column.type} cannot be carried` : reasonOfType(property, declared);
    if (stored === undefined || why !== undefined) {
      if (!optional) return `its field \`${field}\` is required, and a value ${why}`;
      leftOut.set(`${name}.${field}`, `a value ${why}`);
      continue;
    }
    const stamped = owner.version === true || owner.onUpdate !== undefined;
    fields.push({
      name: field,
      kind: stored.kind,
      nullable,
      writable: owner.generated === undefined,
      ...(stamped ? { stamped: true } : {}),
      ...(optional ? { optional: true } : {}),
    });
    columns.push(owner.version === true && stored.kind.type === "integer" ? { ...stored.column, counts: true } : stored.column);
    fills.push(...fillsOf(owner, name, field, stored.kind));
  }
  const named = (list: readonly string[]): string[] | undefined => {
    const names = list.flatMap((column) => found.find((each) => each.column === column)?.field ?? []).filter((field) => fields.some((each) => each.name === field));
    return names.length === list.length && list.length > 0 ? names : undefined;
  };
  const keyColumns = entity.getPrimaryProps().flatMap((property) => property.fieldNames);
  if (keyColumns.length === 0) return "it has no primary key";
  const primaryKey = named(keyColumns);
  if (primaryKey === undefined) return "its key has a type that cannot be carried";
  const uniqueKeys = uniqueKeysOf(entity, named);
  const keyMaker = context.keys[name] ?? keyMakerOf(entity, fields.find((field) => field.name === primaryKey[0])!.kind);
  const declared = context.declarationOf(entity);
  const schema = schemaOf(entity, context);
  const model: Model = {
    name,
    fields,
    primaryKey,
    keySource: keyMaker === undefined ? "values" : "allocated",
    uniqueKeys: uniqueKeys.filter((key) => key.fields.join() !== primaryKey.join()),
    references: relationsOf(entity).flatMap((relation) => {
      const of = named(relation.fieldNames);
      return of ? [referenceOf(relation, of, entity.pivotTable ? of.join("_") : relation.name, context)] : [];
    }),
    syncFields: syncFieldsOf(name, fields, uniqueKeys, context.syncFields),
    ...(declared ? { declared } : {}),
  };
  return {
    model,
    table: { ...(schema === undefined ? {} : { schema }), name: entity.tableName },
    columns,
    ...(keyMaker === undefined ? {} : { keyMaker }),
    fills: fills.filter((fill) => !primaryKey.includes(fill.field)),
  };
}

function reasonOfType(property: EntityProperty, declared: Kind | undefined): string | undefined {
  const type = ownType(property);
  if (!type) return undefined;
  if (property.hasConvertToJSValueSQL || property.hasConvertToDatabaseValueSQL) return `of ${type.name} is converted in SQL, which is not supported`;
  return declared ? undefined : `of ${type.name} is converted: say in \`kinds\` what kind of value the application sees`;
}

const hasDefault = ({ default: value, defaultRaw, autoincrement, onCreate }: EntityProperty): boolean =>
  value !== undefined || defaultRaw !== undefined || autoincrement === true || onCreate !== undefined;

function referenceOf({ targetMeta, referencedColumnNames, deleteRule = "", createForeignKeyConstraint }: EntityProperty, fields: readonly string[], name: string, { foreignKeys }: Context): Reference {
  return {
    name,
    fields,
    target: targetMeta!.className,
    targetFields: referencedColumnNames.map((column) => columnOf(targetMeta!, column).field),
    onDelete: foreignKeys && createForeignKeyConstraint ? (onDelete[deleteRule] ?? "restrict") : "none",
  };
}

const onDelete: Readonly<Record<string, Reference["onDelete"]>> = { cascade: "cascade", "set null": "set-null", "set default": "set-null" };

/** A property's own `unique` stands only on the property. */
function uniqueKeysOf(entity: EntityMetadata, named: (columns: readonly string[]) => string[] | undefined): UniqueKey[] {
  const single = entity.props.filter(({ unique, owner, kind }) => unique && (kind === ReferenceKind.SCALAR || owner)).map(({ unique, fieldNames }) => ({ name: unique, columns: fieldNames }));
  // An index over a part of the table or over an expression names no record.
  const whole = entity.uniques.filter((each) => each.properties !== undefined && each.where === undefined && each.expression === undefined && !each.disabled);
  const compound = whole.map((each) => ({ name: each.name, columns: [each.properties!].flat().flatMap((name) => entity.properties[name]?.fieldNames ?? [name]) }));
  return [...single, ...compound].flatMap(({ name, columns }) => {
    const fields = named(columns);
    return fields ? [{ name: typeof name === "string" ? name : fields.join("_"), fields }] : [];
  });
}

/** Undefined: the key's values come with the record. */
function keyMakerOf(entity: EntityMetadata, kind: Kind): KeyMaker | undefined {
  const [property, more] = entity.getPrimaryProps();
  if (property === undefined || more !== undefined || property.kind !== ReferenceKind.SCALAR) return undefined;
  const { onCreate, autoincrement, defaultRaw = "" } = property;
  if (onCreate) return () => made(onCreate, entity.className, property.name, kind);
  if (autoincrement) return "database";
  const sequence = /nextval\('([^']+)'/.exec(defaultRaw)?.[1];
  if (sequence !== undefined) return { sequence };
  return kind.type === "uuid" && defaultRaw !== "" ? randomUUID : undefined;
}

type Made = NonNullable<EntityProperty["onCreate"]>;

/** What MikroORM itself fills in, and the database would not. */
function fillsOf({ onCreate, onUpdate, version }: EntityProperty, model: string, field: string, kind: Kind): Fill[] {
  const fills: Fill[] = [];
  if (onCreate) fills.push({ field, on: "insert", value: () => made(onCreate, model, field, kind) });
  if (onUpdate) fills.push({ field, on: "update", value: () => made(onUpdate, model, field, kind) });
  if (version && kind.type !== "integer") fills.push({ field, on: "update", value: () => encode(kind, new Date()) });
  return fills;
}

function made(make: Made, model: string, field: string, kind: Kind): string {
  const nothing = new Proxy({}, {
    get() {
      throw new SyncError("MODEL.SQL_DEFAULT", `What MikroORM fills into \`${model}.${field}\` is made of the entity, which rows of a sync are not; give it a column default.`, { model, field });
    },
  });
  return encode(kind, make(nothing, nothing as never));
}

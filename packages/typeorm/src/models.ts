import { randomUUID } from "node:crypto";
import type { Declaration, Kind } from "@sync/core";
import { checkPerModel, keyMakerBy, libraryModels, onDeleteOf, stampOf } from "@sync/sql";
import type { KeyMaker, LibraryColumn, LibraryModels, LibraryTable, PerModel, StoredField, SyncFieldNames } from "@sync/sql";
import type { EntityMetadata } from "typeorm";
import type { ColumnMetadata, DataSourceLike, Engine } from "./client.ts";
import { declaredBy } from "./synced.ts";
import type { StorageContext } from "./values.ts";
import { storedColumn, takesKind } from "./values.ts";

interface Context {
  readonly engine: Engine;
  readonly syncFields: SyncFieldNames;
  readonly kinds: PerModel<Readonly<Record<string, Kind>>>;
  readonly keys: PerModel<() => string>;
}

/** The entities of a data source, and its join tables, as the models of this sync. */
export function modelsOf(dataSource: DataSourceLike, context: Context): LibraryModels {
  const driver = dataSource.driver as { normalizeType(column: ColumnMetadata): string };
  const storage: StorageContext = { engine: context.engine, typeOf: (column) => driver.normalizeType(column).toLowerCase() };
  const declarationOf = declaredBy(dataSource);
  const entities = dataSource.entityMetadatas as readonly EntityMetadata[];
  checkPerModel(context, new Map(entities.map(({ name, columns }) => {
    const takes = (column: ColumnMetadata): boolean => takesKind(column, context.kinds[name]?.[nameOf(column)], storage);
    return [name, new Map(columns.map((column) => [nameOf(column), takes(column)]))];
  })));
  return libraryModels(entities.map((entity) => {
    const declared = declarationOf(entity) ?? edgeOf(entity, declarationOf);
    return [entity.name, unsupported(entity, context.engine) ?? tableOf(entity, context, storage, declared)];
  }), context.syncFields);
}

/** A join table goes with the entities that it joins. */
function edgeOf(entity: EntityMetadata, declarationOf: (entity: EntityMetadata) => Declaration | undefined): Declaration | undefined {
  if (!entity.isJunction) return undefined;
  const ends = [...entity.ownerColumns, ...entity.inverseColumns].map((column) => column.referencedColumn?.entityMetadata);
  return ends.every((end) => end && declarationOf(end)) ? {} : undefined;
}

function unsupported(entity: EntityMetadata, engine: Engine): string | undefined {
  if (entity.tableType === "view") return "it is a view";
  if (entity.inheritancePattern === "STI" || entity.tableType === "entity-child") return "single table inheritance is not supported";
  const isTree = entity.treeType !== undefined && entity.treeType !== "adjacency-list";
  if (isTree || entity.isClosureJunction) return "TypeORM itself keeps the columns and tables of a tree";
  if (engine === "sqlite" && entity.database !== undefined) return "its table is in an attached database";
  return undefined;
}

function tableOf(entity: EntityMetadata, context: Context, storage: StorageContext, declared: Declaration | undefined): LibraryTable {
  // A virtual property is a select of its own, not a column of the table.
  const columns = entity.columns.filter((column) => !column.isVirtualProperty).map((column) => libraryColumn(column, entity.name, context, storage));
  return {
    name: entity.name,
    table: { ...(entity.schema === undefined ? {} : { schema: entity.schema }), name: entity.tableName },
    columns,
    primaryKey: namesOf(entity.primaryColumns),
    // An index over a part of the table names no record.
    uniques: [...entity.uniques, ...entity.indices.filter((index) => index.isUnique && !index.where)].map((key) => ({ name: key.name, columns: namesOf(key.columns) })),
    references: referencesOf(entity),
    keyMaker: context.keys[entity.name],
    declared: declared && withSoftDelete(declared, entity),
  };
}

/** By the names that the database has: where relations share a column, TypeORM has several descriptions of it. */
function namesOf(columns: readonly ColumnMetadata[]): string[] {
  return columns.map((column) => column.databaseName);
}

function libraryColumn(column: ColumnMetadata, model: string, { kinds }: Context, storage: StorageContext): LibraryColumn {
  const field = nameOf(column);
  const { isNullable, isGenerated, isVersion, isUpdateDate, isInsert, isUpdate, generatedType, default: initial } = column;
  const stored = storedColumn(column, field, kinds[model]?.[field], storage);
  return {
    field,
    column: column.databaseName,
    stored: isVersion && typeof stored === "object" ? { ...stored, column: { ...stored.column, counts: true } } : stored,
    nullable: isNullable,
    writable: generatedType === undefined && (isInsert || isUpdate),
    stamped: isUpdateDate || isVersion,
    optional: isNullable || isGenerated || isVersion || initial != null || generatedType !== undefined,
    fills: typeof stored === "object" ? fillsOf(column, stored, storage.engine) : [],
    keyMaker: keyMakerOf(column),
  };
}

/** As TypeORM's own `where` has it: a relation with one column by its name, a column of several as `author.id`. */
export function nameOf({ propertyPath, isVirtual, relationMetadata, entityMetadata }: ColumnMetadata): string {
  const alone = isVirtual && !entityMetadata.isJunction && relationMetadata?.joinColumns.length === 1;
  return alone ? relationMetadata.propertyPath : propertyPath;
}

/** What TypeORM itself fills in, and the database would not. */
function fillsOf(column: ColumnMetadata, stored: StoredField, engine: Engine): LibraryColumn["fills"] {
  if (column.isUpdateDate || column.isCreateDate) return [{ on: column.isUpdateDate ? "write" : "insert", value: () => stampOf(stored) }];
  if (column.isVersion) return [{ on: "insert", value: () => "1" }];
  return column.generationStrategy === "uuid" && engine === "sqlite" ? [{ on: "insert", value: randomUUID }] : [];
}

function keyMakerOf({ generationStrategy, isGenerated, type, default: initial }: ColumnMetadata): KeyMaker | undefined {
  if (generationStrategy === "uuid") return randomUUID;
  return isGenerated ? "database" : keyMakerBy(typeof initial === "function" ? initial() : undefined, type === "uuid");
}

function referencesOf(entity: EntityMetadata): LibraryTable["references"] {
  const ends = entity.isJunction
    ? [entity.ownerColumns, entity.inverseColumns].map((columns) => ({ name: columns[0]!.propertyName, columns }))
    : entity.relationsWithJoinColumns.map((relation) => ({ name: relation.propertyPath, columns: relation.joinColumns }));
  return ends.map(({ name, columns }) => {
    const held = entity.foreignKeys.find((key) => key.columnNames.join() === namesOf(columns).join());
    return {
      name,
      columns: namesOf(columns),
      target: columns[0]!.referencedColumn!.entityMetadata.name,
      targetFields: columns.map((column) => nameOf(column.referencedColumn!)),
      onDelete: held ? onDeleteOf(held.onDelete) : "none",
    };
  });
}

/** An entity with a delete date is deleted by setting it, unless the declaration says otherwise or leaves it out. */
function withSoftDelete(declared: Declaration, { deleteDateColumn }: EntityMetadata): Declaration {
  const field = deleteDateColumn && nameOf(deleteDateColumn);
  return field === undefined || declared.softDelete !== undefined || declared.omit?.includes(field) ? declared : { ...declared, softDelete: field };
}

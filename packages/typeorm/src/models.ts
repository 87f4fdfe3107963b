import { randomUUID } from "node:crypto";
import { encode, hintFor, SyncError } from "@sync/core";
import type { Declaration, Field, Kind, Model, Reference, UniqueKey } from "@sync/core";
import { syncFieldsOf } from "@sync/sql";
import type { Fill, KeyMaker, LibraryModel, LibraryModels, SqlColumn, SyncFieldNames } from "@sync/sql";
import type { EntityMetadata } from "typeorm";
import type { ColumnMetadata, DataSourceLike, Engine } from "./client.ts";
import { declaredBy } from "./synced.ts";
import type { StorageContext } from "./values.ts";
import { storedColumn, takesKind } from "./values.ts";

type PerModel<What> = Readonly<Record<string, What | undefined>>;

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
  checkNames(dataSource.entityMetadatas as readonly EntityMetadata[], context, storage);
  const leftOut = new Map<string, string>();
  const models: LibraryModel[] = [];
  for (const entity of dataSource.entityMetadatas as readonly EntityMetadata[]) {
    const result = unsupported(entity, context.engine) ?? modelOf(entity, context, storage, declarationOf(entity) ?? edgeOf(entity, declarationOf), leftOut);
    if (typeof result === "string") leftOut.set(entity.name, result);
    else models.push(result);
  }
  return { models, leftOut };
}

/** Options that serve a column or an entity alone: nobody else would miss them. */
function checkNames(entities: readonly EntityMetadata[], { kinds, keys }: Context, storage: StorageContext): void {
  for (const name of new Set([...Object.keys(kinds), ...Object.keys(keys)])) {
    const entity = entities.find((each) => each.name === name);
    if (!entity) throw new SyncError("OPTIONS.UNKNOWN_MODEL", `There is no entity \`${name}\`.${hintFor(name, entities.map((each) => each.name))}`, { model: name });
    for (const [field, kind] of Object.entries(kinds[name] ?? {})) {
      const column = entity.columns.find((each) => nameOf(each) === field);
      if (column && takesKind(column, kind, storage)) continue;
      const why = column ? "has no transformer" : `is no column.${hintFor(field, entity.columns.map(nameOf))}`;
      throw new SyncError(column ? "OPTIONS.VALUE" : "OPTIONS.UNKNOWN_FIELD", `\`kinds\` names \`${name}.${field}\`, which ${why}`, { model: name, field });
    }
  }
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

/** Or why it cannot take part. */
function modelOf(entity: EntityMetadata, context: Context, storage: StorageContext, declared: Declaration | undefined, leftOut: Map<string, string>): LibraryModel | string {
  const fields: Field[] = [];
  const columns: SqlColumn[] = [];
  const fills: Fill[] = [];
  // By the column's name: where relations share a column, TypeORM has several descriptions of it.
  const fieldOf = new Map<string, string>();
  for (const column of entity.columns) {
    // A select of its own, not a column of the table.
    if (column.isVirtualProperty) continue;
    const name = nameOf(column);
    const kind = context.kinds[entity.name]?.[name];
    const stored = storedColumn(column, name, kind, storage);
    const optional = column.isNullable || column.isGenerated || column.isVersion || hasDefault(column) || column.generatedType !== undefined;
    if (stored === undefined || (column.transformer && kind === undefined)) {
      const why = stored ? "has a transformer: say in `kinds` what kind of value its `from` gives" : `of type ${storage.typeOf(column)} cannot be carried`;
      if (!optional) return `its field \`${name}\` is required, and ${stored ? "" : "a value "}${why}`;
      leftOut.set(`${entity.name}.${name}`, stored ? `it ${why}` : `a value ${why}`);
      continue;
    }
    fieldOf.set(column.databaseName, name);
    fields.push({
      name,
      kind: stored.kind,
      nullable: column.isNullable,
      writable: column.generatedType === undefined && (column.isInsert || column.isUpdate),
      ...(column.isUpdateDate || column.isVersion ? { stamped: true } : {}),
      ...(optional ? { optional: true } : {}),
    });
    columns.push(column.isVersion ? { ...stored.column, counts: true } : stored.column);
    fills.push(...fillsOf(column, name, stored.kind, context.engine));
  }
  const named: Named = (list) => {
    const found = list.flatMap((column) => fieldOf.get(column.databaseName) ?? []);
    return found.length === list.length && list.length > 0 ? found : undefined;
  };
  const uniqueKeys = uniqueKeysOf(entity, named);
  const primaryKey = named(entity.primaryColumns);
  if (primaryKey === undefined) return entity.primaryColumns.length > 0 ? "its key has a type that cannot be carried" : "it has no primary key";
  const keyMaker = context.keys[entity.name] ?? keyMakerOf(entity);
  const model: Model = {
    name: entity.name,
    fields,
    primaryKey,
    keySource: keyMaker === undefined ? "values" : "allocated",
    uniqueKeys: uniqueKeys.filter((key) => key.fields.join() !== primaryKey.join()),
    references: referencesOf(entity, named),
    syncFields: syncFieldsOf(entity.name, fields, uniqueKeys, context.syncFields),
    ...(declared ? { declared: withSoftDelete(declared, entity) } : {}),
  };
  return {
    model,
    table: { ...(entity.schema === undefined ? {} : { schema: entity.schema }), name: entity.tableName },
    columns,
    ...(keyMaker === undefined ? {} : { keyMaker }),
    fills: fills.filter((fill) => !primaryKey.includes(fill.field)),
  };
}

/** The fields of columns; undefined if one takes no part. */
type Named = (list: readonly ColumnMetadata[]) => string[] | undefined;

/** As TypeORM's own `where` has it: a relation with one column by its name, a column of several as `author.id`. */
function nameOf({ propertyPath, isVirtual, relationMetadata, entityMetadata }: ColumnMetadata): string {
  const alone = isVirtual && !entityMetadata.isJunction && relationMetadata?.joinColumns.length === 1;
  return alone ? relationMetadata.propertyPath : propertyPath;
}

const hasDefault = (column: ColumnMetadata): boolean => column.default !== undefined && column.default !== null;

/** What TypeORM itself fills in, and the database would not. */
function fillsOf(column: ColumnMetadata, field: string, kind: Kind, engine: Engine): Fill[] {
  const now = (): string => encode(kind, new Date());
  if (column.isUpdateDate) return [{ field, on: "write", value: now }];
  if (column.isCreateDate) return [{ field, on: "insert", value: now }];
  if (column.isVersion) return [{ field, on: "insert", value: () => "1" }];
  return column.generationStrategy === "uuid" && engine === "sqlite" ? [{ field, on: "insert", value: randomUUID }] : [];
}

function uniqueKeysOf(entity: EntityMetadata, named: Named): UniqueKey[] {
  // An index over a part of the table names no record.
  const indices = entity.indices.filter((index) => index.isUnique && !index.where);
  return [...entity.uniques, ...indices].flatMap(({ name, columns }) => {
    const fields = named(columns);
    return fields ? [{ name, fields }] : [];
  });
}

/** Undefined: the key's values come with the record. */
function keyMakerOf({ primaryColumns: [column, more] }: EntityMetadata): KeyMaker | undefined {
  if (column === undefined || more !== undefined) return undefined;
  if (column.generationStrategy === "uuid") return randomUUID;
  if (column.isGenerated) return "database";
  const made = typeof column.default === "function" ? column.default() : undefined;
  const sequence = made === undefined ? undefined : /nextval\('([^']+)'/.exec(made)?.[1];
  if (sequence !== undefined) return { sequence };
  return made !== undefined && column.type === "uuid" ? randomUUID : undefined;
}

const onDelete: Readonly<Record<string, Reference["onDelete"]>> = { CASCADE: "cascade", "SET NULL": "set-null", "SET DEFAULT": "set-null" };

function referencesOf(entity: EntityMetadata, named: Named): Reference[] {
  const ends = entity.isJunction
    ? [entity.ownerColumns, entity.inverseColumns].map((columns) => ({ name: columns[0]!.propertyName, columns }))
    : entity.relationsWithJoinColumns.map((relation) => ({ name: relation.propertyPath, columns: relation.joinColumns }));
  return ends.flatMap(({ name, columns }) => {
    const fields = named(columns);
    const target = columns[0]?.referencedColumn?.entityMetadata;
    if (!fields || !target) return [];
    const names = columns.map((column) => column.databaseName);
    const held = entity.foreignKeys.find((key) => key.columnNames.join() === names.join());
    return [{
      name,
      fields,
      target: target.name,
      targetFields: columns.map((column) => nameOf(column.referencedColumn!)),
      onDelete: held ? (onDelete[held.onDelete ?? ""] ?? "restrict") : "none",
    }];
  });
}

/** An entity with a delete date is deleted by setting it. */
function withSoftDelete(declared: Declaration, { deleteDateColumn }: EntityMetadata): Declaration {
  return deleteDateColumn && declared.softDelete === undefined ? { ...declared, softDelete: nameOf(deleteDateColumn) } : declared;
}

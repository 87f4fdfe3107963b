import { decode } from "@sync/core";
import type { Kind } from "@sync/core";
import { driversForm, holdsAll, pgQuery } from "@sync/sql";
import type { LibraryModel, RecordSession, RecordValues, RecordWriter } from "@sync/sql";
import type { DataSource, EntityManager, EntityMetadata, ObjectLiteral } from "typeorm";
import type { ColumnMetadata } from "./client.ts";
import { nameOf } from "./models.ts";

interface Model {
  readonly entity: EntityMetadata;
  readonly kinds: ReadonlyMap<string, Kind>;
  readonly columns: ReadonlyMap<string, ColumnMetadata>;
}

/** Records as an application writes them with TypeORM: entities are loaded, changed and saved, so that listeners and subscribers run. */
export function recordWriter(dataSource: DataSource, models: readonly LibraryModel[]): RecordWriter {
  const known = new Map(models.flatMap(({ model }): [string, Model][] => {
    const entity = dataSource.entityMetadatas.find(({ name }) => name === model.name);
    // A join table has no entity class, and TypeORM cannot overrule an identity column.
    if (!entity || entity.isJunction || entity.primaryColumns.some((column) => column.generatedIdentity === "ALWAYS")) return [];
    return [[model.name, { entity, kinds: new Map(model.fields.map(({ name, kind }) => [name, kind])), columns: new Map(entity.columns.map((column) => [nameOf(column), column])) }]];
  }));
  return {
    writes: (model) => known.has(model),
    carries(model, values) {
      const { kinds, columns } = known.get(model)!;
      return [...values].every(([field, value]) => value === null || holdsAll(kinds.get(field)!, value, () => plain(kinds.get(field)!, value, columns.get(field)!)));
    },
    transaction: (work) => dataSource.transaction((manager) => work(sessionOf(manager, (name) => known.get(name)!))),
  };
}

function sessionOf(manager: EntityManager, modelOf: (name: string) => Model): RecordSession {
  const connection: Promise<unknown> = manager.queryRunner!.connect();
  const found = async (model: Model, key: RecordValues): Promise<ObjectLiteral> => {
    return await manager.findOneOrFail<ObjectLiteral>(model.entity.target, { where: assigned(model, key, {}), withDeleted: true, loadEagerRelations: false });
  };
  return {
    query: async (statement) => await pgQuery(await connection, statement),
    async insert(name, records) {
      const model = modelOf(name);
      const { target, columns } = model.entity;
      // All of them by name: else TypeORM leaves a numbered key to the database.
      const named = columns.filter((column) => column.isInsert && !column.isVirtualProperty && column.generatedType === undefined);
      const entities = records.map((values) => assigned<ObjectLiteral>(model, values, manager.create(target)));
      await manager.createQueryBuilder().insert().into(target, named.map((column) => column.propertyPath)).values(entities).updateEntity(false).execute();
    },
    async update(name, key, changes) {
      const model = modelOf(name);
      await manager.save(model.entity.target, assigned(model, changes, await found(model, key)), { reload: false });
    },
    async delete(name, key) {
      const model = modelOf(name);
      await manager.remove(model.entity.target, await found(model, key));
    },
  };
}

function assigned<Entity extends object>({ kinds, columns }: Model, values: RecordValues, entity: Entity): Entity {
  for (const [field, value] of values) {
    const column = columns.get(field)!;
    const relation = column.isVirtual ? column.relationMetadata : undefined;
    if (relation && (value === null || !relation.getEntityValue(entity))) relation.setEntityValue(entity, value === null ? null : {});
    if (value !== null) column.setEntityValue(entity, plain(kinds.get(field)!, value, column));
    else if (!relation) column.setEntityValue(entity, null);
  }
  return entity;
}

/** A value as the application has it. */
function plain(kind: Kind, value: string, column: ColumnMetadata): unknown {
  const decoded = decode(kind, value);
  if (kind.type === "instant" || kind.type === "local") return new Date(value);
  return column.transformer ? decoded : driversForm(kind, decoded, "postgres");
}

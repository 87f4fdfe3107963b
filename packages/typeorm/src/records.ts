import { decode } from "@sync/core";
import type { Kind } from "@sync/core";
import { driversForm, pgQuery, wholly } from "@sync/sql";
import type { LibraryModel, RecordData, RecordSession, RecordWriter } from "@sync/sql";
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
    form(model, field) {
      const { kinds, columns } = known.get(model)!;
      const form = formOf(kinds.get(field)!, columns.get(field)!);
      return (value) => (value === null ? null : form(value));
    },
    transaction: (work) => dataSource.transaction((manager) => work(sessionOf(manager, (name) => known.get(name)!))),
  };
}

function sessionOf(manager: EntityManager, modelOf: (name: string) => Model): RecordSession {
  const connection: Promise<unknown> = manager.queryRunner!.connect();
  const found = async (model: Model, key: RecordData): Promise<ObjectLiteral> => {
    return await manager.findOneOrFail<ObjectLiteral>(model.entity.target, { where: assigned(model, key, {}), withDeleted: true, loadEagerRelations: false });
  };
  return {
    query: async (statement) => await pgQuery(await connection, statement),
    async insert(name, records) {
      const model = modelOf(name);
      const { target, columns } = model.entity;
      // All of them by name: else TypeORM leaves a numbered key to the database.
      const named = columns.filter((column) => column.isInsert && !column.isVirtualProperty && column.generatedType === undefined);
      const entities = records.map((data) => assigned<ObjectLiteral>(model, data, manager.create(target)));
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

function assigned<Entity extends object>({ columns }: Model, data: RecordData, entity: Entity): Entity {
  for (const [field, value] of Object.entries(data)) {
    const column = columns.get(field)!;
    const relation = column.isVirtual ? column.relationMetadata : undefined;
    if (relation && (value === null || !relation.getEntityValue(entity))) relation.setEntityValue(entity, value === null ? null : {});
    if (value !== null || !relation) column.setEntityValue(entity, value);
  }
  return entity;
}

/** A value as the application has it. */
function formOf(kind: Kind, { transformer }: ColumnMetadata): (value: string) => unknown {
  if (kind.type === "instant" || kind.type === "local") return wholly(kind, (value) => new Date(value));
  return wholly(kind, transformer ? (value) => decode(kind, value) : (value) => driversForm(kind, decode(kind, value), "postgres"));
}

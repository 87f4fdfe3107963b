import { FlushMode } from "@mikro-orm/core";
import type { EntityMetadata, EntityProperty, MikroORM } from "@mikro-orm/core";
import { decode } from "@sync/core";
import type { Kind } from "@sync/core";
import { holdsAll, isWellFormed, kyselyQuery, patiently } from "@sync/sql";
import type { KyselyLike, LibraryModel, RecordSession, RecordValues, RecordWriter } from "@sync/sql";
import { columnsOf } from "./columns.ts";
import type { EntityColumn } from "./columns.ts";
import { mapError } from "./errors.ts";
import { ownType } from "./values.ts";

interface Model {
  readonly entity: EntityMetadata;
  readonly fields: ReadonlyMap<string, EntityColumn & { readonly kind: Kind }>;
}

type Manager = MikroORM["em"];

/** Records as an application writes them: entities are created or loaded, changed and flushed, so that lifecycle hooks and subscribers run. */
export function recordWriter(orm: MikroORM, models: readonly LibraryModel[], patience: number): RecordWriter {
  const entities = new Map([...orm.getMetadata().getAll().values()].map((entity) => [entity.className, entity]));
  const known = new Map(models.flatMap(({ model: { name, fields } }) => {
    const entity = entities.get(name)!;
    const columns = new Map(columnsOf(entity).map((column) => [column.field, column]));
    const isAlone = [...columns.values()].every(({ field, owner }) => field === owner.name);
    if (entity.pivotTable || entity.readonly || !isAlone) return [];
    return [[name, { entity, fields: new Map(fields.map(({ name: field, kind }) => [field, { ...columns.get(field)!, kind }])) }] satisfies [string, Model]];
  }));
  return {
    fillsIn: true,
    mapError,
    writes: (model) => known.has(model),
    carries(name, values) {
      const { entity, fields } = known.get(name)!;
      // An entity that is changed has to have the version that its row has.
      if (values.has(entity.versionProperty) && !values.has(entity.primaryKeys[0]!)) return false;
      return [...values].every(([field, value]) => {
        const { kind, nullable, property } = fields.get(field)!;
        return value === null ? nullable : holdsAll(kind, value, () => safely(plain(kind, value, property)));
      });
    },
    transaction: (work) => patiently(patience, async (begun) => {
      const em = orm.em.fork({ disableContextResolution: true, disableTransactions: false, flushMode: FlushMode.COMMIT });
      return await em.transactional(async (own) => {
        begun();
        return await work(sessionOf(own, (name) => known.get(name)!));
      });
    }),
  };
}

function sessionOf(em: Manager, modelOf: (name: string) => Model): RecordSession {
  async function flush(): Promise<void> {
    await em.flush();
    // What comes next is loaded as it is then.
    em.clear();
  }
  const options = { filters: false, populate: false, cache: false } as const;
  /** One that was loaded is found without a query. */
  const found = async ({ entity, fields }: Model, key: RecordValues): Promise<object> => await em.findOneOrFail(entity.class, dataOf(fields, key), options);
  return {
    query: async (statement) => await kyselyQuery(em.getTransactionContext<KyselyLike>()!, statement),
    async insert(name, records) {
      const { entity, fields } = modelOf(name);
      for (const values of records) em.create(entity.class, dataOf(fields, values), { persist: true, partial: true });
      await flush();
    },
    async update(name, key, changes) {
      const model = modelOf(name);
      em.assign(await found(model, key), dataOf(model.fields, changes), { updateNestedEntities: false, mergeObjectProperties: false });
    },
    delete: async (name, key) => void em.remove(await found(modelOf(name), key)),
    async load(model, keys) {
      const { entity, fields } = modelOf(model);
      const all = keys.map((key) => dataOf(fields, key));
      const [name, more] = entity.primaryKeys;
      await em.find(entity.class, name === undefined || more !== undefined ? { $or: all } : { [name]: { $in: all.map((key) => key[name]) } }, options);
    },
    flush,
  };
}

/** MikroORM writes values into the text of its statements, where these would be something else. */
function safely(value: unknown): unknown {
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0) ? value : null;
  if (typeof value === "string") return isWellFormed(value) && !value.includes("\0") ? value : null;
  return Array.isArray(value) && value.some((item) => item !== null && safely(item) === null) ? null : value;
}

/** As an application gives it: a relation by the key of the other entity. */
function dataOf(fields: Model["fields"], values: RecordValues): Readonly<Record<string, unknown>> {
  return Object.fromEntries([...values].map(([field, value]) => {
    const { kind, property } = fields.get(field)!;
    return [field, value === null ? null : plain(kind, value, property)];
  }));
}

/** A value as the application has it. */
function plain(kind: Kind, value: string, property: EntityProperty): unknown {
  const { runtimeType } = property;
  if (kind.type === "instant" && (ownType(property) !== undefined || runtimeType.startsWith("Date"))) return new Date(value);
  const decoded = decode(kind, value);
  if (ownType(property) !== undefined) return decoded;
  if (runtimeType === "Buffer") return Buffer.from(decoded as Uint8Array);
  if (kind.type !== "integer" && kind.type !== "decimal") return decoded;
  if (runtimeType === "number") return Number(value);
  return runtimeType === "bigint" ? BigInt(value) : value;
}

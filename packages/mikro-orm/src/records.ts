import { setImmediate } from "node:timers/promises";
import { EventType, FlushMode } from "@mikro-orm/core";
import type { EntityMetadata, EntityProperty, MikroORM } from "@mikro-orm/core";
import { decode } from "@sync/core";
import type { Kind } from "@sync/core";
import { isWellFormed, kyselyQuery, patiently, wholly } from "@sync/sql";
import type { KyselyLike, LibraryModel, RecordData, RecordSession, RecordWriter } from "@sync/sql";
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
    form(name, field) {
      const { kind, nullable, property } = known.get(name)!.fields.get(field)!;
      const form = formOf(kind, property);
      return (value) => (value !== null ? form(value) : nullable ? null : undefined);
    },
    // An entity that is changed has to have the version that its row has.
    carries(name, data) {
      const { versionProperty, primaryKeys: [key = ""] } = known.get(name)!.entity;
      return !(versionProperty in data) || key in data;
    },
    transaction: (work) => patiently(patience, async (begun) => {
      const em = orm.em.fork({ disableContextResolution: true, disableTransactions: false, flushMode: FlushMode.COMMIT });
      return await em.transactional(async (own) => {
        begun();
        return await work(sessionOf(own, (name) => known.get(name)!, ({ entity }) => isHeard(orm.em, entity)));
      });
    }),
  };
}

function sessionOf(em: Manager, modelOf: (name: string) => Model, isHeardOf: (model: Model) => boolean): RecordSession {
  async function flush(): Promise<void> {
    await em.flush();
    // What comes next is loaded as it is then.
    em.clear();
  }
  const options = { filters: false, populate: false, cache: false } as const;
  /** One that was loaded is found without a query. */
  const found = async ({ entity }: Model, key: RecordData): Promise<object> => await em.findOneOrFail(entity.class, key, options);
  return {
    query: async (statement) => await kyselyQuery(em.getTransactionContext<KyselyLike>()!, statement),
    async insert(name, records) {
      const model = modelOf(name);
      const heard = isHeardOf(model);
      const created = (some: readonly RecordData[]): object[] => some.map((data) => em.create(model.entity.class, data, { persist: heard, partial: true }));
      if (heard) created(records);
      else await inTurns(records, created, (entities) => em.insertMany(entities));
      await flush();
    },
    async update(name, key, changes) {
      em.assign(await found(modelOf(name), key), changes, { updateNestedEntities: false, mergeObjectProperties: false });
    },
    delete: async (name, key) => void em.remove(await found(modelOf(name), key)),
    async load(model, keys) {
      const { entity } = modelOf(model);
      const [name, more] = entity.primaryKeys;
      await em.find(entity.class, name === undefined || more !== undefined ? { $or: keys } : { [name]: { $in: keys.map((key) => key[name]) } }, options);
    },
    flush,
  };
}

const PORTION = 250;

/** The next ones are made while the database writes those before. */
async function inTurns<Made>(records: readonly RecordData[], make: (some: readonly RecordData[]) => Made, write: (made: Made) => Promise<unknown>): Promise<void> {
  let before: Promise<unknown> = Promise.resolve();
  for (let at = 0; at < records.length; at += PORTION) {
    const made = make(records.slice(at, at + PORTION));
    await before;
    before = write(made);
    // It is on its way only after a turn. What becomes of it is looked at where it is waited for.
    await Promise.race([setImmediate(), before.catch(() => undefined)]);
  }
  await before;
}

const ofRecord = [EventType.beforeCreate, EventType.afterCreate];
const ofFlush: readonly string[] = [EventType.beforeFlush, EventType.onFlush, EventType.afterFlush];

/** Whether a hook or subscriber hears of new records. Where none does, they need not go through the unit of work. */
function isHeard(em: Manager, entity: EntityMetadata): boolean {
  const events = em.getEventManager();
  return ofRecord.some((event) => events.hasListeners(event, entity)) || [...events.getSubscribers()].some((each) => ofFlush.some((event) => event in each));
}

/** MikroORM writes values into the text of its statements, where these would be something else. */
function safely(value: unknown): unknown {
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0) ? value : null;
  if (typeof value === "string") return isWellFormed(value) && !value.includes("\0") ? value : null;
  return Array.isArray(value) && value.some((item) => item !== null && safely(item) === null) ? null : value;
}

/** A value as the application has it; a relation by the key of the other entity. */
function formOf(kind: Kind, property: EntityProperty): (value: string) => unknown {
  const { runtimeType } = property;
  const isOwn = ownType(property) !== undefined;
  if (kind.type === "instant" && (isOwn || runtimeType.startsWith("Date"))) return wholly(kind, (value) => new Date(value), safely);
  if (isOwn) return wholly(kind, (value) => decode(kind, value), safely);
  if (runtimeType === "Buffer") return wholly(kind, (value) => Buffer.from(decode(kind, value) as Uint8Array), safely);
  if (kind.type !== "integer" && kind.type !== "decimal") return wholly(kind, (value) => decode(kind, value), safely);
  if (runtimeType === "number") return wholly(kind, Number, safely);
  return wholly(kind, runtimeType === "bigint" ? BigInt : (value) => value, safely);
}

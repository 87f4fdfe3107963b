import { DbNull } from "@prisma/client/runtime/client";
import { decode, type Field, type Kind, SyncError } from "@sync/core";
import { type LibraryModel, type RecordData, type RecordSession, type RecordWriter, allWithin, wholly } from "@sync/sql";
import { isHeard, type PrismaClientLike, withoutExtensions } from "./client.ts";
import type { DmmfModel } from "./dmmf.ts";
import { mapError } from "./errors.ts";
import { rowsOn } from "./executor.ts";

/** `client.user`: what extensions hook into. */
type Delegate = { readonly [Operation in "create" | "createMany" | "update" | "delete"]: (args: object) => PromiseLike<unknown> };

interface Model {
  /** Of the delegate, on a client and in its transactions. */
  readonly property: string;
  readonly fields: ReadonlyMap<string, Field>;
  /** What Prisma calls a key of several fields. */
  readonly key: string | undefined;
  /** An extension hears of each new record, so that it has to be created by itself. */
  readonly heard: boolean;
}

type Interactive = <T>(run: (transaction: PrismaClientLike) => Promise<T>, options: object) => Promise<T>;

/** An interactive transaction may take this long; Prisma's own five seconds are too short for a unit of slow hooks. */
const timeout = 600_000;

/** So many records are created at a time: while the database writes one, Prisma prepares the next. */
const together = 16;

/** Records as an application writes them with its client, so that query extensions run. */
export function recordWriter(client: PrismaClientLike, schema: readonly DmmfModel[], models: readonly LibraryModel[], patience: number): RecordWriter {
  const known = new Map(models.flatMap(({ model: { name, fields, primaryKey } }): [string, Model][] => {
    const source = schema.find((each) => each.name === name);
    // A Date has no microseconds: it would not find such a key.
    const isFound = fields.every(({ name: field, kind }) => !primaryKey.includes(field) || !("digits" in kind) || kind.digits <= 3);
    if (!source || !isFound) return [];
    const property = name.charAt(0).toLowerCase() + name.slice(1);
    checkDelegate(client, name, property);
    const byName = new Map(fields.map((field) => [field.name, field]));
    return [[name, { property, fields: byName, key: keyNameOf(source, primaryKey), heard: isHeard(client, property, "create") }]];
  }));
  const interactive = client.$transaction.bind(client) as unknown as Interactive;
  return {
    fillsIn: true,
    mapError,
    writes: (model) => known.has(model),
    form(model, name) {
      const { kind, nullable } = known.get(model)!.fields.get(name)!;
      // Prisma itself refuses null where there has to be a value, and does not say so in a way to be told from others. To it, null in
      // a field of JSON is the null of JSON.
      const absent = !nullable ? undefined : kind.type === "json" ? DbNull : null;
      const form = wholly(kind, (value) => plain(kind, value), (given) => shown(kind, given));
      return (value) => (value === null ? absent : form(value));
    },
    transaction: (work) => interactive((transaction) => work(sessionOf(transaction, (model) => known.get(model)!, patience)), { maxWait: patience, timeout }),
  };
}

function checkDelegate(client: PrismaClientLike, model: string, property: string): void {
  const delegate = Reflect.get(client, property) as Partial<Delegate> | undefined;
  const missing = (["create", "update", "delete"] as const).find((operation) => typeof delegate?.[operation] !== "function");
  if (missing === undefined) return;
  const needed = `\`writes: "orm"\` needs \`client.${property}.${missing}\``;
  throw new SyncError("OPTIONS.WRONG_CLIENT", `${needed}, which this client has not: an extension hides it, or \`schema\` is of another client.`, { model });
}

function keyNameOf({ primaryKey, uniqueIndexes }: DmmfModel, fields: readonly string[]): string | undefined {
  const index = primaryKey ?? uniqueIndexes.find((each) => each.fields.join() === fields.join());
  return fields.length > 1 ? (index?.name ?? fields.join("_")) : undefined;
}

function sessionOf(transaction: PrismaClientLike, modelOf: (name: string) => Model, patience: number): RecordSession {
  const below = withoutExtensions(transaction);
  const delegateOf = ({ property }: Model): Delegate => Reflect.get(transaction, property) as Delegate;
  const where = (model: Model, key: RecordData): object => (model.key === undefined ? key : { [model.key]: key });
  // One that writes to the same row through a client of its own waits for this transaction, and this one for the extension.
  const soon = (...operations: readonly PromiseLike<unknown>[]): Promise<void> => allWithin(patience, "An extension", operations);
  return {
    query: (statement) => rowsOn(below, statement),
    async insert(name, records) {
      const model = modelOf(name);
      const delegate = delegateOf(model);
      if (!model.heard) return void (await delegate.createMany({ data: records }));
      for (let at = 0; at < records.length; at += together) {
        await soon(...records.slice(at, at + together).map((data) => delegate.create({ data })));
      }
    },
    async update(name, key, changes) {
      const model = modelOf(name);
      await soon(delegateOf(model).update({ where: where(model, key), data: changes }));
    },
    async delete(name, key) {
      const model = modelOf(name);
      await soon(delegateOf(model).delete({ where: where(model, key) }));
    },
  };
}

/** A time of day is a Date to Prisma. */
function shown(kind: Kind, given: unknown): unknown {
  if (kind.type === "list") return (given as unknown[]).map((item) => shown(kind.of, item));
  return kind.type === "time" ? (given as Date).toISOString().slice(11, -1) : given;
}

/** A value as the application has it. Throws where Prisma has no such value, such as a list with a null in it. */
function plain(kind: Kind, value: string | null): unknown {
  if (value === null) throw new TypeError("null in a list");
  switch (kind.type) {
    case "instant":
    case "date":
      return dateOf(value);
    case "time":
      return dateOf(`1970-01-01T${value}Z`);
    case "float":
      return numberOf(value);
    case "integer":
      return kind.bits === 64 ? BigInt(value) : Number(value);
    case "list":
      return (JSON.parse(value) as (string | null)[]).map((item) => plain(kind.of, item));
    default:
      return decode(kind, value);
  }
}

/** Prisma spells no other years so that PostgreSQL understands them. */
function dateOf(text: string): Date {
  const date = new Date(text);
  if (date.getUTCFullYear() > 0 && date.getUTCFullYear() < 10_000) return date;
  throw new RangeError("not in the years from 1 to 9999");
}

/** Of larger ones Prisma keeps 16 digits. */
function numberOf(text: string): number {
  if (Math.abs(Number(text)) <= Number.MAX_SAFE_INTEGER) return Number(text);
  throw new RangeError("too large to be exact");
}

import type { Committed, DocumentBatch, DocumentUnit, DocumentWrite, Outcome } from "@sync/core";
import { SyncError } from "@sync/core";
import type { mongo } from "mongoose";
import type { Client } from "./client.ts";
import type { Documents, Read } from "./endpoint.ts";
import { meaningOf, noTransactions } from "./errors.ts";
import type { Identities } from "./identities.ts";
import { hold, type Sides } from "./lease.ts";
import type { Stored } from "./models.ts";
import { changed } from "./patch.ts";
import { isCarried, throughMongoose, type Task } from "./records.ts";
import type { BsonObject, Codec } from "./values.ts";

type Operation = mongo.AnyBulkWriteOperation<BsonObject>;

export interface Context {
  readonly client: Client;
  readonly codec: Codec;
  readonly sides: Sides;
  readonly identities: Identities;
  readonly documents: ReadonlyMap<string, Documents>;
  /** Documents are written through Mongoose. */
  readonly byRecord: boolean;
}

/** Thrown inside a transaction to leave nothing of it. */
class AllStale extends Error {}

/**
 * Writes a unit: in one transaction where the server has them, else write by write, in order, each guarded by the document as it
 * was read.
 */
export async function commitDocuments(context: Context, unit: DocumentUnit): Promise<Committed> {
  const { client, documents } = context;
  for (const { model } of unit.batches) if (!documents.has(model)) throw new SyncError("ENDPOINT.UNKNOWN_MODEL", `${client.name} has no model ${model}`, { model });
  try {
    const transactions = await client.hasTransactions();
    if (!transactions && context.byRecord) throw noTransactions(client.name, true);
    const outcomes = transactions ? await inTransaction(context, unit) : await oneByOne(context, unit);
    return { committed: true, transaction: "", outcomes };
  } catch (error) {
    if (error instanceof AllStale) return { committed: true, transaction: "", outcomes: unit.batches.map(({ rows }) => rows.map(() => ({ status: "stale" }))) };
    const modelOf = (collection: string): string | undefined => [...documents.values()].find(({ stored }) => stored.collection === collection)?.stored.model.name;
    const means = meaningOf(error, { database: client.name, modelOf });
    if ("refusal" in means) return { committed: false, refusal: means.refusal };
    throw means.error;
  }
}

async function inTransaction(context: Context, unit: DocumentUnit): Promise<Outcome[][]> {
  const { documents } = context;
  const session = await context.client.session();
  try {
    // What another transaction is in the way of is tried again from the beginning, and so is a commit without an answer.
    return await session.withTransaction(async () => {
      const outcomes: Outcome[][] = [];
      const prepared: Prepared[] = [];
      for (const batch of unit.batches) prepared.push(await prepare(context, batch, session));
      if (unit.together && prepared.some(({ isStale }) => isStale.includes(true))) throw new AllStale();
      const written = prepared.flatMap(({ rows, isStale }) => rows.filter((_, row) => !isStale[row]));
      await context.identities.forget(written.flatMap(({ inner }) => inner), session);
      for (const each of prepared) await inBulk(each, ({ leave }) => leave, session);
      // What lets go of a unique value first is what it will be when all others have let go of theirs.
      for (const isLeaver of [false, true]) {
        for (const each of prepared) {
          if (context.byRecord) await throughModel(context, each, isLeaver, session);
          else await inBulk(each, ({ leave, write }) => ((leave !== undefined) === isLeaver ? write : undefined), session);
        }
      }
      for (const each of prepared) outcomes.push(await outcomesOf(each, context.byRecord ? session : undefined));
      const isNew = unit.batches.every(({ model, rows }) => documents.get(model)!.stored.makeKey && rows.every(({ op }) => op === "insert"));
      await context.identities.put(written.flatMap(({ inner }) => inner), session, isNew);
      // Last, since whoever is killed with an open transaction keeps what it wrote locked until the server gives it up.
      await hold(context.client, context.sides, unit.fence, unit.id, session);
      return outcomes;
    }, { readConcern: { level: "snapshot" }, writeConcern: { w: "majority" }, readPreference: "primary" });
  } finally {
    await session.endSession();
  }
}

async function inBulk({ documents, operations }: Pick<Prepared, "documents" | "operations">, chosen: (operations: Operations) => Operation | undefined, session: mongo.ClientSession): Promise<void> {
  const all = operations.flatMap((each) => chosen(each) ?? []);
  if (all.length > 0) await (await documents.collection()).bulkWrite(all, { session, ordered: true });
}

async function throughModel({ codec }: Context, prepared: Prepared, isLeaver: boolean, session: mongo.ClientSession): Promise<void> {
  const { documents, rows, found, isStale, operations } = prepared;
  const carried: Task[] = [];
  const others: Operations[] = [];
  for (const [at, row] of rows.entries()) {
    if (isStale[at] || (operations[at]!.leave !== undefined) !== isLeaver || (row.op === "patch" && operations[at]!.write === undefined)) continue;
    if (isCarried(codec, documents.stored, row, found[at])) carried.push({ row, read: found[at], id: documents.id(row.key) });
    else others.push(operations[at]!);
  }
  await throughMongoose(codec, documents.stored, carried, session);
  await inBulk({ documents, operations: others }, ({ write }) => write, session);
}

/** With a session: what hooks have made of the documents is read again. */
async function outcomesOf({ documents, rows, isStale }: Prepared, session?: mongo.ClientSession): Promise<Outcome[]> {
  const keys = rows.flatMap(({ op, key }, at) => (isStale[at] || op === "delete" ? [] : [key]));
  const read = new Map((session && keys.length > 0 ? await documents.byKeys(keys, session) : []).map((each) => [each.key, each]));
  return rows.map(({ key }, at): Outcome => {
    const now = read.get(key[0]!);
    if (isStale[at]) return { status: "stale" };
    return { status: "written", ...(now ? { after: { key, revision: now.revision, cloudId: null, values: [now.key, documents.toText(now.document)] } } : {}) };
  });
}

/** An insert's identity before its document: a run that was killed between them finds the key that was chosen. */
async function oneByOne(context: Context, unit: DocumentUnit): Promise<Outcome[][]> {
  await hold(context.client, context.sides, unit.fence, unit.id);
  const prepared: Prepared[] = [];
  for (const batch of unit.batches) prepared.push(await prepare(context, batch));
  if (unit.together && prepared.some(({ isStale }) => isStale.includes(true))) throw new AllStale();
  const outcomes: Outcome[][] = [];
  for (const [at, { documents, operations, isStale }] of prepared.entries()) {
    const collection = await documents.collection();
    const own: Outcome[] = [];
    for (const [row, write] of unit.batches[at]!.rows.entries()) {
      let stale = isStale[row]!;
      const operation = operations[row]!;
      if (!stale) {
        await context.identities.forget(write.inner, undefined);
        if (write.op === "insert") await context.identities.put(write.inner, undefined);
        if (operation.write) stale = !(await carriedOut(collection, operation.guarded ?? operation.write));
        if (!stale && write.op === "patch") await context.identities.put(write.inner, undefined);
      }
      own.push({ status: stale ? "stale" : "written" });
    }
    outcomes.push(own);
  }
  return outcomes;
}

async function carriedOut(collection: mongo.Collection<BsonObject>, operation: Operation): Promise<boolean> {
  const { matchedCount, deletedCount, insertedCount } = await collection.bulkWrite([operation]);
  return matchedCount + deletedCount + insertedCount > 0;
}

interface Prepared {
  readonly documents: Documents;
  readonly rows: readonly DocumentWrite[];
  /** The documents as they are now. */
  readonly found: readonly (Read | undefined)[];
  /** Whose revision has moved, or that is gone. */
  readonly isStale: readonly boolean[];
  readonly operations: readonly Operations[];
}

/** Without a write: only identities change. */
interface Operations {
  /** What goes before the write of any document, in a transaction. */
  readonly leave?: Operation;
  readonly write?: Operation;
  /** The same where no transaction watches over the document. */
  readonly guarded?: Operation;
}

async function prepare({ documents: all, codec, byRecord }: Context, batch: DocumentBatch, session?: mongo.ClientSession): Promise<Prepared> {
  const documents = all.get(batch.model)!;
  const keys = batch.rows.flatMap((row) => (row.op === "insert" ? [] : [row.key]));
  const read = new Map((keys.length === 0 ? [] : await documents.byKeys(keys, session)).map((each) => [each.key, each]));
  const found = batch.rows.map((row) => read.get(row.key[0]!));
  return {
    documents, rows: batch.rows, found,
    isStale: batch.rows.map((row, at) => row.op !== "insert" && found[at]?.revision !== row.revision),
    operations: batch.rows.map((row, at) => operationOf(codec, documents, row, found[at], byRecord)),
  };
}

function operationOf(codec: Codec, documents: Documents, row: DocumentWrite, read: Read | undefined, byRecord: boolean): Operations {
  const { stored } = documents;
  if (row.op === "insert") return { write: { insertOne: { document: fresh(codec, stored, row, documents.id(row.key)) } } };
  if (!read || read.revision !== row.revision) return {};
  const filter = { _id: read.document["_id"] } as mongo.Filter<BsonObject>;
  const guard = { ...filter, $expr: { $eq: ["$$ROOT", { $literal: codec.read(read.bytes) }] } } as mongo.Filter<BsonObject>;
  if (row.op === "delete") return { write: { deleteOne: { filter } }, guarded: { deleteOne: { filter: guard } } };
  if (row.patches.length === 0) return {};
  const to = (change: ReturnType<typeof changed>, one: typeof filter): Operation =>
    ("whole" in change ? { replaceOne: { filter: one, replacement: change.whole } } : { updateOne: { filter: one, update: change.update } });
  // Mongoose counts versions by itself, from the one that it was given.
  const { shape, stamps } = stored;
  const leave = row.first ? { leave: to(changed(codec, byRecord ? { shape, stamps } : stored, { patches: row.first }, codec.read(read.bytes)), filter) } : {};
  const change = changed(codec, stored, row, read.document, row.first);
  return { ...leave, write: to(change, filter), guarded: to(change, guard) };
}

/** With what Mongoose gives every new document. */
function fresh(codec: Codec, { shape, versionKey, stamps }: Stored, { whole }: DocumentWrite & { readonly op: "insert" }, _id: unknown): BsonObject {
  const document: BsonObject = { _id, ...(codec.fromText(whole, shape) as BsonObject) };
  const now = new Date();
  for (const stamp of [stamps.createdAt, stamps.updatedAt]) if (stamp !== undefined && document[stamp] === undefined) document[stamp] = now;
  if (versionKey !== undefined && document[versionKey] === undefined) document[versionKey] = 0;
  return document;
}

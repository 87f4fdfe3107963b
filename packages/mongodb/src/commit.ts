import { isDeepStrictEqual } from "node:util";
import type { Committed, DocumentUnit, Outcome } from "@sync/core";
import { SyncError } from "@sync/core";
import type { Client } from "./client.ts";
import type { Codec } from "./codec.ts";
import type { Documents } from "./documents.ts";
import type { BsonObject, Session } from "./driver.ts";
import { meaningOf, noTransactions } from "./errors.ts";
import type { Identities } from "./identities.ts";
import { hold, type Sides } from "./lease.ts";
import { prepare, type Prepared } from "./operations.ts";
import { throughLibrary, type RecordWriter } from "./records.ts";

export interface Context {
  readonly client: Client;
  readonly codec: Codec;
  readonly sides: Sides;
  readonly identities: Identities;
  readonly documents: ReadonlyMap<string, Documents>;
  /** Documents are written through the library's models. */
  readonly records?: RecordWriter;
}

/** Thrown inside a transaction to leave nothing of it. */
class AllStale extends Error {}

/**
 * Writes a unit: in one transaction where the server has them, else write by write, in order, each guarded by the document as it
 * was read.
 */
export async function commitDocuments(context: Context, unit: DocumentUnit): Promise<Committed> {
  const { client, documents, records } = context;
  for (const { model } of unit.batches) {
    if (!documents.has(model)) throw new SyncError("ENDPOINT.UNKNOWN_MODEL", `${client.name} has no model ${model}`, { model });
  }
  try {
    const transactions = await client.hasTransactions();
    if (!transactions && records) throw noTransactions(client.name, true);
    const outcomes = transactions ? await inTransaction(context, unit) : await oneByOne(context, unit);
    return { committed: true, transaction: "", outcomes };
  } catch (error) {
    if (error instanceof AllStale) return { committed: true, transaction: "", outcomes: unit.batches.map(({ rows }) => rows.map(() => STALE)) };
    const modelOf = (collection: string): string | undefined => [...documents.values()].find(({ stored }) => stored.collection === collection)?.stored.name;
    const means = meaningOf(error, { database: client.name, modelOf });
    if ("refusal" in means) return { committed: false, refusal: means.refusal };
    throw means.error;
  }
}

const STALE: Outcome = { status: "stale" };
const WRITTEN: Outcome = { status: "written" };

/** All batches, read before any of them is written. */
async function prepared({ codec, documents, records }: Context, unit: DocumentUnit, session?: Session): Promise<Prepared[]> {
  const all: Prepared[] = [];
  // A library counts versions by itself, from the one that it was given.
  for (const batch of unit.batches) all.push(await prepare(codec, documents.get(batch.model)!, batch, records === undefined, session));
  if (unit.together && all.some(({ writes }) => writes.some(({ isStale }) => isStale))) throw new AllStale();
  return all;
}

async function inTransaction(context: Context, unit: DocumentUnit): Promise<Outcome[][]> {
  const { client, identities, documents, sides, records } = context;
  return await client.transaction(async (session) => {
    const all = await prepared(context, unit, session);
    const inner = all.flatMap(({ writes }) => writes.flatMap(({ row, isStale }) => (isStale ? [] : row.inner)));
    await identities.forget(inner, { session });
    for (const each of all) await inBulk(each.documents, each.writes.map(({ leave }) => leave), session);
    // What lets go of a unique value first is what it will be when all others have let go of theirs.
    for (const isLeaver of [false, true]) {
      for (const each of all) {
        const now = each.writes.filter(({ isStale, leave }) => !isStale && (leave !== undefined) === isLeaver);
        const rest = records ? await throughLibrary(records, context.codec, each.documents, now, session) : now;
        await inBulk(each.documents, rest.map(({ write }) => write), session);
      }
    }
    const outcomes: Outcome[][] = [];
    for (const each of all) outcomes.push(records ? await outcomesOf(each, session) : each.writes.map(({ isStale }) => (isStale ? STALE : WRITTEN)));
    const isNew = unit.batches.every(({ model, rows }) => documents.get(model)!.makesKeys && rows.every(({ op }) => op === "insert"));
    await identities.put(inner, { session }, isNew);
    // Last, since whoever is killed with an open transaction keeps what it wrote locked until the server gives it up.
    await hold(client, sides, unit.fence, unit.id, { session });
    return outcomes;
  }, { readConcern: { level: "snapshot" } });
}

async function inBulk(documents: Documents, operations: readonly (object | undefined)[], session: Session): Promise<void> {
  const all = operations.filter((each) => each !== undefined);
  if (all.length > 0) await (await documents.collection()).bulkWrite(all, { session, ordered: true });
}

/** What hooks have made of the documents is read again; of a new one that is what was sent there is nothing more to say. */
async function outcomesOf({ documents, writes }: Prepared, session: Session): Promise<Outcome[]> {
  const keys = writes.flatMap(({ row, isStale }) => (isStale || row.op === "delete" ? [] : [row.key]));
  const found = new Map((keys.length > 0 ? await documents.byKeys(keys, session) : []).map((each) => [each.key, each]));
  return writes.map(({ row: { key }, isStale, sent }): Outcome => {
    const now = found.get(key[0]!);
    if (isStale || !now) return isStale ? STALE : WRITTEN;
    if (sent && isAsSent(now.document, sent(), documents.stored.versionKey)) return WRITTEN;
    return { status: "written", after: { key, revision: now.revision, cloudId: null, values: [now.key, documents.toText(now.document)] } };
  });
}

/** In whatever order; a library counts versions by itself. */
function isAsSent(document: BsonObject, sent: BsonObject, versionKey: string | undefined): boolean {
  const names = Object.keys(document).filter((name) => name !== versionKey);
  return names.length === Object.keys(sent).length && names.every((name) => isDeepStrictEqual(document[name], sent[name]));
}

/** An insert's identity before its document: a run that was killed between them finds the key that was chosen. */
async function oneByOne(context: Context, unit: DocumentUnit): Promise<Outcome[][]> {
  const { client, identities, sides } = context;
  await hold(client, sides, unit.fence, unit.id, {});
  const outcomes: Outcome[][] = [];
  for (const { documents, writes } of await prepared(context, unit)) {
    const own: Outcome[] = [];
    for (const { row, isStale, write } of writes) {
      if (!isStale) {
        await identities.forget(row.inner, {});
        if (row.op === "insert") await identities.put(row.inner, {});
      }
      const isWritten = !isStale && (!write || (await carriedOut(documents, write)));
      if (isWritten && row.op === "patch") await identities.put(row.inner, {});
      own.push(isWritten ? WRITTEN : STALE);
    }
    outcomes.push(own);
  }
  return outcomes;
}

async function carriedOut(documents: Documents, operation: object): Promise<boolean> {
  const { matchedCount, deletedCount, insertedCount } = await (await documents.collection()).bulkWrite([operation]);
  return matchedCount + deletedCount + insertedCount > 0;
}

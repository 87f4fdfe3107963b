import { randomUUID } from "node:crypto";
import { SyncError } from "@sync/core";
import type { Claim, ClaimRequest, Encounter, KnownPair } from "@sync/core";
import type { Client } from "./client.ts";
import type { Collection, Db, Hello, Within } from "./driver.ts";

/** The layout of our collections. A database that says more was written by a newer version of this package. */
export const SIDE_VERSION = 1;
const ID = "lease";

/** Our own collections, beside the user's. */
export interface Sides {
  readonly database: string;
  readonly identity: string;
  readonly base: string;
  readonly record: string;
  readonly state: string;
}

export function sidesOf(prefix = "sync_"): Sides {
  const name = (word: string): string => prefix + word;
  return { database: name("database"), identity: name("identity"), base: name("base"), record: name("record"), state: name("state") };
}

interface Lease {
  readonly _id: string;
  readonly id: string;
  readonly version: number;
  readonly runs: number;
  readonly fence: number;
  readonly runner: string | null;
  readonly holder: string | null;
  readonly since: Date | null;
  readonly expires: Date | null;
  readonly met: readonly (Encounter & { readonly pair: string })[];
  readonly pairs: readonly KnownPair[];
}

export async function claim(client: Client, sides: Sides, request: ClaimRequest): Promise<Claim> {
  if (!(request.seconds > 0)) throw new SyncError("OPTIONS.INVALID", "a lease lasts more than 0 seconds");
  const db = await client.db();
  const leases = await client.collection<Lease>(sides.database);
  const hello = await db.command({ hello: 1 });
  const now = hello.localTime!;
  let taken = await take(leases, request, now);
  if (!taken && !(await leases.findOne({ _id: ID }))) {
    await install(client, sides);
    taken = await take(leases, request, now);
  }
  if (!taken) {
    const held = await leases.findOne({ _id: ID });
    throw held && held.version > SIDE_VERSION ? newerVersion(held.version) : leaseHeld(held);
  }
  const { met, pairs } = await acquaint(leases, taken, request);
  const ofPair = met.filter(({ pair }) => pair === request.pair).map(({ side, other }) => ({ side, other }));
  return {
    databaseId: taken.id, serverIdentity: await identityOf(db, sides, hello), runCounter: taken.runs, fence: taken.fence,
    ...(request.pair === undefined ? {} : { met: ofPair, pairs }),
  };
}

/** Its own lease is renewed, one that is free or over is taken. `now` is the server's clock. */
async function take(leases: Collection<Lease>, { runner, holder, seconds, takeOver }: ClaimRequest, now: Date): Promise<Lease | null> {
  const wanted = { _id: ID, version: { $lte: SIDE_VERSION } };
  const options = { returnDocument: "after", writeConcern: { w: "majority" } } as const;
  const expires = new Date(now.getTime() + Math.ceil(seconds * 1000));
  const renewed = await leases.findOneAndUpdate({ ...wanted, runner }, { $set: { holder, expires } }, options);
  if (renewed) return renewed;
  const free = takeOver === true ? { runner: { $ne: runner } } : { $or: [{ runner: null }, { runner: { $ne: runner }, expires: { $lte: now } }] };
  return await leases.findOneAndUpdate({ ...wanted, ...free }, { $set: { runner, holder, since: now, expires }, $inc: { fence: 1 } }, options);
}

/** What we keep makes sense only as a whole: indexes first, the lease last. */
async function install(client: Client, sides: Sides): Promise<void> {
  await (await client.collection(sides.identity)).createIndex({ m: 1, c: 1 }, { unique: true });
  const nobody = { runner: null, holder: null, since: null, expires: null };
  const fresh: Omit<Lease, "_id"> = { id: randomUUID(), version: SIDE_VERSION, runs: 0, fence: 0, ...nobody, met: [], pairs: [] };
  await (await client.collection(sides.database)).updateOne({ _id: ID }, { $setOnInsert: fresh }, { upsert: true, writeConcern: { w: "majority" } });
}

/** Whoever holds the lease is the only one who notes anything. */
async function acquaint(leases: Collection<Lease>, lease: Lease, { pair, meets, pairs = [] }: ClaimRequest): Promise<Pick<Lease, "met" | "pairs">> {
  const isKnown = lease.met.some((each) => each.pair === pair && each.side === meets?.side && each.other === meets.other);
  const isNew = meets !== undefined && pair !== undefined && !isKnown;
  const met = isNew ? [...lease.met, { pair, side: meets.side, other: meets.other }] : lease.met;
  const same = (a: KnownPair, b: KnownPair): boolean => a.name === b.name && a.left === b.left && a.right === b.right;
  const later = pairs.filter((each) => !lease.pairs.some((known) => same(known, each) && known.times >= each.times));
  const others = lease.pairs.filter((known) => !later.some((each) => same(known, each)));
  const all = [...others, ...later.map(({ name, left, right, times }) => ({ name, left, right, times }))];
  const mine = { _id: ID, fence: lease.fence, runner: lease.runner };
  if (isNew || later.length > 0) await leases.updateOne(mine, { $set: { met, pairs: all } }, { writeConcern: { w: "majority" } });
  return { met, pairs: all };
}

export async function release(client: Client, sides: Sides, fence: number, wrote: boolean): Promise<boolean> {
  const leases = await client.collection<Lease>(sides.database);
  const { matchedCount } = await leases.updateOne(
    { _id: ID, fence, runner: { $ne: null } },
    { $set: { runner: null, holder: null, since: null, expires: null }, $inc: { runs: wrote ? 1 : 0 } },
    { writeConcern: { w: "majority" } },
  );
  return matchedCount > 0;
}

/**
 * In every unit. It has to be a write: whoever only reads the lease in a transaction commits although it was taken over
 * meanwhile.
 */
export async function hold(client: Client, sides: Sides, fence: number, unit: string, within: Within): Promise<void> {
  const leases = await client.collection<Lease>(sides.database);
  const { matchedCount } = await leases.updateOne({ _id: ID, fence, runner: { $ne: null } }, { $set: { unit } }, within);
  if (matchedCount === 0) throw leaseLost(client.name);
}

/** What a copy does not bring: the set's name, and the collection's own id, which every collection gets when it is made. */
async function identityOf(db: Db, sides: Sides, { setName, me }: Hello): Promise<string> {
  const [info] = await db.listCollections({ name: sides.database }).toArray();
  const uuid = info?.info?.uuid;
  return [setName ?? me ?? "standalone", db.databaseName, ...(uuid ? [uuid.toString()] : [])].join(" ");
}

function leaseHeld(held: Lease | null): SyncError {
  const who = held?.holder ?? "another runner";
  const when = held?.since ? ` since ${held.since.toISOString()}` : "";
  return new SyncError("LEASE.HELD", `this database is being synced by ${who}${when}; wait until that run ends, or take over if it is known to be dead`);
}

export function leaseLost(database: string, cause?: unknown): SyncError {
  return new SyncError("LEASE.LOST", `${database}: another runner has taken the lease; nothing of this was written`, { database, cause });
}

export function newerVersion(version: number): SyncError {
  const message = `the sync's collections have version ${version}, this package knows up to ${SIDE_VERSION}; upgrade before running again`;
  return new SyncError("STATE.NEWER_VERSION", message);
}

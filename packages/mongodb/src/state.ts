import type { Base, Collection, Fences, ReadRequest, StateChange, StateRecords, StateStore } from "@sync/core";
import type { Client } from "./client.ts";
import type { Collection as Stored, Within } from "./driver.ts";
import { leaseLost, newerVersion, SIDE_VERSION, type Sides } from "./lease.ts";
import { portions, putAll } from "./portions.ts";

/** `_id` is pair, model and cloudId as JSON. */
interface BaseDocument {
  readonly _id: string;
  readonly p: string;
  readonly m: string;
  readonly c: string;
  readonly h: string;
  readonly r?: string;
  readonly v?: readonly (string | null)[];
}

/** `_id` is pair, collection and id as JSON; `i` the id by itself, for the order. */
interface RecordDocument {
  readonly _id: string;
  readonly p: string;
  readonly k: string;
  readonly i: string;
  readonly m: string | null;
  readonly body: string;
}

/** Per pair; the one called `version` says what layout this is. */
interface StateDocument {
  readonly _id: string;
  readonly version?: number;
  readonly left?: number;
  readonly right?: number;
}

const VERSION_ID = "version";

const textOf = (...parts: readonly string[]): string => JSON.stringify(parts);

/** The memory of pairs in collections of this database. */
export class MongoState implements StateStore {
  readonly name: string;
  readonly #client: Client;
  readonly #sides: Sides;
  /** Counted once per scan, with its first page. */
  readonly #totals = new Map<string, number>();

  constructor(client: Client, sides: Sides) {
    this.name = client.name;
    this.#client = client;
    this.#sides = sides;
  }

  async open(): Promise<void> {
    await this.#client.guard(async () => {
      const states = await this.#states();
      const known = await states.findOne({ _id: VERSION_ID });
      if (known?.version !== undefined && known.version > SIDE_VERSION) throw newerVersion(known.version);
      if (known) return;
      await (await this.#bases()).createIndex({ p: 1, m: 1, c: 1 });
      await (await this.#records()).createIndex({ p: 1, k: 1, i: 1 });
      await states.updateOne({ _id: VERSION_ID }, { $setOnInsert: { version: SIDE_VERSION } }, { upsert: true });
    });
  }

  async bases(pair: string, model: string, cloudIds: readonly string[]): Promise<readonly Base[]> {
    return await this.#client.guard(async () => {
      const bases = await this.#bases();
      const found: Base[] = [];
      for (const some of portions(cloudIds)) {
        const ids = some.map((cloudId) => textOf(pair, model, cloudId));
        found.push(...(await bases.find({ _id: { $in: ids } }).toArray()).map(baseOf));
      }
      return found;
    });
  }

  async scanBases(pair: string, model: string, after: string | undefined, limit: number): Promise<{ readonly total: number; readonly bases: readonly Base[] }> {
    return await this.#client.guard(async () => {
      const bases = await this.#bases();
      const scan = textOf(pair, model);
      const total = (after === undefined ? undefined : this.#totals.get(scan)) ?? (await bases.countDocuments({ p: pair, m: model }));
      this.#totals.set(scan, total);
      const wanted = { p: pair, m: model, ...(after === undefined ? {} : { c: { $gt: after } }) };
      const found = await bases.find(wanted).sort({ p: 1, m: 1, c: 1 }).limit(limit).toArray();
      return { total, bases: found.map(baseOf) };
    });
  }

  async read<C extends Collection>(pair: string, request: ReadRequest & { readonly collection: C }): Promise<readonly StateRecords[C][]> {
    const { collection, model, after, ids, limit } = request;
    return await this.#client.guard(async () => {
      const records = await this.#records();
      const id = { ...(after === undefined ? {} : { $gt: after }), ...(ids === undefined ? {} : { $in: [...ids] }) };
      const wanted = { p: pair, k: collection as string, ...(Object.keys(id).length > 0 ? { i: id } : {}), ...(model === undefined ? {} : { m: model }) };
      const cursor = records.find(wanted).sort({ p: 1, k: 1, i: 1 });
      if (limit !== undefined) cursor.limit(limit);
      // A limit of 0 means none to the server.
      const found = limit === 0 ? [] : await cursor.toArray();
      return found.map(({ body }) => JSON.parse(body) as StateRecords[C]);
    });
  }

  async commit(pair: string, changes: readonly StateChange[], fences?: Fences): Promise<void> {
    await this.#client.guard(async () => {
      const all = async (within: Within): Promise<void> => {
        if (fences) await this.#fence(pair, fences, within);
        for (const change of changes) await this.#apply(pair, change, within);
      };
      if (await this.#client.hasTransactions()) await this.#client.transaction((session) => all({ session }));
      else await all({});
    });
  }

  async uninstall(): Promise<void> {
    await this.#client.guard(() => this.#client.drop([this.#sides.base, this.#sides.record, this.#sides.state]));
  }

  async close(): Promise<void> {}

  #bases(): Promise<Stored<BaseDocument>> {
    return this.#client.collection<BaseDocument>(this.#sides.base);
  }

  #records(): Promise<Stored<RecordDocument>> {
    return this.#client.collection<RecordDocument>(this.#sides.record);
  }

  #states(): Promise<Stored<StateDocument>> {
    return this.#client.collection<StateDocument>(this.#sides.state);
  }

  /** A write, as with the lease: transactions of two runners then stand in each other's way. */
  async #fence(pair: string, { left, right, anew }: Fences, within: Within): Promise<void> {
    const states = await this.#states();
    const _id = textOf("fences", pair);
    await states.updateOne({ _id }, { $setOnInsert: { left: 0, right: 0 } }, { ...within, upsert: true });
    const holds = anew === true ? {} : { left: { $lte: left }, right: { $lte: right } };
    const { matchedCount } = await states.updateOne({ _id, ...holds }, { $set: { left, right } }, within);
    if (matchedCount === 0) throw leaseLost(this.name);
  }

  async #apply(pair: string, change: StateChange, within: Within): Promise<void> {
    switch (change.op) {
      case "putBases": {
        const documents = change.bases.map((base): BaseDocument => ({
          _id: textOf(pair, base.model, base.cloudId), p: pair, m: base.model, c: base.cloudId, h: base.hashes,
          ...(base.rightHashes === undefined ? {} : { r: base.rightHashes }), ...(base.values === undefined ? {} : { v: base.values }),
        }));
        await putAll(await this.#bases(), documents, within);
        return;
      }
      case "removeBases":
        await (await this.#bases()).deleteMany({ _id: { $in: change.cloudIds.map((cloudId) => textOf(pair, change.model, cloudId)) } }, within);
        return;
      case "clearBases":
        await (await this.#bases()).deleteMany({ p: pair, m: change.model }, within);
        return;
      case "put": {
        const documents = change.records.map((record): RecordDocument => {
          const { id, model } = record as { id: string; model?: string };
          return { _id: textOf(pair, change.collection, id), p: pair, k: change.collection, i: id, m: model ?? null, body: JSON.stringify(record) };
        });
        await putAll(await this.#records(), documents, within);
        return;
      }
      case "remove":
        await (await this.#records()).deleteMany({ _id: { $in: change.ids.map((id) => textOf(pair, change.collection, id)) } }, within);
    }
  }
}

function baseOf({ m, c, h, r, v }: BaseDocument): Base {
  return { model: m, cloudId: c, hashes: h, ...(r === undefined ? {} : { rightHashes: r }), ...(v === undefined ? {} : { values: v }) };
}

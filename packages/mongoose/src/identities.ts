import type { InnerIdentity, Key } from "@sync/core";
import type { mongo } from "mongoose";

/** `_id` is model and key as JSON; `m` and `c` say model and cloudId for the unique index. */
interface Identity {
  readonly _id: string;
  readonly m: string;
  readonly c: string;
}

/** Values per look-up. */
const BATCH = 1000;

const idOf = (model: string, key: Key): string => JSON.stringify([model, ...key]);

/** Who has which cloudId, where documents have no path for it. */
export class Identities {
  readonly #collection: () => Promise<mongo.Collection<Identity>>;

  constructor(collection: () => Promise<mongo.Collection<Identity>>) {
    this.#collection = collection;
  }

  async find(model: string, by: "key" | "cloudId", tuples: readonly (readonly string[])[]): Promise<{ readonly key: Key; readonly cloudId: string }[]> {
    const collection = await this.#collection();
    const found: { key: Key; cloudId: string }[] = [];
    for (let from = 0; from < tuples.length; from += BATCH) {
      const part = tuples.slice(from, from + BATCH);
      const wanted = by === "key" ? { _id: { $in: part.map((key) => idOf(model, key)) } } : { m: model, c: { $in: part.map(([cloudId]) => cloudId!) } };
      for (const { _id, c } of await collection.find(wanted).toArray()) found.push({ key: (JSON.parse(_id) as string[]).slice(1), cloudId: c });
    }
    return found;
  }

  async forget(identities: readonly InnerIdentity[], session: mongo.ClientSession | undefined): Promise<void> {
    const gone = identities.flatMap(({ model, key, cloudId }) => (cloudId === null ? [idOf(model, key)] : []));
    if (gone.length > 0) await (await this.#collection()).deleteMany({ _id: { $in: gone } }, session ? { session } : {});
  }

  /** One key has one cloudId: a later one takes the place of the one before. `fresh`: of keys that nobody has had before. */
  async put(identities: readonly InnerIdentity[], session: mongo.ClientSession | undefined, fresh = false): Promise<void> {
    const given = identities.flatMap(({ model, key, cloudId }) => (cloudId === null ? [] : [{ _id: idOf(model, key), m: model, c: cloudId }]));
    if (given.length === 0) return;
    const collection = await this.#collection();
    const options = session ? { session } : {};
    const wanted = fresh ? [] : given.map(({ _id }) => _id);
    const found = wanted.length === 0 ? [] : await collection.find({ _id: { $in: wanted } }, { ...options, projection: { _id: 1 } }).toArray();
    const known = new Set(found.map(({ _id }) => _id));
    await collection.bulkWrite(
      given.map((each) => (known.has(each._id) ? { updateOne: { filter: { _id: each._id }, update: { $set: { c: each.c } } } } : { insertOne: { document: each } })),
      { ...options, ordered: true },
    );
  }
}

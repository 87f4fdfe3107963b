import type { Collection, Within } from "./driver.ts";

/** How many values go into one look-up. */
const SIZE = 1000;

export function* portions<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < all.length; from += SIZE) yield all.slice(from, from + SIZE);
}

interface Named {
  readonly _id: string;
}

/** Of one `_id` the last one counts. `fresh`: of `_id`s that nobody has had before. */
export async function putAll<T extends Named>(collection: Collection<T>, documents: readonly T[], within: Within, fresh = false): Promise<void> {
  const last = new Map(documents.map((document) => [document._id, document]));
  if (last.size === 0) return;
  const found = fresh ? [] : await collection.find({ _id: { $in: [...last.keys()] } }, { ...within, projection: { _id: 1 } }).toArray();
  const known = new Set(found.map(({ _id }) => _id));
  const all = [...last.values()];
  // What lets go of a unique value comes before what takes it.
  const replaced = all.filter(({ _id }) => known.has(_id)).map((document) => ({ replaceOne: { filter: { _id: document._id }, replacement: document } }));
  const inserted = all.filter(({ _id }) => !known.has(_id)).map((document) => ({ insertOne: { document } }));
  await collection.bulkWrite([...replaced, ...inserted], { ...within, ordered: true });
}

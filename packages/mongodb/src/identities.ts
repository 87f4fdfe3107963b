import type { InnerIdentity, Key } from "@sync/core";
import type { Client } from "./client.ts";
import type { Collection, Within } from "./driver.ts";
import { portions, putAll } from "./portions.ts";

/** `_id` is model and key as JSON; `m` and `c` say model and cloudId for the unique index. */
interface Identity {
  readonly _id: string;
  readonly m: string;
  readonly c: string;
}

const idOf = (model: string, key: Key): string => JSON.stringify([model, ...key]);

/** Who has which cloudId, where documents have no path for it. */
export class Identities {
  readonly #client: Client;
  readonly #name: string;

  constructor(client: Client, name: string) {
    this.#client = client;
    this.#name = name;
  }

  async find(model: string, by: "key" | "cloudId", tuples: readonly (readonly string[])[]): Promise<{ readonly key: Key; readonly cloudId: string }[]> {
    const collection = await this.#collection();
    const found: { key: Key; cloudId: string }[] = [];
    for (const some of portions(tuples)) {
      const wanted = by === "key" ? { _id: { $in: some.map((key) => idOf(model, key)) } } : { m: model, c: { $in: some.map(([cloudId]) => cloudId!) } };
      for (const { _id, c } of await collection.find(wanted).toArray()) found.push({ key: (JSON.parse(_id) as string[]).slice(1), cloudId: c });
    }
    return found;
  }

  async forget(identities: readonly InnerIdentity[], within: Within): Promise<void> {
    const gone = identities.flatMap(({ model, key, cloudId }) => (cloudId === null ? [idOf(model, key)] : []));
    if (gone.length > 0) await (await this.#collection()).deleteMany({ _id: { $in: gone } }, within);
  }

  /** One key has one cloudId: a later one takes the place of the one before. `fresh`: of keys that nobody has had before. */
  async put(identities: readonly InnerIdentity[], within: Within, fresh = false): Promise<void> {
    const given = identities.flatMap(({ model, key, cloudId }) => (cloudId === null ? [] : [{ _id: idOf(model, key), m: model, c: cloudId }]));
    await putAll(await this.#collection(), given, within, fresh);
  }

  #collection(): Promise<Collection<Identity>> {
    return this.#client.collection<Identity>(this.#name);
  }
}

import { hash } from "node:crypto";
import { SyncError } from "@sync/core";
import type { Key, KeyRange } from "@sync/core";
import type { Client } from "./client.ts";
import type { Codec } from "./codec.ts";
import { filterFor } from "./containing.ts";
import type { BsonObject, Collection, Session } from "./driver.ts";
import { Misfit } from "./json.ts";
import type { MongoModel } from "./model.ts";
import { portions } from "./portions.ts";
import { textOf, valueOf } from "./scalar.ts";

/** A document as it stands in its collection, with its revision: a hash of its own bytes. */
export interface Read {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly document: BsonObject;
  readonly revision: string;
}

const KEY_ALONE = { projection: { _id: 1 }, raw: true };

/** Reads the documents of one model. */
export class Documents {
  readonly stored: MongoModel;
  readonly #client: Client;
  readonly #codec: Codec;

  constructor(client: Client, codec: Codec, stored: MongoModel) {
    this.#client = client;
    this.#codec = codec;
    this.stored = stored;
  }

  /** With `raw` among the options it gives documents as bytes, which is how they are read here. */
  async collection(): Promise<Collection<Uint8Array>> {
    return await this.#client.collection<Uint8Array>(this.stored.collection);
  }

  /** Undefined: no document has such a key. */
  id(key: Key): unknown {
    try {
      return valueOf(this.#client.bson, key[0]!, this.stored.key);
    } catch (error) {
      if (error instanceof Misfit) return undefined;
      throw error;
    }
  }

  async byKeys(keys: readonly Key[], session?: Session): Promise<Read[]> {
    const ids = keys.map((key) => this.id(key)).filter((id) => id !== undefined);
    const found: Read[] = [];
    for (const some of portions(ids)) found.push(...(await this.#find({ _id: { $in: some } }, session)));
    return found;
  }

  async inRange({ after, upTo }: KeyRange, limit: number): Promise<Read[]> {
    const bounds = { ...(after ? { $gt: this.id(after) } : {}), ...(upTo ? { $lte: this.id(upTo) } : {}) };
    return await this.#find(after || upTo ? { _id: bounds } : {}, undefined, limit);
  }

  /** Keys of documents that contain one of these JSON texts. */
  async containing(texts: readonly string[]): Promise<Key[]> {
    const collection = await this.collection();
    const found = new Set<string>();
    for (const some of portions(texts)) {
      const filter = filterFor(this.#codec, this.stored.shape, some);
      const ids = filter ? await collection.find(filter, KEY_ALONE).toArray() : [];
      for (const bytes of ids) found.add(this.#keyOf(this.#codec.read(bytes))!);
    }
    return [...found].map((key) => [key]);
  }

  /** Documents whose `_id` is of another type than the model says; the two ends of the index tell. */
  async hasForeignKeys(): Promise<boolean> {
    const collection = await this.collection();
    const ends = await Promise.all(([1, -1] as const).map((direction) => collection.find({}, KEY_ALONE).sort({ _id: direction }).limit(1).toArray()));
    return ends.flat().some((bytes) => this.#keyOf(this.#codec.read(bytes)) === undefined);
  }

  async #find(filter: object, session?: Session, limit?: number): Promise<Read[]> {
    const cursor = (await this.collection()).find(filter, { raw: true, ...(session ? { session } : { readConcern: { level: "majority" } }) });
    if (limit !== undefined) cursor.sort({ _id: 1 }).limit(limit).batchSize(limit + 1);
    return (await cursor.toArray()).map((bytes) => {
      const document = this.#codec.read(bytes);
      const key = this.#keyOf(document);
      if (key === undefined) throw wrongKey(this.stored.name);
      return { key, bytes, document, revision: hash("sha1", bytes, "base64") };
    });
  }

  #keyOf(document: BsonObject): string | undefined {
    return textOf(document["_id"], this.stored.key);
  }

  /** Without what the library counts by itself: a record is no other one because something inside its document has changed. */
  toText(document: BsonObject): string {
    return this.#codec.object(document, (key) => this.stored.shape.members.get(key), false, ["_id", this.stored.versionKey]);
  }

  get makesKeys(): boolean {
    return this.stored.key === "objectId" || this.stored.makeKey !== undefined;
  }

  /** Keys of new documents. */
  allocate(count: number): Key[] {
    const { name, key, makeKey } = this.stored;
    const make = key === "objectId" ? (): unknown => new this.#client.bson.ObjectId() : makeKey;
    if (!make) throw new SyncError("ENDPOINT.NO_KEYS", `The keys of ${name} come with its records.`, { model: name });
    return Array.from({ length: count }, () => {
      const text = textOf(make(), key);
      if (text === undefined) throw new SyncError("OPTIONS.MODEL", `The default of \`_id\` of \`${name}\` makes no ${key}.`, { model: name });
      return [text];
    });
  }
}

export function wrongKey(model: string): SyncError {
  const message = `Documents of \`${model}\` have an \`_id\` of another type than its schema says; change those documents, or the schema.`;
  return new SyncError("SCHEMA.TYPE_DIFFERS", message, { model });
}

import { hash } from "node:crypto";
import { SyncError } from "@sync/core";
import type { Endpoint, FetchRequest, Key, KeyRange, Page, Row, ScanRequest } from "@sync/core";
import type { mongo } from "mongoose";
import type { Client } from "./client.ts";
import { filterFor } from "./containing.ts";
import type { Identities } from "./identities.ts";
import { DOCUMENT, type Stored } from "./models.ts";
import { Misfit, type BsonObject, type Codec } from "./values.ts";

/** A document as it stands in its collection, with its revision: a hash of its own bytes. */
export interface Read {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly document: BsonObject;
  readonly revision: string;
}

/** Keys per look-up. */
const BATCH = 1000;

/** Reads the documents of one model. */
export class Documents {
  readonly stored: Stored;
  readonly #client: Client;
  readonly #codec: Codec;

  constructor(client: Client, codec: Codec, stored: Stored) {
    this.#client = client;
    this.#codec = codec;
    this.stored = stored;
  }

  async collection(): Promise<mongo.Collection<BsonObject>> {
    return (await this.#client.db()).collection<BsonObject>(this.stored.collection);
  }

  /** Undefined: no document has such a key. */
  id(key: Key): unknown {
    try {
      return this.#codec.fromKeyText(key[0]!, this.stored.key);
    } catch (error) {
      if (error instanceof Misfit) return undefined;
      throw error;
    }
  }

  async byKeys(keys: readonly Key[], session?: mongo.ClientSession): Promise<Read[]> {
    const ids = keys.map((key) => this.id(key)).filter((id) => id !== undefined);
    const found: Read[] = [];
    for (let from = 0; from < ids.length; from += BATCH) found.push(...(await this.#find({ _id: { $in: ids.slice(from, from + BATCH) } }, session)));
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
    for (let from = 0; from < texts.length; from += BATCH) {
      const filter = filterFor(this.#codec, this.stored.shape, texts.slice(from, from + BATCH));
      const ids = filter ? await collection.find(filter, { projection: { _id: 1 }, raw: true }).toArray() : [];
      for (const bytes of ids as unknown as Uint8Array[]) found.add(this.#keyOf(this.#codec.read(bytes))!);
    }
    return [...found].map((key) => [key]);
  }

  /** Documents whose `_id` is of another type than the model says; the two ends of the index tell. */
  async hasForeignKeys(): Promise<boolean> {
    const collection = await this.collection();
    const ends = await Promise.all(([1, -1] as const).map((direction) => collection.find({}, { projection: { _id: 1 }, raw: true }).sort({ _id: direction }).limit(1).toArray()));
    return ends.flat().some((bytes) => this.#keyOf(this.#codec.read(bytes as unknown as Uint8Array)) === undefined);
  }

  async #find(filter: object, session?: mongo.ClientSession, limit?: number): Promise<Read[]> {
    const collection = await this.collection();
    const cursor = collection.find(filter, { raw: true, ...(session ? { session } : { readConcern: { level: "majority" } }) });
    if (limit !== undefined) cursor.sort({ _id: 1 }).limit(limit).batchSize(limit + 1);
    return ((await cursor.toArray()) as unknown as Uint8Array[]).map((bytes) => {
      const document = this.#codec.read(bytes);
      const key = this.#keyOf(document);
      if (key === undefined) throw wrongKey(this.stored.model.name);
      return { key, bytes, document, revision: hash("sha1", bytes, "base64") };
    });
  }

  #keyOf(document: BsonObject): string | undefined {
    return this.#codec.keyText(document["_id"], this.stored.key);
  }

  /** Without what Mongoose counts by itself: a record is no other one because something inside its document has changed. */
  toText(document: BsonObject): string {
    return this.#codec.object(document, this.stored.shape.members, false, ["_id", this.stored.versionKey]);
  }
}

export function wrongKey(model: string): SyncError {
  return new SyncError("SCHEMA.TYPE_DIFFERS", `Documents of \`${model}\` have an \`_id\` of another type than its schema says; change those documents, or the schema.`, { model });
}

/** Whole documents as rows of a key and a JSON text. */
export function endpointOf(documents: Documents, identities: Identities, client: Client, codec: Codec, exactWrites: boolean): Endpoint {
  const { stored } = documents;
  const { model, tree } = stored;

  async function rows(found: readonly Read[], fields: readonly string[]): Promise<Row[]> {
    const beside = tree.cloudId === undefined && found.length > 0 ? await identities.find(model.name, "key", found.map(({ key }) => [key])) : [];
    const cloudIds = new Map(beside.map(({ key, cloudId }) => [key[0]!, cloudId]));
    return found.map(({ key, document, revision }) => ({
      key: [key], cloudId: cloudIds.get(key) ?? null, revision,
      values: fields.map((field) => (field === DOCUMENT ? documents.toText(document) : key)),
    }));
  }

  return {
    model,
    capabilities: { changesSince: false, fingerprints: false, exactWrites },
    async *scan({ fields, pageSize, ranges = [{ after: null, upTo: null }] }: ScanRequest): AsyncGenerator<Page> {
      for (const range of ranges) {
        let { after } = range;
        for (let more = true; more; ) {
          const found = await client.guard(() => documents.inRange({ after, upTo: range.upTo }, pageSize));
          more = found.length === pageSize;
          const upTo = more ? [found.at(-1)!.key] : range.upTo;
          yield { rows: await client.guard(() => rows(found, fields)), range: { after, upTo } };
          after = upTo;
        }
      }
    },
    fetch: ({ fields, by, tuples }: FetchRequest) => client.guard(async () => {
      const keys = by === "cloudId" ? (await identities.find(model.name, "cloudId", tuples)).map(({ key }) => key) : tuples;
      const unique = [...new Map(keys.map((key) => [key[0]!, key])).values()];
      return await rows(await documents.byKeys(unique), fields);
    }),
    async allocate(count) {
      const { makeKey, key } = stored;
      if (!makeKey) throw new SyncError("ENDPOINT.NO_KEYS", `The keys of ${model.name} come with its records.`, { model: model.name });
      return Array.from({ length: count }, () => {
        const made = makeKey();
        const text = codec.keyText(made, key);
        if (text === undefined) throw new SyncError("OPTIONS.MODEL", `The default of \`_id\` of \`${model.name}\` makes no ${key}.`, { model: model.name });
        return [text];
      });
    },
  };
}

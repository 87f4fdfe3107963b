import type { Bson, Collection, Db, MongoHandle, Session } from "./driver.ts";
import { meaningOf, notConnected } from "./errors.ts";

/** The library's connection, and what hangs on it. Never closed here. */
export class Client {
  readonly name: string;
  readonly bson: Bson;
  readonly #handle: MongoHandle;
  #transactions: boolean | undefined;

  constructor(name: string, handle: MongoHandle) {
    this.name = name;
    this.bson = handle.bson;
    this.#handle = handle;
  }

  /** @throws {SyncError} `ENDPOINT.NOT_CONNECTED` at once, where a library would wait and then say that something timed out */
  async db(): Promise<Db> {
    const db = await this.#handle.db();
    if (!db) throw notConnected(this.name);
    return db;
  }

  /** On the word of the caller, who has written what stands there. */
  async collection<Stored extends object>(name: string): Promise<Collection<Stored>> {
    return (await this.db()).collection(name) as Collection<Stored>;
  }

  /** What makes transactions: a replica set or a sharded cluster. */
  async hasTransactions(): Promise<boolean> {
    const hello = async (): Promise<boolean> => {
      const { setName, msg } = await (await this.db()).command({ hello: 1 });
      return setName !== undefined || msg === "isdbgrid";
    };
    return (this.#transactions ??= await hello());
  }

  /** What another transaction is in the way of is tried again from the beginning, and so is a commit without an answer. */
  async transaction<T>(work: (session: Session) => Promise<T>, options: object = {}): Promise<T> {
    await this.db();
    const session = await this.#handle.session();
    try {
      return await session.withTransaction(() => work(session), { writeConcern: { w: "majority" }, readPreference: "primary", ...options });
    } finally {
      await session.endSession();
    }
  }

  /** Collections that are not there are gone. */
  async drop(names: readonly string[]): Promise<void> {
    const db = await this.db();
    for (const name of names) {
      await db.dropCollection(name).catch((error: { code?: unknown }) => {
        if (error.code !== NO_COLLECTION) throw error;
      });
    }
  }

  /** What the driver throws as what it means to a sync. */
  async guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const means = meaningOf(error, { database: this.name });
      throw "error" in means ? means.error : error;
    }
  }
}

/** What the server calls a collection that is not there. */
export const NO_COLLECTION = 26;

import type { Connection, mongo } from "mongoose";
import { meaningOf, notConnected } from "./errors.ts";
import type { Bson } from "./values.ts";

/** The application's connection, and what hangs on it. Never closed here. */
export class Client {
  readonly name = "mongoose/mongodb";
  readonly bson: Bson;
  readonly #connection: Connection;
  #transactions: boolean | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.bson = (connection as unknown as { base: { mongo: { BSON: Bson } } }).base.mongo.BSON;
  }

  /** @throws {SyncError} `ENDPOINT.NOT_CONNECTED` at once, where Mongoose itself would wait and then say that something timed out */
  async db(): Promise<mongo.Db> {
    const state: number = this.#connection.readyState;
    if (state === CONNECTING) await this.#connection.asPromise();
    const { db } = this.#connection;
    if (!db || !this.#connection.getClient()) throw notConnected(this.name);
    return db;
  }

  /** What makes transactions: a replica set or a sharded cluster. */
  async hasTransactions(): Promise<boolean> {
    const hello = async (): Promise<boolean> => {
      const { setName, msg } = await (await this.db()).command({ hello: 1 });
      return setName !== undefined || msg === "isdbgrid";
    };
    return (this.#transactions ??= await hello());
  }

  async session(): Promise<mongo.ClientSession> {
    await this.db();
    return this.#connection.getClient().startSession();
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

const CONNECTING = 2;

export function isConnection(given: unknown): given is Connection {
  if (typeof given !== "object" || given === null) return false;
  const { base, models, readyState } = given as { base?: { mongo?: { BSON?: unknown } }; models?: unknown; readyState?: unknown };
  return typeof base?.mongo?.BSON === "object" && typeof models === "object" && typeof readyState === "number";
}

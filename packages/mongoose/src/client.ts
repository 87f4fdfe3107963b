import { SyncError } from "@sync/core";
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

interface Given {
  readonly base?: { readonly version?: unknown; readonly mongo?: { readonly BSON?: unknown } };
  readonly models?: unknown;
  readonly readyState?: unknown;
  readonly inTransaction?: unknown;
}

export function checkConnection(given: unknown): asserts given is Connection {
  const { base, models, readyState, inTransaction } = (typeof given === "object" && given !== null ? given : {}) as Given;
  if (typeof inTransaction === "function") throw noSession();
  if (typeof base?.mongo?.BSON !== "object" || typeof models !== "object" || typeof readyState !== "number") {
    throw new SyncError("OPTIONS.WRONG_CLIENT", "mongooseDatabase needs a connection of Mongoose as its first argument: `mongoose.connection`, or what `mongoose.createConnection(…)` returned.");
  }
  const version = String(base.version);
  if (!version.startsWith("9.")) throw new SyncError("OPTIONS.VERSION", `This connection is of Mongoose ${version}; @sync/mongoose works with Mongoose 9.`);
}

export function noSession(): SyncError {
  const message = "A sync cannot run inside a session of yours: MongoDB ends a transaction with the first record that it refuses, and all of yours with it. Give the connection, and run the sync before your transaction or after its end.";
  return new SyncError("OPTIONS.TRANSACTION", message);
}

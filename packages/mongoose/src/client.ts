import { SyncError } from "@sync/core";
import type { Bson, MongoHandle } from "@sync/mongodb";
import type { Connection } from "mongoose";

const CONNECTING = 2;

/** The application's connection, with the classes of the driver that this copy of Mongoose brings. */
export function handleOf(connection: Connection): MongoHandle {
  return {
    bson: (connection as unknown as { base: { mongo: { BSON: Bson } } }).base.mongo.BSON,
    async db() {
      const state: number = connection.readyState;
      if (state === CONNECTING) await connection.asPromise();
      return connection.getClient() ? connection.db : undefined;
    },
    session: () => connection.getClient().startSession(),
  };
}

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
    const message = "mongooseDatabase needs a connection of Mongoose as its first argument";
    throw new SyncError("OPTIONS.WRONG_CLIENT", `${message}: \`mongoose.connection\`, or what \`mongoose.createConnection(…)\` returned.`);
  }
  const version = String(base.version);
  if (!version.startsWith("9.")) throw new SyncError("OPTIONS.VERSION", `This connection is of Mongoose ${version}; @sync/mongoose works with Mongoose 9.`);
}

export function noSession(): SyncError {
  const why = "MongoDB ends a transaction with the first record that it refuses, and all of yours with it";
  const message = `A sync cannot run inside a session of yours: ${why}. Give the connection, and run the sync before your transaction or after its end.`;
  return new SyncError("OPTIONS.TRANSACTION", message);
}

import type { Refusal } from "@sync/core";
import { isSyncError, SyncError } from "@sync/core";
import { Misfit } from "./json.ts";

/** What a failure means for the one who asked. */
export type Meaning = { readonly refusal: Refusal } | { readonly error: SyncError };

export interface MeaningOptions {
  readonly database: string;
  /** Model of a collection. */
  readonly modelOf?: (collection: string) => string | undefined;
}

/** What a library, or a hook or validator of its, has said about one document. */
export class Refused extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.code);
    this.refusal = refusal;
  }
}

/** It comes from the driver or the server, or from us: no hook has said it. */
export function isFaultOfDriver(error: unknown): boolean {
  const name = String(faultOf(error).name);
  return isSyncError(error) || error instanceof Misfit || /^Mongo[A-Z]/.test(name) || NETWORK.test(name);
}

interface MongoFault {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly keyPattern?: unknown;
  readonly errorLabels?: unknown;
  readonly cause?: unknown;
}

const CONTENTION = new Set([24, 112, 225, 239, 246, 251, 256]);
const UNAVAILABLE = new Set([6, 7, 89, 91, 189, 262, 9001, 10058, 10107, 11600, 11602, 13388, 13435, 13436]);
/** A library may put its own name for the driver's. */
const NETWORK = /^Mongo[a-z]*(?:Network|ServerSelection|PoolCleared|WriteConcern|Topology(?!Closed))\w*Error$/;
const CLOSED = /^Mongo(?:NotConnected|ClientClosed|TopologyClosed)Error$/;
const TOO_LARGE = new Set([10334, 17280, 17419, 17420]);
const TOO_LARGE_WORDS = /larger than the maximum size|BSONObj size|object to insert too large/i;

/** Pure: no I/O, and no value of a document in any message or property, since only names are taken over. */
export function meaningOf(error: unknown, options: MeaningOptions): Meaning {
  if (isSyncError(error)) return { error };
  if (error instanceof Misfit) return { refusal: { code: "WRITE.VALUE" } };
  if (error instanceof Refused) return { refusal: error.refusal };
  const fault = faultOf(error);
  const code = typeof fault.code === "number" ? fault.code : undefined;
  const refusal = refusalOf(code, fault, options);
  if (refusal) return { refusal };
  return { error: failure(code, fault, error, options.database) };
}

function refusalOf(code: number | undefined, fault: MongoFault, { modelOf }: MeaningOptions): Refusal | undefined {
  const message = typeof fault.message === "string" ? fault.message : "";
  if (code === 11000 || code === 11001) {
    const [, collection, index] = /collection: [^.\s]+\.(\S+) index: (\S+)/.exec(message) ?? [];
    // Of many writes the error of one says no more than its message.
    const named = /^((?:(?!_-?1_).)+)_-?1$/.exec(index ?? "")?.[1];
    const fields = typeof fault.keyPattern === "object" && fault.keyPattern !== null ? Object.keys(fault.keyPattern) : named === undefined ? [] : [named];
    const model = collection === undefined ? undefined : modelOf?.(collection);
    const constraint = model === undefined ? "sync_identity" : index === "_id_" ? "primary key" : index;
    return {
      code: "WRITE.UNIQUE",
      ...(constraint === undefined ? {} : { constraint }),
      ...(fields.length === 1 && model !== undefined ? { field: fields[0]! } : {}),
      ...(model === undefined ? {} : { model }),
    };
  }
  if (code === 121) return { code: "WRITE.CHECK", constraint: "the collection's validator" };
  // The last one: the driver's own buffer ends.
  const isTooLarge = (code !== undefined && TOO_LARGE.has(code)) || TOO_LARGE_WORDS.test(message) || fault.code === "ERR_OUT_OF_RANGE";
  return isTooLarge ? { code: "WRITE.VALUE", constraint: "size of a document" } : undefined;
}

function failure(code: number | undefined, { name, errorLabels }: MongoFault, cause: unknown, database: string): SyncError {
  const labels = Array.isArray(errorLabels) ? (errorLabels as unknown[]) : [];
  const is = (codes: ReadonlySet<number>): boolean => code !== undefined && codes.has(code);
  const failed = (says: string, words: string, retryable = false): SyncError => new SyncError(says, `${database}: ${words}`, { retryable, database, cause });
  const again = (says: string, words: string): SyncError => failed(says, words, true);
  if (CLOSED.test(String(name))) return notConnected(database, cause);
  if (is(CONTENTION)) return again("ENDPOINT.CONTENTION", "the database gave way to another transaction (write conflict, lock)");
  if (code === 50) return again("ENDPOINT.TIMEOUT", "an operation met the database's time limit");
  if (code === 13 || code === 18 || code === 8000) {
    return failed("ENDPOINT.FORBIDDEN", "this user may not do what a sync does; grant it readWrite on the database");
  }
  if (is(UNAVAILABLE) || NETWORK.test(String(name)) || labels.includes("RetryableWriteError") || labels.includes("TransientTransactionError")) {
    return again("ENDPOINT.UNAVAILABLE", "the database cannot be reached or is out of resources");
  }
  return failed("ENDPOINT.UNKNOWN", "the database failed in a way this adapter does not know; the cause has its words");
}

export function notConnected(database: string, cause?: unknown): SyncError {
  const open = "open it before the first run, with a serverSelectionTimeoutMS such as 5000, and close it after the last";
  return new SyncError("ENDPOINT.NOT_CONNECTED", `${database}: the connection is not open; ${open}`, { database, cause });
}

/** `byRecord`: documents are to be saved by a library, which does not compare what it overwrites. */
export function noTransactions(database: string, byRecord: boolean): SyncError {
  const so = byRecord ? "which `writes: \"orm\"` needs" : "so that a unit is written document by document";
  return new SyncError("DATABASE.NO_TRANSACTIONS", `${database}: this server has no transactions, ${so}; make it a replica set, be it of one`, { database });
}

/** What the server said, below what the driver and a library wrap around it. */
function faultOf(error: unknown): MongoFault {
  let fault = (typeof error === "object" && error !== null ? error : {}) as MongoFault;
  for (let i = 0; i < 4 && typeof fault.code !== "number" && typeof fault.cause === "object" && fault.cause !== null; i += 1) {
    if (NETWORK.test(String(fault.name))) break;
    fault = fault.cause;
  }
  return fault;
}

import type { Model } from "./model.ts";
import type { StateStore } from "./state.ts";
import type { Value } from "./value.ts";

/** A local key: one canonical text per key field, in the order of `Model.primaryKey`. Never joined into one string. */
export type Key = readonly string[];

/** One row as an endpoint read it. */
export interface Row {
  readonly key: Key;
  /** From the model's cloudId field, else from `sync_identity`; null while nobody has given it one. */
  readonly cloudId: string | null;
  /** Opaque state of this row; only its own endpoint compares it. Changes whenever a mapped value changes. */
  readonly revision: string;
  /** Canonical values, in the order of the request's `fields`. */
  readonly values: readonly Value[];
  /** Fields whose stored value is not of its declared kind; their entry in `values` is null and means nothing. */
  readonly faults?: readonly { readonly field: string; readonly code: string }[];
}

/** Keys above `after` up to and including `upTo`, in the endpoint's own order; null is open. */
export interface KeyRange {
  readonly after: Key | null;
  readonly upTo: Key | null;
}

export interface ScanRequest {
  readonly fields: readonly string[];
  readonly pageSize: number;
  /** Read these ranges only; default: everything. */
  readonly ranges?: readonly KeyRange[];
}

/** Rows in key order. Pages of one scan are disjoint, and their ranges cover what was asked for without a gap. */
export interface Page {
  readonly rows: readonly Row[];
  readonly range: KeyRange;
  /** With the `fingerprints` capability: of exactly these rows, from the same snapshot. */
  readonly fingerprint?: string;
}

export interface FetchRequest {
  readonly fields: readonly string[];
  /** By primary key, by cloudId, or by any fields of this model (a unique key, a reference). */
  readonly by: "key" | "cloudId" | readonly string[];
  /** One tuple per thing looked for; no nulls. Any number: the endpoint batches. */
  readonly tuples: readonly (readonly string[])[];
}

/** What may differ since a mark. */
export interface Changes {
  /** Taken before anything else was read: it may be older than the answer, never younger. Opaque text. */
  readonly next: string;
  /** Rows in the model now. */
  readonly total: number;
  /** `"all"`: no mark was given, or it can no longer be trusted; compare everything. */
  readonly keys: readonly Key[] | "all";
}

export interface Fingerprint {
  readonly count: number;
  readonly fingerprint: string;
}

/** Facts, each tested by a law; an optional method is present exactly when its capability says so. */
export interface Capabilities {
  readonly changesSince: boolean;
  readonly fingerprints: boolean;
  /** A written row equals the row sent unless its outcome carries an after-image (no trigger, no lossy type). */
  readonly exactWrites: boolean;
}

/** One model of one connected database. */
export interface Endpoint {
  readonly model: Model;
  readonly capabilities: Capabilities;
  /** Never shows an application's uncommitted rows. */
  scan(request: ScanRequest): AsyncIterable<Page>;
  /** Rows that exist, in any order; a tuple without a row is simply absent from the answer. */
  fetch(request: FetchRequest): Promise<readonly Row[]>;
  /** Fresh keys for `keySource: "allocated"`; never given twice, whether used or not. */
  allocate(count: number): Promise<readonly Key[]>;
  /** `ownUnits`: transactions of ours (`Committed.transaction`) whose row versions are not reported. */
  changesSince?(mark: string | undefined, ownUnits: readonly string[]): Promise<Changes>;
  /** Computed inside the database; equal exactly when count and all mapped native values of the range are. */
  fingerprint?(fields: readonly string[], ranges: readonly KeyRange[]): Promise<readonly Fingerprint[]>;
}

/** New rows. The unit writes row and cloudId together, or neither. */
export interface InsertBatch {
  readonly op: "insert";
  readonly model: string;
  readonly fields: readonly string[];
  readonly rows: readonly { readonly key: Key; readonly cloudId: string; readonly values: readonly Value[] }[];
}

/** Guarded updates: a row whose revision has moved stays as it is and comes back `stale`. */
export interface UpdateBatch {
  readonly op: "update";
  readonly model: string;
  readonly fields: readonly string[];
  /**
   * `undefined` in `values`: not supplied, the column keeps its value.
   * `cloudId`: given to the row in the same guarded write; `fields` may be empty when only that is wanted.
   */
  readonly rows: readonly {
    readonly key: Key;
    readonly revision: string;
    readonly values: readonly (Value | undefined)[];
    readonly cloudId?: string;
  }[];
}

export interface DeleteBatch {
  readonly op: "delete";
  readonly model: string;
  readonly rows: readonly { readonly key: Key; readonly revision: string }[];
}

/** Gives existing rows a cloudId. Stale when the row is gone or its cloudId is no longer `was`. */
export interface IdentifyBatch {
  readonly op: "identify";
  readonly model: string;
  readonly rows: readonly { readonly key: Key; readonly cloudId: string; readonly was: string | null }[];
}

export type Batch = InsertBatch | UpdateBatch | DeleteBatch | IdentifyBatch;

/** Plain data that one database commits together; it can cross a network unchanged. */
export interface Unit {
  readonly id: string;
  /** Checked inside the transaction under a row lock; a lost lease throws `LEASE.LOST` and writes nothing. */
  readonly fence: number;
  /** Parents before children; deletes after, children first. */
  readonly batches: readonly Batch[];
}

export type Outcome =
  /** `after`: the row as it now stands, when it may differ from what was sent. It has all fields of the model. */
  | { readonly status: "written"; readonly after?: Row }
  /** Changed or gone since it was read: nothing was done to it. */
  | { readonly status: "stale" };

/** A data error of the database. `field` and `constraint` are names, never values. */
export interface Refusal {
  readonly code:
    | "WRITE.UNIQUE" | "WRITE.FOREIGN_KEY" | "WRITE.CHECK" | "WRITE.NOT_NULL" | "WRITE.VALUE" | "WRITE.REFUSED";
  readonly constraint?: string;
  readonly field?: string;
  readonly model?: string;
}

export type Committed =
  /** `transaction`: as `changesSince` understands it. Outcomes: one list per batch, one entry per row, in order. */
  | { readonly committed: true; readonly transaction: string; readonly outcomes: readonly (readonly Outcome[])[] }
  /** Nothing of the unit was written. The runner halves it until the one bad record stands alone. */
  | { readonly committed: false; readonly refusal: Refusal };

export interface ClaimRequest {
  /** Who asks, for the message another runner gets; no secrets. */
  readonly holder: string;
  /** Unique per runner; a claim with the same one renews. */
  readonly runner: string;
  readonly seconds: number;
  /** Take a lease that somebody else holds; fencing keeps this safe. */
  readonly takeOver?: boolean;
}

/** A lease on a database, and who that database is. */
export interface Claim {
  /** Made once, kept in `sync_database`; a copy of the database brings the same one. */
  readonly databaseId: string;
  /** What a copy does not bring: system identifier, path and inode, host. Differs: the run stops until `adopt`. */
  readonly serverIdentity: string;
  /** Raised by each run that writes to either side. Behind what the state store saw: a restored backup. */
  readonly runCounter: number;
  readonly fence: number;
}

/** Something a person should know before a run; an error stops the run, or the model if it names one. */
export interface Finding {
  readonly severity: "error" | "warning";
  readonly code: string;
  readonly model?: string;
  readonly field?: string;
  /** The fields of the unique key that the finding is about. */
  readonly key?: readonly string[];
  readonly message: string;
}

/** What the live database says about a model. */
export interface Inspection {
  readonly findings: readonly Finding[];
  /** Per model: changes when its columns, types or keys change. */
  readonly shapes: ReadonlyMap<string, string>;
}

/** Model name → field name → its type in the library's own models. Exists for the compiler only. */
export type ModelTypes = Record<string, Record<string, unknown>>;

/** The endpoints that share a connection and can commit together; what an adapter's factory returns. */
export interface Database<Types extends ModelTypes = ModelTypes> {
  /** For messages: library and engine, such as `prisma/sqlite`. No URL. */
  readonly name: string;
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  /** Makes the side tables if they are missing, then takes or renews the lease. Throws `LEASE.HELD` naming holder and time. */
  claim(request: ClaimRequest): Promise<Claim>;
  /** Lets go; `wrote` raises the run counter. False: the lease was somebody else's by then, and nothing was done. */
  release(fence: number, wrote: boolean): Promise<boolean>;
  /** Holds the models against the live database. Reads only. */
  inspect(models: readonly string[]): Promise<Inspection>;
  commit(unit: Unit): Promise<Committed>;
  /** Closes only what the adapter itself opened. */
  close(): Promise<void>;
  /** Capability: side tables in this database can hold the state of a pair. */
  readonly state?: StateStore;
  /** Never present at run time: carries the models' types to `createSync`. */
  readonly types?: Types;
}

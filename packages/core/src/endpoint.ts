import type { Hints } from "./hints.ts";
import type { Model } from "./model.ts";
import type { StateStore } from "./state.ts";
import type { Committed, Unit } from "./unit.ts";
import type { Value } from "./value.ts";

/** A local key: one canonical text per key field, in the order of `Model.primaryKey`. Never joined into one string. */
export type Key = readonly string[];

export interface RowFault {
  readonly field: string;
  readonly code: string;
  /** Where that is inside a document: `regions[2].code`. Names and positions, no values. */
  readonly path?: string;
}

/** One row as an endpoint read it. */
export interface Row {
  readonly key: Key;
  /** From the model's cloudId field, else from `sync_identity` by the row's key; null while nobody has given it one. */
  readonly cloudId: string | null;
  /**
   * Opaque state of this row; only its own endpoint compares it. The same whatever `fields` were asked for: it changes with
   * any field of the model, null and missing told apart, and may change with more (a cloudId, a column outside the model).
   */
  readonly revision: string;
  /** Canonical values, in the order of the request's `fields`; null for a missing one. */
  readonly values: readonly Value[];
  /** Asked-for fields whose stored value is not of its declared kind; their entry in `values` is null and means nothing. */
  readonly faults?: readonly RowFault[];
}

/** Keys above `after` up to and including `upTo`, in the endpoint's own order; null is open. */
export interface KeyRange {
  readonly after: Key | null;
  readonly upTo: Key | null;
}

export interface ScanRequest {
  /** May be empty: key, cloudId and revision always come along. */
  readonly fields: readonly string[];
  /** Rows per page, at most. */
  readonly pageSize: number;
  /** Read these ranges only, disjoint and in key order; default: everything. */
  readonly ranges?: readonly KeyRange[];
}

/**
 * Rows in key order, from one snapshot per page. Pages of one scan are disjoint, none spans two of the asked ranges, and
 * their ranges cover what was asked for without a gap: the last one ends where that ends (null where open), and a range
 * without rows gives one page without rows. A row that comes or goes meanwhile may be in the answer or not.
 */
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
  /** One canonical tuple per thing looked for; no nulls, perhaps twice the same. Any number: the endpoint batches. */
  readonly tuples: readonly (readonly string[])[];
}

/** What may differ since a mark. */
export interface Changes {
  /** Taken before anything else was read: it may be older than the answer, never younger. Opaque text. */
  readonly next: string;
  /** Rows in the model, in the same snapshot as `keys`. */
  readonly total: number;
  /** Every row that is new or changed since, under its present key; others may be among them. `"all"`: no mark that can be trusted, compare everything. */
  readonly keys: readonly Key[] | "all";
}

export interface Fingerprint {
  readonly count: number;
  readonly fingerprint: string;
}

/** Facts, each tested by a law; an optional method is present exactly when its capability says so. Read after `inspect`. */
export interface Capabilities {
  readonly changesSince: boolean;
  readonly fingerprints: boolean;
  /** A written row equals the row sent unless its outcome carries an after-image (no trigger, no lossy type). */
  readonly exactWrites: boolean;
}

/** One model of one connected database. Calls may overlap with one another and with commits. */
export interface Endpoint {
  readonly model: Model;
  readonly capabilities: Capabilities;
  /** Never shows an application's uncommitted rows. May be left before its end; after an error a new scan is begun. */
  scan(request: ScanRequest): AsyncIterable<Page>;
  /** Rows that exist, in any order, each once. Those that only the database's collation takes for equal may be among them: the runner compares again. */
  fetch(request: FetchRequest): Promise<readonly Row[]>;
  /** Fresh keys for `keySource: "allocated"`, the only models it is called for; never given twice, whether used or not. */
  allocate(count: number): Promise<readonly Key[]>;
  /** `ownUnits`: transactions of ours (`Committed.transaction`); a row is left out only if its last writer is among them. */
  changesSince?(mark: string | undefined, ownUnits: readonly string[]): Promise<Changes>;
  /** Of keys and stored values of these fields, in the database where it can: the same as a page's of this range and fields. */
  fingerprint?(fields: readonly string[], ranges: readonly KeyRange[]): Promise<readonly Fingerprint[]>;
}

export interface ClaimRequest {
  /** Who asks, for the message another runner gets; no secrets. */
  readonly holder: string;
  /** Unique per runner; a claim with the same one renews, even after its time, unless somebody else has claimed since. */
  readonly runner: string;
  readonly seconds: number;
  /** Take a lease that somebody else holds; fencing keeps this safe. */
  readonly takeOver?: boolean;
  /** The pair it is for: the claim then says whom this database has met under that name. */
  readonly pair?: string;
  /** Kept for that pair from now on, together with the lease. */
  readonly meets?: Encounter;
  /** Kept from now on, each where nothing or a note with a lower `times` is kept of it. */
  readonly pairs?: readonly KnownPair[];
}

/** Where a database stood in a pair, and the id of the one on the other side. */
export interface Encounter {
  readonly side: "left" | "right";
  readonly other: string;
}

/** A pair that a database knows of: its own, or one between others of which it was told. Databases are named by their ids. */
export interface KnownPair {
  readonly name: string;
  readonly left: string;
  readonly right: string;
  /** Odd: they are a pair. Even: it was forgotten. Raised by one each time, so that of two notes the higher one is later. */
  readonly times: number;
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
  /** Kept here, apart from any state store, so that one that went with the other database is missed. Absent: no pair was named. */
  readonly met?: readonly Encounter[];
  /** Every pair it knows of, whichever was named. Absent as `met`. */
  readonly pairs?: readonly KnownPair[];
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
  /** Atomic where the database can; else write by write, in order, an insert's identity before its row. */
  commit(unit: Unit): Promise<Committed>;
  /** Closes only what the adapter itself opened. */
  close(): Promise<void>;
  /** Capability: side tables in this database can hold the state of a pair. */
  readonly state?: StateStore;
  /** Capability: hears of some changes, such as those that a library's hooks see. What they miss, a whole run finds. */
  readonly hints?: Hints;
  /** It works inside a transaction of the application's: all that is written here, state included, may yet be rolled back. */
  readonly inTransaction?: true;
  /** `Model` or `Model.field` that the library has and the adapter cannot take, and why: for messages. */
  readonly leftOut?: ReadonlyMap<string, string>;
  /** Never present at run time: carries the models' types to `createSync`. */
  readonly types?: Types;
}

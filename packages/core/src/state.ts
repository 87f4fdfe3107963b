import type { Key, KeyRange } from "./endpoint.ts";

/** What both sides agreed on last, for one record. */
export interface Base {
  readonly model: string;
  readonly cloudId: string;
  /** Which field layout of the checkpoint it was made under, then one fixed-width hash per field of the value at the meet. */
  readonly hashes: string;
  /** The same for the right side, only where a database altered what was written. */
  readonly rightHashes?: string;
  /**
   * With `keepBase: "values"`: the values at the meet, in the order of the layout. A null means one only where a hash is that of
   * null; it also stands where a field has no base yet, or its value was not kept when it was agreed on.
   */
  readonly values?: readonly (string | null)[];
}

/** How far one side of one model is known. */
export interface SideMark {
  /** From `changesSince`: everything before it was examined, or waits in quarantine or `pending`. */
  readonly mark?: string;
  /** Rows at the mark, plus our inserts, minus our deletes since, plus what hinted runs have linked. With `ranges`: where it is not their sum. */
  readonly known?: number;
  /** Transactions of ours since the mark. */
  readonly ownUnits?: readonly string[];
  /** Rows were linked, or went, that neither `known` nor the ranges' counts speak of: the next run compares all keys. */
  readonly unsure?: true;
  /** From fingerprints: contiguous, first open below, last open above. No fingerprint: read it again. */
  readonly ranges?: readonly (KeyRange & { readonly count: number; readonly fingerprint: string | null })[];
  /** Rows the last run could not finish with; looked at again. */
  readonly pending?: readonly Key[];
}

/** One per pair and model; written only when it differs from the stored one. */
export interface Checkpoint {
  readonly model: string;
  /**
   * Every field layout this model had, as signatures of name, kinds and converter; the last one is today's. A base is
   * read through its own layout, so a field that is new or mapped otherwise has no base while the others keep theirs.
   */
  readonly layouts: readonly (readonly string[])[];
  readonly leftShape: string;
  readonly rightShape: string;
  /** Of one-way pairs: direction, and what becomes of drift. */
  readonly way?: string;
  readonly left: SideMark;
  readonly right: SideMark;
  /** Some conflict of this model is open, or was until lately: its records' open ones are looked up. */
  readonly openConflicts?: true;
}

/** A conflict: decided, parked, or closed since its cause has gone. Holds values: it has a retention and can be erased by key. */
export interface ConflictRecord {
  /** Made of model, cloudId, fields and both sides' values: the same conflict is logged once, and once more when it is decided. */
  readonly id: string;
  readonly model: string;
  readonly cloudId: string;
  readonly leftKey?: Key;
  readonly rightKey?: Key;
  readonly kind: "update-update" | "update-delete" | "first-link" | "unique" | "delete-parent";
  /** Fields that merge as one share a conflict; all of them where the record as a whole is in conflict. */
  readonly fields: readonly string[];
  readonly base?: readonly (string | null)[];
  readonly left?: readonly (string | null)[];
  readonly right?: readonly (string | null)[];
  /** The values were erased on request. */
  readonly erased?: true;
  /** The rule that decided, such as `newest(updatedAt)`; `ask` while nobody has; what became of it where nobody had to. */
  readonly rule: string;
  /** `settled`: a later run found nothing left to decide; `superseded`: other values stand against each other by now. */
  readonly decision: "left" | "right" | "custom" | "open" | "settled" | "superseded";
  /** The run that logged, decided or closed it. */
  readonly run: string;
  readonly at: string;
}

/** A record that cannot be written waits here; it stops nobody else. */
export interface QuarantineRecord {
  /** Made of side, model and key. */
  readonly id: string;
  readonly model: string;
  /** The side the record was read from. */
  readonly side: "left" | "right";
  readonly key: Key;
  readonly cloudId: string | null;
  readonly code: string;
  readonly message: string;
  readonly constraint?: string;
  readonly field?: string;
  /** Where in its document that is, `regions[2].code`; a document's key is the first part of `key`. */
  readonly path?: string;
  /** The parent it waits for: model and local key on `side`. */
  readonly waitsFor?: { readonly model: string; readonly key: Key };
  /**
   * Of a refused write: the fields that were to be written, what both sides agreed on last where that is kept, and what each
   * side has. Holds values, as a conflict does.
   */
  readonly fields?: readonly string[];
  readonly base?: readonly (string | null)[];
  readonly left?: readonly (string | null)[];
  readonly right?: readonly (string | null)[];
  /** Hash of the record when it was refused: unchanged means it is not tried again. */
  readonly payload: string;
  readonly attempts: number;
  readonly since: string;
  readonly run: string;
}

/**
 * What a run overwrote or deleted, durable before the write. Kept where the answer to the write was lost: it may be there
 * although nothing was overwritten, never the other way round.
 */
export interface PreImage {
  readonly id: string;
  readonly run: string;
  readonly model: string;
  readonly cloudId: string;
  readonly side: "left" | "right";
  readonly op: "update" | "delete";
  readonly key: Key;
  readonly fields: readonly string[];
  readonly values: readonly (string | null)[];
  /** Of an update: a hash of what was written instead, per field. Tells what the run left there from a later edit. */
  readonly wrote?: readonly string[];
  /** What both sides had agreed on before; absent: nothing. */
  readonly base?: Base;
  /** The values were erased on request. */
  readonly erased?: true;
  readonly at: string;
}

/** Records that a run touched without overwriting anything: what it created, and what it agreed on anew. Durable before the write. */
export interface Touched {
  /** Run and a number, in the order of the writes. */
  readonly id: string;
  readonly run: string;
  /** CloudIds of new rows, parents first. */
  readonly created: readonly { readonly model: string; readonly side: "left" | "right"; readonly cloudIds: readonly string[] }[];
  /** The bases of these records before, where they had one. */
  readonly bases: readonly Base[];
}

/** Everything kept as a plain document, by collection; stored and given back as JSON, a record of the same id in its place. */
export interface StateRecords {
  readonly checkpoint: Checkpoint & { readonly id: string };
  readonly conflict: ConflictRecord;
  /** Ids of a record's open conflicts, under `model/cloudId`. */
  readonly openConflict: { readonly id: string; readonly model: string; readonly cloudId: string; readonly conflicts: readonly string[] };
  /** What persons decided about open conflicts, under the conflict's id. */
  readonly decision: {
    readonly id: string; readonly model: string; readonly decision: "left" | "right"; readonly at: string;
    /** The rows it was made on: the next run looks at them although nothing changed in them. */
    readonly leftKey?: Key; readonly rightKey?: Key;
  };
  readonly quarantine: QuarantineRecord;
  readonly preImage: PreImage;
  readonly touched: Touched;
  /** History of runs; the last one also says which databases the pair knows. */
  readonly run: { readonly id: string; readonly [name: string]: unknown };
  /** A plan's actions, page by page. */
  readonly plan: { readonly id: string; readonly [name: string]: unknown };
}
export type Collection = keyof StateRecords;

export type StateChange =
  | { readonly op: "putBases"; readonly bases: readonly Base[] }
  | { readonly op: "removeBases"; readonly model: string; readonly cloudIds: readonly string[] }
  | { readonly op: "clearBases"; readonly model: string }
  | { readonly op: "put"; readonly collection: Collection; readonly records: readonly (StateRecords[Collection] & { readonly model?: string })[] }
  | { readonly op: "remove"; readonly collection: Collection; readonly ids: readonly string[] };

export interface ReadRequest {
  readonly collection: Collection;
  readonly model?: string;
  /** Records with `id` above this one. Any order that is always the same will do; answers come in it. */
  readonly after?: string;
  readonly ids?: readonly string[];
  /** At most so many; all conditions hold together. */
  readonly limit?: number;
}

/** The fences of a run's two leases. */
export interface Fences {
  readonly left: number;
  readonly right: number;
  /** From here on these count, although higher ones were seen: a database was put back, and adopted. */
  readonly anew?: true;
}

/** The memory of pairs. Every call names its pair; stores of different pairs share tables, never records. */
export interface StateStore {
  /** For messages. */
  readonly name: string;
  /** Makes or upgrades what it needs. Throws `STATE.NEWER_VERSION` when a newer version wrote it. */
  open(): Promise<void>;
  /** In any order; a cloudId without a base is absent. */
  bases(pair: string, model: string, cloudIds: readonly string[]): Promise<readonly Base[]>;
  /** Bases of one model in cloudId order, at most `limit` above `after`; with their number in the model when `after` is undefined. */
  scanBases(pair: string, model: string, after: string | undefined, limit: number): Promise<{ readonly total: number; readonly bases: readonly Base[] }>;
  read<C extends Collection>(pair: string, request: ReadRequest & { readonly collection: C }): Promise<readonly StateRecords[C][]>;
  /**
   * All of it or nothing, in order; safe to repeat after a lost answer. Called only once the data it speaks of is durable.
   * With `fences`: the highest of each pair are kept, and in the same transaction whoever comes with a lower one is refused
   * as `LEASE.LOST`, since another runner has stored in the meantime. Without: what needs no lease, such as a decision.
   */
  commit(pair: string, changes: readonly StateChange[], fences?: Fences): Promise<void>;
  /** Removes everything this store has made. */
  uninstall(): Promise<void>;
  close(): Promise<void>;
}

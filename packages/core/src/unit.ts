import type { Key, Row } from "./endpoint.ts";
import type { Value } from "./value.ts";

/**
 * New rows. The unit writes row and cloudId together, or neither. A key or cloudId that another row has is refused as
 * `WRITE.UNIQUE`; an identity whose row is gone gives way. `stale`: the database kept the row back without an error.
 * Key fields may stand in `fields` too, with the values of `key`; fields left out get the database's default.
 */
export interface InsertBatch {
  readonly op: "insert";
  readonly model: string;
  readonly fields: readonly string[];
  readonly rows: readonly { readonly key: Key; readonly cloudId: string; readonly values: readonly Value[] }[];
}

/**
 * Guarded updates: a row whose revision has moved, or that is gone, stays as it is and comes back `stale`. `key` is the
 * one it has now; where `fields` give it another, its identity follows, and an after-image bears the new key. Rows of a
 * batch whose model has `within` may take one another's keys.
 */
export interface UpdateBatch {
  readonly op: "update";
  readonly model: string;
  readonly fields: readonly string[];
  /**
   * `undefined` in `values`: not supplied, the column keeps its value; null is written as null.
   * `cloudId`: given in the same guarded write to a row that had none when it was read; `fields` may be empty then. A row that
   * has another one meanwhile is stale.
   */
  readonly rows: readonly {
    readonly key: Key;
    readonly revision: string;
    readonly values: readonly (Value | undefined)[];
    readonly cloudId?: string;
  }[];
}

/** Rows that refer to one that is to be deleted: the database would take them along, or clear what they refer by. */
export interface ChildRows {
  /** Of the same database. */
  readonly model: string;
  /** Its fields that hold the parent's key, in the order of that. */
  readonly fields: readonly string[];
  /** Keys of those that whoever made the unit knows of, and that may go with their parent. Nearly always none. */
  readonly known: readonly Key[];
}

/**
 * Guarded like updates. The row's identity goes with it; one that an application deletes leaves its identity behind.
 * `children`: a row that one of these refers to stays as it is and comes back `stale`. Look and delete are one: nobody can hang
 * a child under the row in between. What earlier batches of the unit deleted, or hung elsewhere, is no child any more.
 */
export interface DeleteBatch {
  readonly op: "delete";
  readonly model: string;
  readonly rows: readonly { readonly key: Key; readonly revision: string }[];
  /** One per reference to this model that says `cascade` or `set-null`; all others refuse the delete, or let the child be. */
  readonly children?: readonly ChildRows[];
}

/**
 * Gives existing rows a cloudId, whatever their revision. Stale when the row is gone or its cloudId is no longer `was`;
 * refused as `WRITE.UNIQUE` when another row has it.
 */
export interface IdentifyBatch {
  readonly op: "identify";
  readonly model: string;
  readonly rows: readonly { readonly key: Key; readonly cloudId: string; readonly was: string | null }[];
}

export type Batch = InsertBatch | UpdateBatch | DeleteBatch | IdentifyBatch;

/**
 * Plain data that one database commits together; it can cross a network unchanged. Batches are carried out in order, and
 * foreign keys may be checked after each. A batch names a row once; a later batch of the same unit may name it again,
 * guarded by the revision it had before the unit.
 */
export interface Unit {
  /** For logs. A unit is never sent twice: after a lost answer the runner reads what became of it. */
  readonly id: string;
  /** Checked inside the transaction under a row lock; a lost lease throws `LEASE.LOST` and writes nothing. */
  readonly fence: number;
  /** Parents before children; deletes after, children first. */
  readonly batches: readonly Batch[];
}

export type Outcome =
  /**
   * `after`: the row as it stands at the end of the unit, when it may differ from what was sent; `values` in the order of
   * `Model.fields`, all of them. A cloudId alone needs none.
   */
  | { readonly status: "written"; readonly after?: Row }
  /** Changed or gone since it was read, or kept by a child: nothing was done to it. The other rows of the unit are written all the same. */
  | { readonly status: "stale" };

/** A data error of the database: the same unit would fail again. `field` and `constraint` are names, never values. */
export interface Refusal {
  readonly code:
    | "WRITE.UNIQUE" | "WRITE.FOREIGN_KEY" | "WRITE.CHECK" | "WRITE.NOT_NULL" | "WRITE.VALUE" | "WRITE.REFUSED";
  readonly constraint?: string;
  readonly field?: string;
  readonly model?: string;
  /** What a hook or validator of the library threw, where that was it. In this process only; its words may hold values. */
  readonly cause?: unknown;
}

export type Committed =
  /** `transaction`: as `changesSince` understands it. Outcomes: one list per batch, one entry per row, in order. */
  | { readonly committed: true; readonly transaction: string; readonly outcomes: readonly (readonly Outcome[])[] }
  /**
   * Nothing of the unit was written. The runner halves it until the one bad record stands alone. Everything else is thrown
   * as a `SyncError`; a `retryable` one says nothing about whether the unit was written.
   */
  | { readonly committed: false; readonly refusal: Refusal };

import type { Declaration } from "./declaration.ts";
import type { Kind } from "./value.ts";

/** One column, property or path of a model, in canonical terms. A field that a document lacks reads as null. */
export interface Field {
  /** The name the library's model gives it (not the column's name). */
  readonly name: string;
  readonly kind: Kind;
  /** Null may be read from it and written to it. */
  readonly nullable: boolean;
  /** False for generated and read-only columns: read and compared, never written. */
  readonly writable: boolean;
  /** The library or the database stamps it by itself (`@updatedAt`): not compared unless the mapping names it. */
  readonly stamped?: boolean;
  /** An insert may leave it out, though it is not nullable: the database or the library fills it. */
  readonly optional?: boolean;
}

/**
 * Fields that together name at most one record, a null in any of them aside. Held by the database: natural keys are fetched
 * and written on this word. The primary key is not repeated here.
 */
export interface UniqueKey {
  readonly name: string;
  readonly fields: readonly string[];
}

/** A foreign key, as the library declares it. Endpoints speak local keys; only the runner turns them into cloudIds. */
export interface Reference {
  readonly name: string;
  /** Fields of this model that hold the parent's key, in the order of `targetFields`. */
  readonly fields: readonly string[];
  /** The parent's model name in the same database. */
  readonly target: string;
  readonly targetFields: readonly string[];
  /** What the database itself does to this row when the parent goes. `"none"`: nothing, so rows may refer to no parent. */
  readonly onDelete: "cascade" | "set-null" | "restrict" | "none";
  /** It says nothing that another reference of the record does not say: nothing is lost where it is not mapped. */
  readonly implied?: boolean;
}

/**
 * Fields of the user's own model that belong to the sync; they are among its `fields`. `lastSyncedAt` and `syncStatus` are
 * written only together with a change of data.
 */
export interface SyncFields {
  /** Unique, nullable text or uuid. Absent: identity lives in the side table `sync_identity`. */
  readonly cloudId?: string;
  readonly lastSyncedAt?: string;
  readonly syncStatus?: string;
}

/** What an endpoint says about itself. Plain data: two models are held against each other before a run. */
export interface Model {
  readonly name: string;
  readonly fields: readonly Field[];
  /** Never empty, never null in a row: a model without a key is refused by its adapter. The order is that of every `Key`. */
  readonly primaryKey: readonly string[];
  /**
   * Who makes the key of a new record. `allocated`: `Endpoint.allocate`, before the insert (sequence, uuid, cuid).
   * `values`: the key's fields are supplied like any other (a code, or the references of a join table), and may be updated.
   */
  readonly keySource: "allocated" | "values";
  readonly uniqueKeys: readonly UniqueKey[];
  readonly references: readonly Reference[];
  /** Name of the reference to the record that this one lives inside of: the database writes both as one document. */
  readonly within?: string;
  /**
   * The name under which `fetch` gives, and an insert takes, what else a record holds besides `fields`, as text: what is
   * deleted can be made again as it was. Never mapped, compared or scanned.
   */
  readonly rest?: string;
  readonly syncFields: SyncFields;
  /** How it is kept the same, where the model says so itself. */
  readonly declared?: Declaration;
}

/** The field of that name, or undefined. */
export function fieldOf(model: Model, name: string): Field | undefined {
  return model.fields.find((field) => field.name === name);
}

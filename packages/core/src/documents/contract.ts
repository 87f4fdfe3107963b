import type { Database, Key } from "../endpoint.ts";
import type { Committed } from "../unit.ts";

/**
 * A database whose rows each hold a document in one JSON field. Its own endpoints speak of whole documents; `unfold`
 * makes the endpoints of the records inside them, and asks for what is below.
 */
export interface DocumentDatabase extends Database {
  readonly documents: Documents;
}

export interface Documents {
  /** Like `Database.commit`: one outcome per document. A batch of a model it has no table for cannot be in it. */
  commit(unit: DocumentUnit): Promise<Committed>;
  /**
   * Of records inside documents, under the name of the model that `unfold` makes of them, and of documents, under that of
   * this database's own model. In any order, unknown ones absent.
   */
  identities(model: string, by: "key" | "cloudId", tuples: readonly (readonly string[])[]): Promise<readonly { readonly key: Key; readonly cloudId: string }[]>;
  /**
   * How many elements stand under each path, over all documents: `["regions", "airports"]` counts the airports of all
   * regions. `values`: single values, of which one that stands in an array twice counts once. Absent: all documents are read to
   * count them.
   */
  countInside?(model: string, paths: readonly (readonly string[])[], values?: boolean): Promise<readonly number[]>;
  /**
   * Keys of documents that contain one of these JSON texts, as `@>` of PostgreSQL understands it: `{"code":"FR"}`, or
   * `{"regions":[{"airports":[{"ident":"LFPG"}]}]}` for an element at any place in its array. A few too many do no harm.
   * Absent: all documents are read to find a record by a field that is not its key.
   */
  containing?(model: string, shapes: readonly string[]): Promise<readonly Key[]>;
  /**
   * Single elements, so that a large document need not be read for a few of them; one answer per element asked for, all of one
   * snapshot. Undefined: it is not there, or not the only one that looks so. Absent: documents are read whole.
   */
  elements?(model: string, way: Way, wanted: readonly WantedElement[]): Promise<readonly (FoundElement | undefined)[]>;
}

/** Leads from documents down to elements of one level. */
export interface Way {
  /** The JSON field. */
  readonly field: string;
  /** Keys to each array, seen from the element above. */
  readonly arrays: readonly (readonly string[])[];
  /** Paths that are left out of what is given: of the document, and of the elements of each array. */
  readonly without: readonly (readonly (readonly string[])[])[];
}

export interface WantedElement {
  /** Of its document. */
  readonly key: Key;
  /** JSON objects, one per array: the element on the way contains it as `@>` of PostgreSQL understands it, and no other one does. */
  readonly shapes: readonly string[];
}

export interface FoundElement {
  /** These three are the document's. */
  readonly key: Key;
  readonly revision: string;
  readonly cloudId: string | null;
  /** JSON texts: the document without its arrays, and one element of each array. */
  readonly texts: readonly string[];
  /** Where in its array each of these elements stands. */
  readonly positions: readonly number[];
}

/** Plain data that one database commits together, as a `Unit` is. */
export interface DocumentUnit {
  readonly id: string;
  readonly fence: number;
  readonly batches: readonly DocumentBatch[];
  /**
   * A record moves from one document to another: one stale document keeps all of the unit from being written, and every
   * outcome is `stale` then. Without it the other documents are written.
   */
  readonly together?: true;
}

/** Writes to documents of one model, each document once. */
export interface DocumentBatch {
  readonly model: string;
  /** The JSON field. */
  readonly field: string;
  readonly rows: readonly DocumentWrite[];
}

export type DocumentWrite =
  | { readonly op: "insert"; readonly key: Key; readonly whole: string; readonly inner: readonly InnerIdentity[] }
  /** Guarded; without patches only the identities are written, under the same guard. */
  | {
      readonly op: "patch";
      readonly key: Key;
      readonly revision: string;
      /**
       * In order, each on what the one before left, so that what they do not name stays as it is. All of them, however many:
       * the database knows from which number on the whole text costs it less. `"whole"`: it is to be written so in any case.
       */
      readonly patches: readonly JsonPatch[] | "whole";
      /**
       * Written before any document of this unit is what it will be, under the same guard: it lets go of a unique value that
       * another one of them takes.
       */
      readonly first?: readonly JsonPatch[];
      /** The whole text as it will be, for a database that writes it whole. Absent: it was not read, and the patches are all there is. */
      readonly whole?: string;
      readonly inner: readonly InnerIdentity[];
    }
  /** Guarded. */
  | { readonly op: "delete"; readonly key: Key; readonly revision: string; readonly inner: readonly InnerIdentity[] };

export interface JsonPatch {
  /** Objects' keys and arrays' positions. The last step is set, or appended where it is the array's length; the others exist. */
  readonly path: readonly (string | number)[];
  /** JSON text; undefined removes what stands there. */
  readonly value: string | undefined;
}

/**
 * Whose cloudId it is, as it will be once the document is written; written together with it or not at all. Null: forgotten;
 * within a unit all that is forgotten goes first. `model` as in `Documents.identities`.
 * A cloudId that another key of the same model has is refused as `WRITE.UNIQUE`.
 */
export interface InnerIdentity {
  readonly model: string;
  readonly key: Key;
  readonly cloudId: string | null;
}

import type { Key } from "./endpoint.ts";

/** That a record may have changed: from a hook, a trigger, a queue. Lost, doubled, late and wrong ones do no harm. */
export interface Hint {
  readonly model: string;
  /** Absent: some records of this model, nobody can say which. */
  readonly key?: Key;
  /** The cloudId that a record had which is gone, where that is known: nothing else tells what was linked to it. */
  readonly cloudId?: string;
}

/** What was hinted of one model. */
export interface HintedModel {
  /** Each once. `"all"`: more than are kept, or somebody could not name them. */
  readonly keys: readonly Key[] | "all";
  /** CloudIds of records that are gone. */
  readonly gone: readonly string[];
}

/** Where a database tells what may have changed in it. */
export interface Hints {
  /** Behind every hint so far. Opaque text. */
  readonly position: string;
  /** By model, what was hinted behind a position of these hints; without one, all that is kept. */
  since(position: string | undefined): Promise<ReadonlyMap<string, HintedModel>>;
}

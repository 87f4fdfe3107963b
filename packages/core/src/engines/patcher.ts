import type { JsonPatch } from "../documents/contract.ts";

/** What is to become of a document. */
export interface DocumentChange {
  /** The model of the document, as it is unfolded. */
  readonly model: string;
  /** JSON text as it is stored. */
  readonly before: string;
  /** As it is to be. */
  readonly after: string;
  /** The one made into the other by as few and as deep paths as there are: elements that stay are never written again. */
  readonly patches: readonly JsonPatch[];
}

/** How a change of a document is written. */
export interface Patcher {
  /** For messages. */
  readonly name: string;
  /**
   * Patches that lead from the one text to the other, in order, or the document as a whole. Pure. Patches that lead anywhere
   * else are refused before they are sent. The database still writes the whole where many patches would cost it more.
   */
  patch(change: DocumentChange): readonly JsonPatch[] | "whole";
}

/** Writes what changed, and nothing else. */
export const exactPatcher: Patcher = { name: "exact", patch: ({ patches }) => patches };

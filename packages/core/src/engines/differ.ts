import type { Kind } from "../value.ts";

/** What is compared, and as what. */
export interface ComparedField {
  readonly model: string;
  readonly name: string;
  /** The kind at which both sides' values meet. */
  readonly kind: Kind;
}

/** What makes two values of a field the same. */
export interface Differ {
  /** Remembered with what was agreed on: fields compared under another name meet as for the first time. */
  readonly name: string;
  /**
   * Gives the form in which values of this field are compared, remembered and shown in conflicts; two values are the same
   * when their forms are. Pure; canonical text to canonical text of the same kind. What is written is always the value
   * itself. Undefined: values are the same when they are equal.
   */
  formOf(field: ComparedField): ((value: string) => string) | undefined;
}

/** Two values are the same when they are equal at the coarser of their two kinds. */
export const exactDiffer: Differ = { name: "exact", formOf: () => undefined };

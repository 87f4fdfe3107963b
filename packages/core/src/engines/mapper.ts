import type { Kind } from "../value.ts";

/** A field that is mapped to another. */
export interface MappedField {
  readonly model: string;
  readonly name: string;
  readonly kind: Kind;
  readonly nullable: boolean;
}

/** Functions that get and give plain JS values (`decode` of the field's kind), null among them. Pure. */
export interface Converters {
  /** With it, comparison happens in the right field's kind. */
  readonly toRight: (value: never) => unknown;
  /** The way back; needed unless the pair only runs left to right. */
  readonly toLeft?: (value: never) => unknown;
}

/** How the values of one field become those of another, where the mapping names no converters of its own. */
export interface Mapper {
  /** Remembered with what was agreed on: fields mapped under another name meet as for the first time. */
  readonly name: string;
  /** Undefined: the values are carried as they are, by their kinds. */
  between(left: MappedField, right: MappedField): Converters | undefined;
}

/** Carries every value as it is, by the kinds of the two fields. */
export const exactMapper: Mapper = { name: "exact", between: () => undefined };

/** Every code a value can be refused with, and what it means. Also the source of the reference page. */
export const VALUE_CODES = {
  "VALUE.MALFORMED": "not a text form of its kind",
  "VALUE.NOT_A_NUMBER": "not a number, or a NaN or infinity where the kind has none",
  "VALUE.OUT_OF_RANGE": "outside the range of its kind or field",
  "VALUE.TOO_PRECISE": "has more digits after the point than its kind or field holds",
  "VALUE.TOO_LONG": "longer than its field",
  "VALUE.UNSAFE_NUMBER": "a JavaScript number too large to be exact; give a bigint or a text",
  "VALUE.NO_OFFSET": "an instant without `Z` or an offset: which moment it means is unknown",
  "VALUE.LONE_SURROGATE": "holds half of a surrogate pair, which databases replace or refuse",
  "VALUE.NOT_UTF8": "a stored text whose bytes are no UTF-8",
  "VALUE.NUL": "holds U+0000, which its field cannot store",
  "VALUE.NOT_IN_ENUM": "not among the values of its enum",
  "VALUE.TOO_DEEP": "JSON nested deeper than 64 levels",
  "VALUE.DUPLICATE_KEY": "a JSON object with the same key twice",
} as const;

export type ValueErrorCode = keyof typeof VALUE_CODES;

/** A value that its kind refuses. Says why, never what: messages and properties hold no part of the value. */
export class ValueError extends Error {
  readonly isValueError: true = true;
  readonly code: ValueErrorCode;

  constructor(code: ValueErrorCode) {
    super(`${code}: ${VALUE_CODES[code]}`);
    this.name = "ValueError";
    this.code = code;
  }
}

/** By brand, not `instanceof`: two copies of this package recognise each other's errors. */
export function isValueError(error: unknown): error is ValueError {
  return typeof error === "object" && error !== null && "isValueError" in error;
}

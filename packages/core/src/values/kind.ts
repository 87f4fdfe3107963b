/**
 * One canonical value: a text, whose meaning its `Kind` says, or null (SQL null). Where a record has a place for a
 * value, `undefined` there means "not supplied".
 *
 * Within one kind every value has exactly one canonical text. So equality is `===`, hashing is hashing the text, and a
 * unit of work is plain JSON. No JavaScript number, Date or Buffer takes part: each of them loses something.
 */
export type Value = string | null;

/** Digits after the point of a second: 3 for milliseconds, 6 for microseconds. */
export type Digits = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

/**
 * What a field's canonical text means, and how much of it the field can hold. Plain data.
 *
 * The type decides the canonical text; sizes (`maxLength`, `bits`, `precision`, `digits`, …) do not, they decide what
 * `fits`. The one exception is `float`, whose shortest text depends on its width.
 */
export type Kind =
  | TextKind
  | BooleanKind
  | IntegerKind
  | DecimalKind
  | FloatKind
  | InstantKind
  | LocalKind
  | DateKind
  | TimeKind
  | DurationKind
  | BytesKind
  | UuidKind
  | EnumKind
  | JsonKind
  | ListKind;

/** Any well-formed Unicode text, as it is: no trimming, no case folding, no normal form. */
export interface TextKind {
  readonly type: "text";
  /** In code points. Absent: unlimited. */
  readonly maxLength?: number;
  /** The field cannot store U+0000 (Postgres). */
  readonly noNul?: boolean;
}

/** `true` or `false`. */
export interface BooleanKind {
  readonly type: "boolean";
}

/** `-42`: no leading zeros, no plus sign, no `-0`. */
export interface IntegerKind {
  readonly type: "integer";
  /** 53 is what a JavaScript number holds exactly (±(2⁵³ - 1)). Absent: unlimited. */
  readonly bits?: 8 | 16 | 24 | 32 | 53 | 64;
  readonly unsigned?: boolean;
}

/** `123.45`: trailing zeros trimmed, no exponent, no `-0`, no NaN. */
export interface DecimalKind {
  readonly type: "decimal";
  /** All digits together. Absent: unlimited. Without `scale` the point may stand anywhere (Decimal128). */
  readonly precision?: number;
  /** Digits after the point. Absent: unlimited. */
  readonly scale?: number;
  /** Only where a decimal meets a float: values are taken to this width before digits are cut. No field has it. */
  readonly float?: 32 | 64;
}

/**
 * The shortest text that reads back as the same number, in JavaScript's spelling (`1e+21`, `NaN`, `-Infinity`). `-0` is
 * `0`: no database tells them apart in a comparison, so a difference could never be settled.
 */
export interface FloatKind {
  readonly type: "float";
  readonly bits: 32 | 64;
  /** The field cannot store NaN (MySQL refuses it, SQLite silently makes it null). */
  readonly noNaN?: boolean;
  /** The field cannot store infinities (MySQL). */
  readonly noInfinity?: boolean;
}

/**
 * A moment: `2026-01-02T03:04:05.678901Z`, always UTC, trailing zeros of the fraction trimmed. Years outside 0000-9999
 * have a sign and at least six digits (`+012026`, and `-000043` for 44 BC). Also `infinity` and `-infinity`.
 */
export interface InstantKind {
  readonly type: "instant";
  readonly digits: Digits;
  /** The field cannot store `infinity` (everything but Postgres). */
  readonly noInfinity?: boolean;
}

/** A date and time on some wall, no time zone: `2026-01-02T03:04:05.6`, otherwise like an instant. */
export interface LocalKind {
  readonly type: "local";
  readonly digits: Digits;
  readonly noInfinity?: boolean;
}

/** `2026-01-02`, years as in an instant. */
export interface DateKind {
  readonly type: "date";
  readonly noInfinity?: boolean;
}

/** A time of day, no time zone: `03:04:05.6`, up to and including `24:00:00`. */
export interface TimeKind {
  readonly type: "time";
  readonly digits: Digits;
}

/**
 * ISO 8601: `P1Y2M-3DT4H5M6.5S`. Months, days and time are three independent amounts, as Postgres keeps them: years are
 * twelve months and hours are sixty minutes, but a day is not 24 hours and a month is not 30 days.
 */
export interface DurationKind {
  readonly type: "duration";
  readonly digits: Digits;
}

/** Base64 with padding, standard alphabet. */
export interface BytesKind {
  readonly type: "bytes";
  /** In bytes. Absent: unlimited. */
  readonly maxLength?: number;
}

/** Lower case with dashes. */
export interface UuidKind {
  readonly type: "uuid";
}

/** One of `values`, as it is. */
export interface EnumKind {
  readonly type: "enum";
  readonly values: readonly string[];
}

/**
 * JSON without whitespace, keys sorted by UTF-16 code unit, strings with the fewest escapes. Numbers are exact and in
 * one spelling: `1.0`, `1.00` and `1e0` are `1`; 9007199254740993 stays what it is.
 */
export interface JsonKind {
  readonly type: "json";
  /** The field cannot store U+0000 in strings and keys (Postgres `jsonb`; `json` stores it and fails on reading). */
  readonly noNul?: boolean;
}

/** A JSON array of canonical texts, null among them: `["1",null,"3"]`. */
export interface ListKind {
  readonly type: "list";
  readonly of: Kind;
}

/**
 * Values: what "same" means. Everything that passes between two databases is a canonical text, and its kind says what
 * it means (see docs/decisions/0001-canonical-values-are-text.md).
 *
 * The way of one value: the endpoint that read it makes it `canonical` (or `encode`s it); both sides are compared
 * `atMeet`; before it is written it is `narrowed` to the other field's kind, has to pass `fits`, and is made `canonical`
 * there. In this order: `canonical` of a float rounds, and what it has rounded fits.
 */

export { canonical } from "./values/canonical.ts";
export { isValueError, VALUE_CODES, ValueError, type ValueErrorCode } from "./values/error.ts";
export { fits, misfit, type NarrowOptions, narrowed } from "./values/fits.ts";
export { JSON_DEPTH } from "./values/json.ts";
export type {
  BooleanKind,
  BytesKind,
  DateKind,
  DecimalKind,
  Digits,
  DurationKind,
  EnumKind,
  FloatKind,
  InstantKind,
  IntegerKind,
  JsonKind,
  Kind,
  ListKind,
  LocalKind,
  TextKind,
  TimeKind,
  UuidKind,
  Value,
} from "./values/kind.ts";
export { atMeet, holdsAll, type Meet, meet } from "./values/meet.ts";
export { decode, encode } from "./values/plain.ts";
export { type MatchRule, matchForm } from "./values/text.ts";

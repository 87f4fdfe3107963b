import { canonical, mapList } from "./canonical.ts";
import { truncateDuration } from "./duration.ts";
import { isValueError } from "./error.ts";
import type { DecimalKind, Digits, EnumKind, FloatKind, Kind } from "./kind.ts";
import { truncateDecimal } from "./number.ts";
import { truncateSeconds } from "./time.ts";

/** The coarsest kind of two fields: values of both sides are compared as texts of this kind. */
export type Meet = Kind;

type Type = Kind["type"];
type Of<T extends Type> = Extract<Kind, { readonly type: T }>;
type Rule<A extends Type, B extends Type> = (a: Of<A>, b: Of<B>) => Meet | undefined;

/**
 * Where two kinds meet. Each pair stands here once, for both orders. A pair that is missing, or whose rule gives
 * undefined, has no meet: the mapping needs a converter (`date` with `instant`: at which hour? `boolean` with
 * `integer`: what is 2?).
 *
 * Digits after the point are precision, and the longer side's are cut. But a fraction against a whole number is not
 * precision, it is another number: there nothing is cut and the values differ.
 */
const RULES: { readonly [A in Type]: { readonly [B in Type]?: Rule<A, B> } } = {
  text: {
    text: (a, b) => ({ type: "text", maxLength: least(a.maxLength, b.maxLength), noNul: a.noNul || b.noNul }),
    enum: (text) => text,
    uuid: (_, uuid) => uuid,
  },
  boolean: { boolean: same },
  integer: {
    integer: (a, b) => ({ type: "integer", bits: leastBits(a.bits, b.bits), unsigned: a.unsigned || b.unsigned }),
    decimal: (integer, decimal) => (isWhole(decimal) ? integer : decimal),
    float: (_, float) => float,
  },
  decimal: {
    decimal: (a, b) => (isWhole(a) === isWhole(b) ? coarserDecimal(a, b) : isWhole(a) ? b : a),
    float: (decimal, float) =>
      hasFraction(decimal) ? { ...decimal, float: leastBits(decimal.float, float.bits) } : float,
  },
  float: { float: coarserFloat },
  instant: { instant: coarserTime },
  local: { local: coarserTime },
  date: { date: (a, b) => ({ type: "date", noInfinity: a.noInfinity || b.noInfinity }) },
  time: { time: coarserTime },
  duration: { duration: coarserTime },
  bytes: { bytes: (a, b) => ({ type: "bytes", maxLength: least(a.maxLength, b.maxLength) }) },
  uuid: { uuid: same },
  enum: { enum: commonValues },
  json: { json: (a, b) => ({ type: "json", noNul: a.noNul || b.noNul }) },
  list: { list: (a, b) => withItems(meet(a.of, b.of)) },
};

/** Where the two fields' kinds meet, in either order; undefined if they cannot be compared without a converter. */
export function meet(a: Kind, b: Kind): Meet | undefined {
  const met = rule(a.type, b.type)?.(a, b) ?? rule(b.type, a.type)?.(b, a);
  return met && tidy(met);
}

/** Whether a field of kind `to` holds every value of kind `from` in the same text. No stands also for what is hard to tell. */
export function holdsAll(to: Kind, from: Kind): boolean {
  if (JSON.stringify(to) === JSON.stringify(from)) return true;
  if (to.type === "list" && from.type === "list") return holdsAll(to.of, from.of);
  if (to.type === "decimal" && from.type === "decimal") return holdsAllDecimals(to, from);
  // They meet at the narrower one.
  return to.type === from.type && JSON.stringify(meet(from, to)) === JSON.stringify(meet(from, from));
}

function holdsAllDecimals(to: DecimalKind, from: DecimalKind): boolean {
  const fractions = to.scale === undefined || (from.scale !== undefined && from.scale <= to.scale);
  const [most, needed] = [wholeDigits(to), wholeDigits(from)];
  return fractions && (to.precision === undefined || (most !== undefined && needed !== undefined && needed <= most));
}

/** The table's types say which rule belongs to which pair; here the pair is only known as two strings. */
function rule(a: Type, b: Type): ((a: Kind, b: Kind) => Meet | undefined) | undefined {
  return RULES[a][b] as ((a: Kind, b: Kind) => Meet | undefined) | undefined;
}

/** Without members that say nothing, so that equal meets are equal as data. */
function tidy(kind: Meet): Meet {
  return Object.fromEntries(Object.entries(kind).filter(([, fact]) => fact !== undefined && fact !== false)) as Meet;
}

/**
 * A canonical text of either side's kind, reduced to the meet. Two values are the same exactly when these texts are. A
 * text that cannot be expressed at the meet (a NaN where decimals meet, a word where uuids meet) stays as it is, and so
 * equals nothing of the other side.
 */
export function atMeet(met: Meet, text: string): string {
  switch (met.type) {
    case "instant":
    case "local":
    case "time":
      return truncateSeconds(text, met.digits);
    case "duration":
      return truncateDuration(text, met.digits);
    case "decimal":
      return decimalAtMeet(met, text);
    case "float":
    case "uuid":
      return expressed(met, text);
    case "list":
      return mapList(text, (item) => atMeet(met.of, item));
    default:
      return text;
  }
}

function decimalAtMeet(met: DecimalKind, text: string): string {
  if (met.scale === undefined) return text;
  const rounded = met.float === undefined ? text : expressed({ type: "float", bits: met.float }, text);
  return truncateDecimal(expressed(met, rounded), met.scale);
}

function expressed(kind: Kind, text: string): string {
  try {
    return canonical(kind, text);
  } catch (error) {
    if (isValueError(error)) return text;
    throw error;
  }
}

function same<K extends Kind>(a: K): K {
  return a;
}

function withItems(of: Kind | undefined): Meet | undefined {
  return of && { type: "list", of };
}

function coarserFloat(a: FloatKind, b: FloatKind): FloatKind {
  return {
    type: "float",
    bits: a.bits === 32 ? 32 : b.bits,
    noNaN: a.noNaN || b.noNaN,
    noInfinity: a.noInfinity || b.noInfinity,
  };
}

function coarserTime<K extends Of<"instant" | "local" | "time" | "duration">>(a: K, b: K): K {
  const noInfinity = ("noInfinity" in a && a.noInfinity) || ("noInfinity" in b && b.noInfinity);
  return { ...a, digits: Math.min(a.digits, b.digits) as Digits, ...(noInfinity && { noInfinity }) };
}

/** The labels both sides know, in one order; none in common means that the labels themselves need a map. */
function commonValues(a: EnumKind, b: EnumKind): EnumKind | undefined {
  const values = a.values.filter((value) => b.values.includes(value));
  if (values.length === 0) return undefined;
  const inOneOrder = values.join("\0") === b.values.filter((value) => values.includes(value)).join("\0");
  return { type: "enum", values: inOneOrder ? values : values.sort() };
}

function isWhole({ scale }: DecimalKind): boolean {
  return scale !== undefined && scale <= 0;
}

function hasFraction({ scale }: DecimalKind): boolean {
  return scale !== undefined && scale > 0;
}

function coarserDecimal(a: DecimalKind, b: DecimalKind): DecimalKind {
  const scale = least(a.scale, b.scale);
  const whole = least(wholeDigits(a), wholeDigits(b));
  const precision = whole === undefined || scale === undefined ? least(a.precision, b.precision) : whole + scale;
  return { type: "decimal", precision, scale, float: leastBits(a.float, b.float) };
}

function wholeDigits({ precision, scale }: DecimalKind): number | undefined {
  return precision === undefined || scale === undefined ? undefined : precision - scale;
}

function leastBits<Bits extends number>(a: Bits | undefined, b: Bits | undefined): Bits | undefined {
  return least(a, b) as Bits | undefined;
}

/** Absent means unlimited. */
function least(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}

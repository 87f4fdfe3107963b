import { ValueError } from "./error.ts";
import type { DecimalKind, IntegerKind } from "./kind.ts";

/** sign × 0.DIGITS × 10^point. No zeros at either end of `digits`; zero has none at all, and no sign. */
interface Parts {
  readonly sign: "" | "-";
  readonly digits: string;
  readonly point: number;
}

const INTEGER = /^(?:0|-?[1-9]\d*)$/;
const DECIMAL = /^-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?$/;
const SPELLING = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i;

/** More digits than any database keeps (Postgres: 131,072 and 16,383). Without a cap `1e999999999` fills the memory. */
const LONGEST_PLAIN = 150_000;

/** `1.0` and `1e3` are integers too: some drivers print an integer column that way. */
export function canonicalInteger(text: string): string {
  if (INTEGER.test(text)) return text;
  const decimal = canonicalDecimal(text);
  if (decimal.includes(".")) throw new ValueError("VALUE.TOO_PRECISE");
  return decimal;
}

export function canonicalDecimal(text: string): string {
  const short = withoutLastZeros(text);
  if (DECIMAL.test(short) && short !== "-0") return short;
  const parts = split(text);
  if (zeros(parts) + parts.digits.length > LONGEST_PLAIN) throw new ValueError("VALUE.OUT_OF_RANGE");
  return plain(parts);
}

/** `12.30` of a column with two digits is `12.3`: the one thing that most texts of databases lack to be canonical. */
function withoutLastZeros(text: string): string {
  let end = text.length;
  if (text.charCodeAt(end - 1) !== ZERO || !text.includes(".")) return text;
  while (text.charCodeAt(end - 1) === ZERO) end -= 1;
  return text.slice(0, text.charCodeAt(end - 1) === POINT ? end - 1 : end);
}

/** The same for a number within JSON, where nothing bounds the exponent: past a hundred zeros it stays an exponent. */
export function canonicalJsonNumber(text: string): string {
  if (text.length <= 100 && DECIMAL.test(text) && text !== "-0") return text;
  const parts = split(text);
  if (zeros(parts) <= 100) return plain(parts);
  const { sign, digits, point } = parts;
  if (Math.abs(point) > 1_000_000) throw new ValueError("VALUE.OUT_OF_RANGE");
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
  return `${sign}${digits[0]}${fraction}e${point > 0 ? "+" : ""}${point - 1}`;
}

const SPECIAL = /^([+-]?)(?:(nan)|inf(?:inity)?)$/i;
/** JavaScript writes these with an exponent. */
const TINY = /^-?0\.0{6}/;

export function canonicalFloat(text: string, bits: 32 | 64): string {
  // Every decimal of up to 15 digits (6 at 32 bits, and whole numbers of 7) is the shortest text of its float.
  const short = text.length <= (bits === 64 ? 15 : 7);
  if (short && DECIMAL.test(text) && text !== "-0" && !TINY.test(text)) return text;
  const special = SPECIAL.exec(text);
  if (special !== null) {
    if (special[2] !== undefined) return "NaN";
    return special[1] === "-" ? "-Infinity" : "Infinity";
  }
  const number = SPELLING.test(text) && text !== "" ? Number(text) : Number.NaN;
  if (Number.isNaN(number)) throw new ValueError("VALUE.NOT_A_NUMBER");
  const spelled = shortest(number, bits);
  if (spelled.endsWith("Infinity")) throw new ValueError("VALUE.OUT_OF_RANGE");
  return spelled;
}

/** The shortest text that reads back as the same float of that width. */
export function shortest(number: number, bits: 32 | 64): string {
  if (bits === 64) return String(number === 0 ? 0 : number);
  const single = Math.fround(number);
  if (single === 0 || !Number.isFinite(single)) return String(single === 0 ? 0 : single);
  // Nine digits always suffice, and six are always exact, save for the smallest numbers of all.
  for (let digits = Math.abs(single) < SMALLEST_NORMAL_SINGLE ? 1 : 6; digits < 9; digits += 1) {
    const candidate = Number(single.toPrecision(digits));
    if (Math.fround(candidate) === single) return String(candidate);
  }
  return String(Number(single.toPrecision(9)));
}

/** Cuts a canonical decimal after `scale` digits, towards zero. */
export function truncateDecimal(text: string, scale: number): string {
  const point = text.indexOf(".");
  if (point < 0 || text.length - point - 1 <= scale) return text;
  let end = point + 1 + scale;
  while (text.charCodeAt(end - 1) === ZERO) end -= 1;
  if (text.charCodeAt(end - 1) === POINT) end -= 1;
  const cut = text.slice(0, end);
  return cut === "-0" ? "0" : cut;
}

export function isInRange(text: string, { bits, unsigned = false }: IntegerKind): boolean {
  const negative = text.startsWith("-");
  if (unsigned && negative) return false;
  if (bits === undefined) return true;
  const limit = LIMITS[bits][unsigned ? "unsigned" : negative ? "lowest" : "highest"];
  // Two canonical integers of one sign compare by length, then as text.
  return text.length < limit.length || (text.length === limit.length && text <= limit);
}

const LIMITS = {
  8: { lowest: "-128", highest: "127", unsigned: "255" },
  16: { lowest: "-32768", highest: "32767", unsigned: "65535" },
  24: { lowest: "-8388608", highest: "8388607", unsigned: "16777215" },
  32: { lowest: "-2147483648", highest: "2147483647", unsigned: "4294967295" },
  53: { lowest: "-9007199254740991", highest: "9007199254740991", unsigned: "9007199254740991" },
  64: { lowest: "-9223372036854775808", highest: "9223372036854775807", unsigned: "18446744073709551615" },
} as const;

/** Why a canonical decimal does not fit, if so. */
export function decimalMisfit(
  text: string,
  { precision, scale }: DecimalKind,
): "VALUE.OUT_OF_RANGE" | "VALUE.TOO_PRECISE" | undefined {
  if (precision === undefined && scale === undefined) return undefined;
  // As columns for money have it: both bounds stand where the text shows them.
  if (scale !== undefined && scale >= 0 && (precision === undefined || precision > scale)) {
    const at = text.indexOf(".");
    if (at >= 0 && text.length - at - 1 > scale) return "VALUE.TOO_PRECISE";
    const whole = (at < 0 ? text.length : at) - (text.startsWith("-") ? 1 : 0);
    return precision !== undefined && whole > precision - scale ? "VALUE.OUT_OF_RANGE" : undefined;
  }
  const { digits, point } = split(text);
  if (digits === "") return undefined;
  const fraction = digits.length - point;
  if (scale !== undefined && fraction > scale) return "VALUE.TOO_PRECISE";
  if (precision === undefined) return undefined;
  if (scale !== undefined) return point > precision - scale ? "VALUE.OUT_OF_RANGE" : undefined;
  return digits.length > precision ? "VALUE.TOO_PRECISE" : undefined;
}

function split(text: string): Parts {
  const match = SPELLING.exec(text);
  if (match === null) throw new ValueError("VALUE.NOT_A_NUMBER");
  const [, sign, whole = "", fraction = "", exponent = "0"] = match;
  const all = whole + fraction;
  if (all === "") throw new ValueError("VALUE.NOT_A_NUMBER");
  // By hand, since `/0+$/` takes quadratic time on long runs of zeros.
  let start = 0;
  while (all.charCodeAt(start) === ZERO) start += 1;
  let end = all.length;
  while (end > start && all.charCodeAt(end - 1) === ZERO) end -= 1;
  if (start === end) return { sign: "", digits: "", point: 0 };
  return {
    sign: sign === "-" ? "-" : "",
    digits: all.slice(start, end),
    point: whole.length - start + Number(exponent),
  };
}

/** How many zeros the plain spelling adds to the digits. */
function zeros({ digits, point }: Parts): number {
  return point <= 0 ? -point : Math.max(0, point - digits.length);
}

function plain({ sign, digits, point }: Parts): string {
  if (digits === "") return "0";
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  if (point >= digits.length) return sign + digits + "0".repeat(point - digits.length);
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

const SMALLEST_NORMAL_SINGLE = 2 ** -126;
const ZERO = 48;
const POINT = 46;

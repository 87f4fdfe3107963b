import type { ValueKind } from "./corpus/index.ts";

/**
 * What a stored value means, as a text that is the same for every spelling of it, and for nothing else. Written for these
 * tests, so that the product's own idea of equality is judged by another one.
 */

export interface Coarseness {
  /** Digits after the point of a second that both columns have: more are cut. @default 6 */
  readonly digits?: number;
  /** Width of the narrower column. @default 64 */
  readonly bits?: 32 | 64;
}

export function meaning(kind: ValueKind, spelled: string | null, coarse: Coarseness = {}): string | null {
  if (spelled === null) return null;
  switch (kind) {
    case "integer":
      return String(BigInt(spelled));
    case "decimal":
      return number(spelled);
    case "float":
      return float(spelled, coarse.bits ?? 64);
    case "boolean":
      return /^(?:t|true|1)$/i.test(spelled) ? "yes" : /^(?:f|false|0)$/i.test(spelled) ? "no" : `? ${spelled}`;
    case "instant":
    case "local":
      return moment(spelled, coarse.digits ?? 6);
    case "date":
      return moment(spelled, 0);
    case "time":
      return clock(spelled, coarse.digits ?? 6);
    case "duration":
      return duration(spelled);
    case "bytes":
      return spelled.toLowerCase();
    case "uuid":
      return spelled.toLowerCase().replaceAll(/[{}-]/g, "");
    case "json":
      return json(spelled);
    case "list":
      return json(spelled);
    case "text":
    case "enum":
      return spelled;
  }
}

const NUMBER = /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i;

/** Digits without zeros at either end, and where the point is. */
function number(text: string): string {
  const match = NUMBER.exec(text);
  if (match === null || (match[2] === "" && match[3] === "")) return `? ${text}`;
  const [, sign, whole = "", fraction = "", exponent = "0"] = match;
  const digits = (whole + fraction).replace(/^0+/, "");
  if (digits === "") return "0";
  const short = digits.replace(/0+$/, "");
  return `${sign === "-" ? "-" : ""}${short}e${BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - short.length)}`;
}

function float(text: string, bits: 32 | 64): string {
  const value = /^-?inf(inity)?$/i.test(text) ? (text.startsWith("-") ? -Infinity : Infinity) : /nan$/i.test(text) ? Number.NaN : Number(text);
  return String((bits === 32 ? Math.fround(value) : value) + 0);
}

const MOMENT = /^([+-]?\d{4,7})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?)?(?:Z|\+00(?::00)?)?( BC)?$/;

/** Microseconds since 1970, after cutting. */
function moment(text: string, digits: number): string {
  const match = MOMENT.exec(text);
  if (match === null) return `? ${text}`;
  const [, years, month, day, hour = "0", minute = "0", second = "0", fraction = "", era] = match;
  const date = new Date(0);
  // Years of Date end before those of PostgreSQL: the calendar repeats every 400 years.
  const year = era === undefined ? Number(years) : 1 - Number(years);
  const rounds = Math.floor(year / 400);
  date.setUTCFullYear(year - rounds * 400, Number(month) - 1, Number(day));
  date.setUTCHours(Number(hour), Number(minute), Number(second));
  const whole = BigInt(date.getTime()) * 1000n + BigInt(rounds) * 146_097n * 86_400_000_000n;
  return String(whole + micros(fraction, digits));
}

function micros(fraction: string, digits: number): bigint {
  return BigInt(fraction.padEnd(6, "0").slice(0, digits).padEnd(6, "0"));
}

function clock(text: string, digits: number): string {
  const match = /^(\d\d):(\d\d):(\d\d)(?:\.(\d+))?$/.exec(text);
  if (match === null) return `? ${text}`;
  const [, hour, minute, second, fraction = ""] = match;
  return String((BigInt(hour!) * 3600n + BigInt(minute!) * 60n + BigInt(second!)) * 1_000_000n + micros(fraction, digits));
}

/** Months, days and microseconds, as PostgreSQL counts. */
function duration(text: string): string {
  const match = /^P(?:(-?\d+)Y)?(?:(-?\d+)M)?(?:(-?\d+)W)?(?:(-?\d+)D)?(?:T(?:(-?\d+)H)?(?:(-?\d+)M)?(?:(-?)(\d+)(?:\.(\d+))?S)?)?$/.exec(text);
  if (match === null) return `? ${text}`;
  const [years, months, weeks, days, hours, minutes] = match.slice(1, 7).map((part) => BigInt(part ?? 0));
  const seconds = BigInt(match[8] ?? 0) * 1_000_000n + micros(match[9] ?? "", 6);
  const time = (hours! * 3600n + minutes! * 60n) * 1_000_000n + (match[7] === "-" ? -seconds : seconds);
  return `${years! * 12n + months!} ${weeks! * 7n + days!} ${time}`;
}

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

/** Keys in one order, numbers exact, strings as they are. */
function json(text: string): string {
  class Exact {
    readonly meaning: string;
    constructor(source: string) {
      this.meaning = number(source);
    }
  }
  const exact: Reviver = (_, value, { source }) => (typeof value === "number" ? new Exact(source!) : value);
  const write = (value: unknown): string => {
    if (value instanceof Exact) return value.meaning;
    if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
    if (typeof value !== "object" || value === null) return JSON.stringify(value);
    const members = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${write(item)}`);
    return `{${members.sort().join(",")}}`;
  };
  try {
    return write(JSON.parse(text, exact as (key: string, value: unknown) => unknown));
  } catch {
    return `? ${text}`;
  }
}

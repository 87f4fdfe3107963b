import { ValueError } from "./error.ts";
import type { Digits } from "./kind.ts";

/**
 * Dates and times as texts. Only the calendar is computed, and only where a spelling asks for it (an offset, a year
 * BC): a JavaScript Date would cut everything to milliseconds.
 */

// Canonical already, with a year of four digits: everything but 29 February, which takes the long way. One regular
// expression was measured to be faster than a scan by character codes.
const DAY_OF_YEAR =
  "(?:" +
  String.raw`(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|` +
  String.raw`(?:0[13-9]|1[0-2])-(?:29|30)|` +
  String.raw`(?:0[13578]|1[02])-31)`;
const SECOND_OF_DAY = String.raw`(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{0,8}[1-9])?`;
const PLAIN_DATE = new RegExp(String.raw`^\d{4}-${DAY_OF_YEAR}$`);
const PLAIN_TIME = new RegExp(String.raw`^${SECOND_OF_DAY}$`);
const PLAIN_LOCAL = new RegExp(String.raw`^\d{4}-${DAY_OF_YEAR}T${SECOND_OF_DAY}$`);
const PLAIN_INSTANT = new RegExp(String.raw`^\d{4}-${DAY_OF_YEAR}T${SECOND_OF_DAY}Z$`);

/** What Postgres, MySQL and `toISOString` print most: only the separator, the fraction and the zone may differ. */
const NEARLY_PLAIN = new RegExp(
  String.raw`^(\d{4}-${DAY_OF_YEAR})[T ]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d+))?(Z|\+00(?::?00)?)?$`,
);

/** Every other spelling that is read: ISO, and what Postgres, MySQL and drivers print. */
const MOMENT = new RegExp(
  [
    /^([+-]?)(\d{4,7})-(\d\d)-(\d\d)/,
    /(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?/,
    / ?(Z|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)?( BC)?$/,
  ]
    .map((part) => part.source)
    .join(""),
  "i",
);
const CLOCK = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?$/;
const INFINITY = /^([+-]?)infinity$/i;

/** A spelling taken apart: an astronomical year (0 is 1 BC), and the offset in seconds if one was given. */
interface Moment {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  /** Absent: the spelling was a date alone. */
  readonly second: number | undefined;
  readonly fraction: string;
  readonly offset: number | undefined;
}

/** A moment with `Z` or an offset. */
export function canonicalInstant(text: string): string {
  if (PLAIN_INSTANT.test(text)) return text;
  const near = NEARLY_PLAIN.exec(text);
  if (near?.[4] !== undefined) return `${near[1]}T${near[2]}${trimFraction(near[3] ?? "")}Z`;
  const parsed = parse(text);
  if (typeof parsed === "string") return parsed;
  if (parsed.second === undefined) throw new ValueError("VALUE.MALFORMED");
  if (parsed.offset === undefined) throw new ValueError("VALUE.NO_OFFSET");
  return `${print(parsed, parsed.second - parsed.offset)}Z`;
}

/** The same without a zone. An offset is refused: it would have to be dropped or applied, and both are guesses. */
export function canonicalLocal(text: string): string {
  if (PLAIN_LOCAL.test(text)) return text;
  const near = NEARLY_PLAIN.exec(text);
  if (near !== null && near[4] === undefined) return `${near[1]}T${near[2]}${trimFraction(near[3] ?? "")}`;
  const parsed = parse(text);
  if (typeof parsed === "string") return parsed;
  if (parsed.second === undefined || parsed.offset !== undefined) throw new ValueError("VALUE.MALFORMED");
  return print(parsed, parsed.second);
}

/** A date, or a moment that is exactly midnight UTC or has no zone: what drivers give that have no type for a date. */
export function canonicalDate(text: string): string {
  if (PLAIN_DATE.test(text)) return text;
  const parsed = parse(text);
  if (typeof parsed === "string") return parsed;
  const { second = 0, fraction, offset = 0 } = parsed;
  if (second !== 0 || fraction !== "" || offset !== 0) throw new ValueError("VALUE.TOO_PRECISE");
  return print(parsed, 0).slice(0, -"T00:00:00".length);
}

/** A time of day. Postgres also has `24:00:00`, which is not `00:00:00`. */
export function canonicalTime(text: string): string {
  if (PLAIN_TIME.test(text)) return text;
  const match = CLOCK.exec(text);
  if (match === null) throw new ValueError("VALUE.MALFORMED");
  const [, hour, minute, second = "00", digits = ""] = match;
  const fraction = trimFraction(digits);
  const midnight = hour === "24" && minute === "00" && second === "00" && fraction === "";
  if (!midnight && (hour! > "23" || minute! > "59" || second > "59")) throw new ValueError("VALUE.OUT_OF_RANGE");
  return `${hour}:${minute}:${second}${fraction}`;
}

/** Cuts the seconds of a canonical instant, local or time after `digits` digits: towards the past, in every year. */
export function truncateSeconds(text: string, digits: Digits): string {
  const point = text.indexOf(".");
  if (point < 0) return text;
  const end = text.endsWith("Z") ? text.length - 1 : text.length;
  if (end - point - 1 <= digits) return text;
  return text.slice(0, point) + trimFraction(text.slice(point + 1, point + 1 + digits)) + text.slice(end);
}

/** `.5` for `500`, nothing for `000`; more than nanoseconds is refused. */
export function trimFraction(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits.charCodeAt(end - 1) === ZERO) end -= 1;
  if (end > 9) throw new ValueError("VALUE.TOO_PRECISE");
  return end === 0 ? "" : `.${digits.slice(0, end)}`;
}

function parse(text: string): Moment | "infinity" | "-infinity" {
  const match = MOMENT.exec(text);
  if (match === null) {
    const infinity = INFINITY.exec(text);
    if (infinity === null) throw new ValueError("VALUE.MALFORMED");
    return infinity[1] === "-" ? "-infinity" : "infinity";
  }
  const [, sign, years, months, days, hours, minutes, seconds = "0", digits = "", zone, era] = match;
  let year = Number(sign + years!);
  if (era !== undefined) {
    // Postgres has no year 0: 1 BC is the astronomical year 0, 2 BC is -1.
    if (sign !== "" || year === 0) throw new ValueError("VALUE.MALFORMED");
    year = 1 - year;
  }
  const month = Number(months);
  const day = Number(days);
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) throw new ValueError("VALUE.OUT_OF_RANGE");
  const second = hours === undefined ? undefined : secondOfDay(Number(hours), Number(minutes), Number(seconds));
  return {
    year,
    month,
    day,
    second,
    fraction: trimFraction(digits),
    offset: zone === undefined ? undefined : secondsOf(zone),
  };
}

function secondOfDay(hour: number, minute: number, second: number): number {
  if (hour > 23 || minute > 59 || second > 59) throw new ValueError("VALUE.OUT_OF_RANGE");
  return hour * 3600 + minute * 60 + second;
}

/** `Z`, `+02`, `-0330`, `+05:53:28` (local mean time, as Postgres prints old dates). */
function secondsOf(zone: string): number {
  if (zone === "Z" || zone === "z") return 0;
  const digits = zone.replaceAll(":", "");
  const seconds = secondOfDay(Number(digits.slice(1, 3)), Number(digits.slice(3, 5)), Number(digits.slice(5, 7)));
  return zone.startsWith("-") ? -seconds : seconds;
}

/** `second` may lie outside the day, by less than a day: then the date moves. */
function print(date: Moment, second: number): string {
  let { year, month, day } = date;
  if (second < 0) {
    day -= 1;
    if (day === 0) {
      month -= 1;
      if (month === 0) {
        month = 12;
        year -= 1;
      }
      day = daysIn(year, month);
    }
  } else if (second >= DAY) {
    day += 1;
    if (day > daysIn(year, month)) {
      day = 1;
      month += 1;
      if (month > 12) {
        month = 1;
        year += 1;
      }
    }
  }
  const rest = (second + DAY) % DAY;
  const clock = `${pad(Math.floor(rest / 3600))}:${pad(Math.floor(rest / 60) % 60)}:${pad(rest % 60)}`;
  return `${printYear(year)}-${pad(month)}-${pad(day)}T${clock}${date.fraction}`;
}

function printYear(year: number): string {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, "0");
  return (year < 0 ? "-" : "+") + String(Math.abs(year)).padStart(6, "0");
}

function pad(number: number): string {
  return number < 10 ? `0${number}` : String(number);
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

const DAY = 86_400;
const ZERO = 48;

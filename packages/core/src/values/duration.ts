import { ValueError } from "./error.ts";
import type { Digits } from "./kind.ts";
import { trimFraction } from "./time.ts";

const AMOUNT = String.raw`([+-]?\d{1,15})`;
const ISO = new RegExp(
  String.raw`^([+-]?)P(?:${AMOUNT}Y)?(?:${AMOUNT}M)?(?:${AMOUNT}W)?(?:${AMOUNT}D)?` +
    String.raw`(?:T(?:${AMOUNT}H)?(?:${AMOUNT}M)?(?:([+-]?)(\d{1,15})(?:\.(\d+))?S)?)?$`,
);
const CLOCK = /^([+-]?)(\d{1,15}):([0-5]\d)(?::([0-5]\d)(?:\.(\d+))?)?$/;

/** ISO 8601 as Postgres writes it (every amount with a sign of its own), or `[-]H:MM:SS` as MySQL writes a TIME. */
export function canonicalDuration(text: string): string {
  const iso = ISO.exec(text);
  if (iso !== null && !/[PT]$/.test(text)) {
    const [, sign, years, months, weeks, days, hours, minutes, secondSign = "", seconds = "0", digits = ""] = iso;
    const factor = sign === "-" ? -1n : 1n;
    const fraction = nanoseconds(digits);
    return print(
      factor * (whole(years) * 12n + whole(months)),
      factor * (whole(weeks) * 7n + whole(days)),
      factor *
        ((whole(hours) * 3600n + whole(minutes) * 60n) * SECOND +
          (secondSign === "-" ? -1n : 1n) * (whole(seconds) * SECOND + fraction)),
    );
  }
  const clock = CLOCK.exec(text);
  if (clock === null) throw new ValueError("VALUE.MALFORMED");
  const [, sign, hours, minutes, seconds, digits = ""] = clock;
  const time = (whole(hours) * 3600n + whole(minutes) * 60n + whole(seconds)) * SECOND + nanoseconds(digits);
  return print(0n, 0n, sign === "-" ? -time : time);
}

/** Cuts the seconds after `digits` digits, towards zero. */
export function truncateDuration(text: string, digits: Digits): string {
  const point = text.indexOf(".");
  if (point < 0 || text.length - 1 - point - 1 <= digits) return text;
  // Read again, since without its fraction the time may be zero and have no sign and no place.
  return canonicalDuration(`${text.slice(0, digits === 0 ? point : point + 1 + digits)}S`);
}

function print(months: bigint, days: bigint, time: bigint): string {
  const date = amount(months / 12n, "Y") + amount(months % 12n, "M") + amount(days, "D");
  const [magnitude, sign] = time < 0n ? [-time, "-"] : [time, ""];
  const fraction = trimFraction(String(magnitude % SECOND).padStart(9, "0"));
  const seconds = (magnitude / SECOND) % 60n;
  const clock =
    amount(time / (3600n * SECOND), "H") +
    amount((time / (60n * SECOND)) % 60n, "M") +
    (seconds === 0n && fraction === "" ? "" : `${sign}${seconds}${fraction}S`);
  if (clock !== "") return `P${date}T${clock}`;
  return date === "" ? "PT0S" : `P${date}`;
}

function amount(value: bigint, unit: string): string {
  return value === 0n ? "" : `${value}${unit}`;
}

function whole(digits: string | undefined): bigint {
  return digits === undefined ? 0n : BigInt(digits.replace("+", ""));
}

function nanoseconds(digits: string): bigint {
  return BigInt(trimFraction(digits).slice(1).padEnd(9, "0"));
}

const SECOND = 1_000_000_000n;

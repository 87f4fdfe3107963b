import * as fc from "fast-check";
import type { Digits, Kind } from "../src/value.ts";

const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });
export const unicode = fc.string({ unit: "binary" });
export const digits = fc.integer({ min: 0, max: 9 }) as fc.Arbitrary<Digits>;
export const zeros = fc.integer({ min: 0, max: 5 }).map((count) => "0".repeat(count));
export const flag = fc.constantFrom(true, undefined);
const floatBits = fc.constantFrom<32 | 64>(32, 64);

export const kinds: fc.Arbitrary<Kind> = fc.letrec<{ kind: Kind }>((tie) => ({
  kind: fc.oneof(
    { maxDepth: 2 },
    fc.record({ type: fc.constant("text"), maxLength: optional(fc.nat(50)), noNul: flag }),
    fc.record({ type: fc.constant("boolean") }),
    fc.record({ type: fc.constant("integer"), bits: optional(fc.constantFrom(8, 16, 24, 32, 53, 64)), unsigned: flag }),
    fc.record({
      type: fc.constant("decimal"),
      precision: optional(fc.integer({ min: 6, max: 40 })),
      scale: optional(fc.nat(6)),
    }),
    fc.record({ type: fc.constant("float"), bits: floatBits, noNaN: flag, noInfinity: flag }),
    fc.record({ type: fc.constantFrom("instant", "local"), digits, noInfinity: flag }),
    fc.record({ type: fc.constant("date"), noInfinity: flag }),
    fc.record({ type: fc.constantFrom("time", "duration"), digits }),
    fc.record({ type: fc.constant("bytes"), maxLength: optional(fc.nat(50)) }),
    fc.record({ type: fc.constant("uuid") }),
    fc.record({
      type: fc.constant("enum"),
      values: fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"), { minLength: 1 }),
    }),
    fc.record({ type: fc.constant("json"), noNul: flag }),
    fc.record({ type: fc.constant("list"), of: tie("kind") }),
  ) as fc.Arbitrary<Kind>,
})).kind;

const pad = (number: number, length = 2): string => String(number).padStart(length, "0");
export const dates = fc
  .tuple(fc.integer({ min: 0, max: 12_000 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 }))
  .map(([year, month, day]) => `${year > 9999 ? `+${pad(year, 6)}` : pad(year, 4)}-${pad(month)}-${pad(day)}`);
const fractions = fc.oneof(fc.constant(""), fc.stringMatching(/^\.\d{1,9}$/));
export const clocks = fc
  .tuple(fc.nat(23), fc.nat(59), fc.nat(59), fractions)
  .map(([hour, minute, second, fraction]) => `${pad(hour)}:${pad(minute)}:${pad(second)}${fraction}`);
export const offsets = fc
  .tuple(fc.constantFrom("+", "-"), fc.nat(14), fc.nat(59))
  .map(([sign, hour, minute]) => `${sign}${pad(hour)}:${pad(minute)}`);
export const amounts = fc.integer({ min: -5000, max: 5000 });
export const numbers = fc
  .tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.integer({ min: -40, max: 40 }))
  .map(([unscaled, exponent]) => `${unscaled}e${exponent}`);

/** Some spelling of a value of that kind, canonical or not. */
export function spellings(kind: Kind): fc.Arbitrary<string> {
  switch (kind.type) {
    case "text":
      return unicode;
    case "boolean":
      return fc.constantFrom("t", "f", "TRUE", "false", "0", "1");
    case "integer":
      return fc.oneof(
        fc.bigInt().map(String),
        fc.bigInt().map((value) => `${value}.00`),
      );
    case "decimal":
      return numbers;
    case "float":
      return kind.bits === 64 ? fc.double().map(String) : fc.float().map(String);
    case "instant":
      return fc
        .tuple(dates, clocks, fc.oneof(fc.constant("Z"), offsets))
        .map(([date, clock, zone]) => `${date} ${clock}${zone}`);
    case "local":
      return fc.tuple(dates, clocks).map(([date, clock]) => `${date}T${clock}`);
    case "date":
      return dates;
    case "time":
      return clocks;
    case "duration":
      return fc
        .tuple(amounts, amounts, amounts, amounts, fractions)
        .map(([months, days, minutes, seconds, fraction]) => `P${months}M${days}DT${minutes}M${seconds}${fraction}S`);
    case "bytes":
      return fc.uint8Array().map((bytes) => Buffer.from(bytes).toString("base64url"));
    case "uuid":
      return fc.uuid().map((uuid) => uuid.toUpperCase());
    case "enum":
      return fc.constantFrom(...kind.values);
    case "json":
      return fc.json({ maxDepth: 4 }).map((text) => ` ${text}`);
    case "list":
      return fc.array(fc.option(spellings(kind.of))).map((items) => JSON.stringify(items, null, 1));
  }
}

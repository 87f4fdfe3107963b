import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { atMeet, canonical, decode, encode, fits, isValueError, type Kind, matchForm, narrowed } from "../src/value.ts";
import {
  amounts,
  clocks,
  dates,
  digits,
  flag,
  kinds,
  numbers,
  offsets,
  spellings,
  unicode,
  zeros,
} from "./values-arbitraries.ts";

const RUNS = { numRuns: 1000 };

const decimal: Kind = { type: "decimal" };
const integer: Kind = { type: "integer" };
const json: Kind = { type: "json" };
const instant: Kind = { type: "instant", digits: 9 };

const kindAndText = kinds.chain((kind) => fc.tuple(fc.constant(kind), spellings(kind)));

describe("canonical", () => {
  test("is idempotent, of every kind", () => {
    fc.assert(
      fc.property(kindAndText, ([kind, text]) => {
        const value = canonical(kind, text);
        expect(canonical(kind, value)).toBe(value);
      }),
      { numRuns: 5000 },
    );
  });

  test("accepts or refuses any text with a ValueError, and never in another way", () => {
    fc.assert(
      fc.property(kinds, fc.oneof(unicode, fc.string(), fc.json(), numbers, dates, clocks), (kind, text) => {
        let value: string;
        try {
          value = canonical(kind, text);
        } catch (error) {
          if (isValueError(error)) return;
          throw error;
        }
        expect(canonical(kind, value)).toBe(value);
      }),
      { numRuns: 5000 },
    );
  });

  test("of a JavaScript value and back is the same text", () => {
    fc.assert(
      fc.property(kindAndText, ([kind, text]) => {
        const value = canonical(kind, text);
        fc.pre(!(kind.type === "json" || JSON.stringify(kind).includes('"json"')));
        expect(encode(kind, decode(kind, value))).toBe(value);
      }),
      { numRuns: 5000 },
    );
  });
});

describe("numbers", () => {
  test("of any size are exact", () => {
    fc.assert(
      fc.property(fc.bigInt(), zeros, zeros, (value, leading, trailing) => {
        const sign = value < 0n ? "-" : "+";
        const magnitude = String(value < 0n ? -value : value);
        expect(canonical(integer, `${sign}${leading}${magnitude}.${trailing}`)).toBe(String(value));
      }),
      RUNS,
    );
  });

  test("as decimals are the same text exactly when they are the same number", () => {
    const scaled = fc.tuple(fc.bigInt({ min: -2000n, max: 2000n }), fc.integer({ min: -3, max: 3 }));
    fc.assert(
      fc.property(scaled, scaled, ([a, x], [b, y]) => {
        const same = a * 10n ** BigInt(x + 3) === b * 10n ** BigInt(y + 3);
        expect(canonical(decimal, `${a}e${x}`) === canonical(decimal, `${b}e${y}`)).toBe(same);
        expect(canonical(json, `${a}e${x}`) === canonical(json, `${b}e${y}`)).toBe(same);
      }),
      RUNS,
    );
  });

  test("as decimals agree with scaled integers, whole and cut", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
        fc.nat(12),
        fc.nat(12),
        (unscaled, scale, cut) => {
          const value = canonical(decimal, `${unscaled}e-${scale}`);
          const read = (text: string): bigint => {
            const [whole, fraction = ""] = text.split(".");
            return BigInt(whole! + fraction.padEnd(12, "0"));
          };
          expect(read(value)).toBe(unscaled * 10n ** BigInt(12 - scale));
          const unit = 10n ** BigInt(12 - cut);
          expect(read(atMeet({ type: "decimal", scale: cut }, value))).toBe((read(value) / unit) * unit);
          expect(fits({ type: "decimal", scale: cut }, value) === undefined).toBe(read(value) % unit === 0n);
        },
      ),
      RUNS,
    );
  });

  test("as floats read back as the same float, in the fewest digits", () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.float({ noNaN: true, noDefaultInfinity: true }),
        (double, single) => {
          expect(canonical({ type: "float", bits: 64 }, String(double))).toBe(String(double === 0 ? 0 : double));
          const short = canonical({ type: "float", bits: 32 }, String(single));
          const number = single === 0 ? 0 : single;
          expect(Math.fround(Number(short))).toBe(number);
          const candidates = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((count) => Number(number.toPrecision(count)));
          expect(Number(short)).toBe(candidates.find((candidate) => Math.fround(candidate) === number));
        },
      ),
      RUNS,
    );
  });

  test("fit an integer field exactly within its bits", () => {
    fc.assert(
      fc.property(
        fc.constantFrom<8 | 16 | 24 | 32 | 64>(8, 16, 24, 32, 64),
        fc.boolean(),
        fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }),
        fc.nat(66),
        (bits, unsigned, wide, shift) => {
          const value = wide >> BigInt(shift);
          const wrapped = unsigned ? BigInt.asUintN(bits, value) : BigInt.asIntN(bits, value);
          expect(fits({ type: "integer", bits, unsigned }, String(value)) === undefined).toBe(wrapped === value);
        },
      ),
      RUNS,
    );
  });
});

describe("times", () => {
  const moments = fc.date({ noInvalidDate: true });

  test("agree with Date wherever Date reaches, through every spelling", () => {
    fc.assert(
      fc.property(moments, zeros, (date, trailing) => {
        const value = encode(instant, date);
        const iso = date.toISOString();
        expect(new Date(decode(instant, value) as string).getTime()).toBe(date.getTime());
        expect(canonical(instant, iso)).toBe(value);
        expect(canonical(instant, iso.replace("T", " ").replace("Z", `${trailing}+00`))).toBe(value);
      }),
      RUNS,
    );
  });

  test("with an offset are the moment that Date makes of them", () => {
    fc.assert(
      fc.property(
        fc.date({ noInvalidDate: true, min: new Date("0000-01-03T00:00:00Z"), max: new Date("9999-12-29T00:00:00Z") }),
        offsets,
        (date, offset) => {
          const text = date.toISOString().replace("Z", offset);
          expect(canonical(instant, text)).toBe(encode(instant, new Date(text)));
        },
      ),
      RUNS,
    );
  });

  test("keep every digit and move nothing when cut", () => {
    fc.assert(
      fc.property(dates, clocks, digits, (date, clock, kept) => {
        const value = canonical(instant, `${date}T${clock}Z`);
        const cut = atMeet({ type: "instant", digits: kept }, value);
        expect(value.startsWith(cut.slice(0, -1))).toBe(true);
        expect(narrowed({ type: "instant", digits: kept }, value)).toBe(cut);
        expect(fits({ type: "instant", digits: kept }, cut)).toBeUndefined();
      }),
      RUNS,
    );
  });

  test("as durations keep months, days and time apart, and each of them whole", () => {
    fc.assert(
      fc.property(amounts, amounts, amounts, amounts, (months, days, minutes, seconds) => {
        const value = canonical({ type: "duration", digits: 6 }, `P${months}M${days}DT${minutes}M${seconds}S`);
        const [date = "", time = ""] = value.slice(1).split("T");
        const sum = (text: string, units: Record<string, number>): number =>
          [...text.matchAll(/(-?\d+)([A-Z])/g)].reduce(
            (total, [, count, unit]) => total + Number(count) * (units[unit!] ?? 0),
            0,
          );
        expect(sum(date, { Y: 12, M: 1 })).toBe(months);
        expect(sum(date, { D: 1 })).toBe(days);
        expect(sum(time, { H: 3600, M: 60, S: 1 })).toBe(minutes * 60 + seconds);
      }),
      RUNS,
    );
  });
});

test("a match form is its own match form, and well-formed text stays so", () => {
  fc.assert(
    fc.property(
      unicode,
      flag,
      fc.constantFrom("lower" as const, undefined),
      fc.constantFrom("NFC" as const, undefined),
      (text, trim, letters, form) => {
        const rule = { trim, case: letters, unicode: form };
        const once = matchForm(text, rule);
        expect(matchForm(once, rule)).toBe(once);
        expect(canonical({ type: "text" }, once)).toBe(once);
      },
    ),
    { numRuns: 5000 },
  );
});

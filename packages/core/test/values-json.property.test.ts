import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonical, decode, encode, type Kind } from "../src/value.ts";

const RUNS = { numRuns: 1000 };
const json: Kind = { type: "json" };

/** Another text of the same JSON: keys in another order, white space, escapes, numbers with zeros or an exponent. */
function respelled(plain: unknown, random: () => number): string {
  const space = (): string => " \n\t".slice(0, Math.floor(random() * 4));
  if (Array.isArray(plain)) {
    const items = plain.map((item) => space() + respelled(item, random) + space());
    return `[${items.join(",")}]`;
  }
  if (typeof plain === "object" && plain !== null) {
    const members = Object.entries(plain).map(([key, value]) => ({
      place: random(),
      text: `${space()}${respelled(key, random)}${space()}:${space()}${respelled(value, random)}${space()}`,
    }));
    const shuffled = members.sort((a, b) => a.place - b.place);
    return `{${shuffled.map(({ text }) => text).join(",")}}`;
  }
  if (typeof plain === "string") {
    const escape = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
    const letters = [...plain].map((letter) =>
      random() < 0.3 ? letter.split("").map(escape).join("") : JSON.stringify(letter).slice(1, -1),
    );
    return `"${letters.join("")}"`;
  }
  if (typeof plain === "number" && Math.abs(plain) < 1e15 && Number.isInteger(plain)) {
    return plain + [".0", ".00e0", "E+0", ".000"][Math.floor(random() * 4)]!;
  }
  return JSON.stringify(plain);
}

describe("canonical JSON", () => {
  test("does not depend on key order, white space, escapes or the spelling of numbers", () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ stringUnit: "binary" }),
        fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
        (plain, stream) => {
          const text = respelled(plain, () => stream.next().value!);
          expect(canonical(json, text)).toBe(canonical(json, JSON.stringify(plain)));
        },
      ),
      RUNS,
    );
  });

  test("keeps integers beyond 2^53", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 60n), max: 10n ** 60n }), (value) => {
        expect(canonical(json, `{"a":[${value}]}`)).toBe(`{"a":[${value}]}`);
        expect(BigInt(decode(json, String(value)) as number | bigint)).toBe(value);
      }),
      RUNS,
    );
  });

  test("JSON of a JavaScript value and back is the same text", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }), (plain) => {
        const value = encode(json, plain);
        expect(encode(json, decode(json, value))).toBe(value);
        expect(canonical(json, JSON.stringify(plain))).toBe(value);
        expect(JSON.parse(value)).toEqual(JSON.parse(JSON.stringify(plain)));
      }),
      RUNS,
    );
  });
});

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { hash64, hasher } from "../src/hash.ts";
import type { Value } from "../src/value.ts";

const texts = fc.string({ unit: "binary" });
const seeds = fc.maxSafeInteger();
const values: fc.Arbitrary<(Value | undefined)[]> = fc.array(
  fc.oneof(texts, fc.constant(null), fc.constant(undefined)),
);

const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** The 64 bits of a hash, as zeros and ones. */
function bits(hash: string): string {
  return [...hash]
    .map((letter) => BASE64URL.indexOf(letter).toString(2).padStart(6, "0"))
    .join("")
    .slice(0, 64);
}

function hashAll(sequence: (Value | undefined)[], seed: number): string {
  const all = hasher(seed);
  for (const value of sequence) all.add(value);
  return all.digest();
}

test("equal texts have equal hashes, however they were made, and different ones do not", () => {
  fc.assert(
    fc.property(texts, texts, seeds, (a, b, seed) => {
      expect(hash64(`${a}${b}`, seed)).toBe(hash64([...a, ...b].join(""), seed));
      expect(hash64(a, seed) === hash64(b, seed)).toBe(a === b);
    }),
    { numRuns: 2000 },
  );
});

test("sequences have equal hashes exactly when they are equal", () => {
  fc.assert(
    fc.property(values, values, seeds, (a, b, seed) => {
      const same = a.length === b.length && a.every((value, index) => value === b[index]);
      expect(hashAll(a, seed) === hashAll(b, seed)).toBe(same);
    }),
    { numRuns: 2000 },
  );
});

test("flipping one bit of a text flips every bit of its hash about half of the time", () => {
  const flips = Array.from({ length: 64 }, () => 0);
  let pairs = 0;
  fc.assert(
    fc.property(fc.string({ minLength: 6, maxLength: 40 }), fc.nat(), fc.nat(6), (text, place, bit) => {
      const at = place % text.length;
      const flipped = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << bit)) + text.slice(at + 1);
      const before = bits(hash64(text, 11));
      const after = bits(hash64(flipped, 11));
      for (let index = 0; index < 64; index += 1) if (before[index] !== after[index]) flips[index]! += 1;
      pairs += 1;
    }),
    { numRuns: 20_000, seed: 1 },
  );
  for (const count of flips) {
    expect(count / pairs).toBeGreaterThan(0.47);
    expect(count / pairs).toBeLessThan(0.53);
  }
});

test("hashes spread evenly: a 20-bit part of them collides as often as chance has it", () => {
  const count = 200_000;
  const slots = 2 ** 20;
  const expected = count - slots * (1 - Math.exp(-count / slots));
  for (const part of [0, 20, 44]) {
    const seen = new Set<string>();
    for (let index = 0; index < count; index += 1)
      seen.add(bits(hash64(`user${index}@example.com`, 5)).slice(part, part + 20));
    expect(Math.abs(count - seen.size - expected)).toBeLessThan(expected * 0.05);
  }
});

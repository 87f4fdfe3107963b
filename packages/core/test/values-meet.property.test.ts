import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { atMeet, canonical, fits, holdsAll, meet, narrowed } from "../src/value.ts";
import { kinds, spellings } from "./values-arbitraries.ts";

describe("the meet", () => {
  test("is commutative and idempotent", () => {
    fc.assert(
      fc.property(kinds, kinds, (a, b) => {
        expect(meet(a, a)).toEqual(a);
        const met = meet(a, b);
        expect(meet(b, a)).toEqual(met);
        expect(met && meet(met, met)).toEqual(met);
      }),
      { numRuns: 20_000 },
    );
  });

  const metTexts = fc
    .tuple(kinds, kinds)
    .filter(([a, b]) => meet(a, b) !== undefined)
    .chain(([a, b]) => fc.record({ a: fc.constant(a), b: fc.constant(b), left: spellings(a), right: spellings(b) }));

  test("reduces once: what is reduced stays, of either side's kind, and equal texts stay equal", () => {
    fc.assert(
      fc.property(metTexts, ({ a, b, left, right }) => {
        const met = meet(a, b)!;
        for (const text of [canonical(a, left), canonical(b, right)]) {
          const reduced = atMeet(met, text);
          expect(atMeet(met, reduced)).toBe(reduced);
        }
        expect(atMeet(met, canonical(a, left))).toBe(atMeet(met, canonical(a, canonical(a, left))));
      }),
      { numRuns: 3000 },
    );
  });

  test("is kept by a write: what is narrowed and fits equals its origin at the meet", () => {
    fc.assert(
      fc.property(metTexts, fc.boolean(), ({ a, b, left }, decimals) => {
        const met = meet(a, b)!;
        const origin = canonical(a, left);
        const sent = narrowed(b, origin, { decimals });
        fc.pre(fits(b, sent) === undefined);
        const stored = canonical(b, sent);
        expect(fits(b, stored)).toBeUndefined();
        expect(atMeet(met, stored)).toBe(atMeet(met, origin));
      }),
      { numRuns: 5000 },
    );
  });

  test("a field that holds all values of another kind holds each in the same text", () => {
    fc.assert(
      fc.property(metTexts, ({ a, b, left }) => {
        fc.pre(holdsAll(b, a));
        const text = canonical(a, left);
        fc.pre(fits(a, text) === undefined);
        expect([narrowed(b, text), canonical(b, text), fits(b, text)]).toEqual([text, text, undefined]);
      }),
      { numRuns: 2000 },
    );
  });
});

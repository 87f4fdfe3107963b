import { expect, test } from "vitest";
import { ADAPTERS, dialOf, enginesOf, pairsOf } from "../src/dial.ts";

test("the fast loop has one pair, CI the star, and PAIRS says otherwise", () => {
  expect([dialOf({}), dialOf({ CI: "true" }), dialOf({ CI: "true", PAIRS: "full" })]).toEqual(["one", "star", "full"]);
  expect(() => dialOf({ PAIRS: "all" })).toThrow("one, star, full");
});

test("the full product is every ordered pair, the star meets every adapter both ways", () => {
  expect(pairsOf("one")).toHaveLength(1);
  expect(new Set(pairsOf("full").map((pair) => pair.join()))).toHaveProperty("size", 36);
  const star = pairsOf("star");
  expect(star).toHaveLength(11);
  for (const adapter of ADAPTERS) for (const at of [0, 1]) expect(star.some((pair) => pair[at] === adapter)).toBe(true);
});

test("a relational adapter sits on a file to the left and on a server to the right, in the full product also the other way round", () => {
  const relational = ["postgres", "sqlite"] as const;
  expect(enginesOf("star", relational, relational)).toEqual([["sqlite", "postgres"]]);
  expect(enginesOf("full", relational, relational)).toEqual([["sqlite", "postgres"], ["postgres", "sqlite"]]);
  expect(enginesOf("full", ["mongodb"], relational)).toEqual([["mongodb", "postgres"], ["mongodb", "sqlite"]]);
  expect(enginesOf("full", ["mongodb"], ["mongodb"])).toEqual([["mongodb", "mongodb"]]);
});

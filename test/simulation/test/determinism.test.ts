import { beforeAll, expect, test } from "vitest";
import { simulate, type SimulationResult } from "../src/simulate.ts";

const results: SimulationResult[] = [];

beforeAll(async () => {
  for (let seed = 0; seed < 200; seed += 1) results.push(await simulate(seed));
}, 60_000);

test("the same seed takes the same course, twice (I20)", async () => {
  for (const first of results.slice(0, 40)) {
    const second = await simulate(first.seed);
    expect({ seed: second.seed, hash: second.hash, steps: second.steps }).toEqual({ seed: first.seed, hash: first.hash, steps: first.steps });
  }
}, 60_000);

test("different seeds take different courses", () => {
  expect(new Set(results.map((result) => result.hash)).size).toBe(results.length);
});

test("the seeds together meet every model set, every fault, and many reasons why a record may wait", () => {
  const all = (names: (result: SimulationResult) => Iterable<string>): string[] => [...new Set(results.flatMap((result) => [...names(result)]))].sort();
  expect(all((result) => [result.set])).toEqual(["altering", "cycle", "edges", "keyed", "notes", "places", "precision", "proposals", "rights", "tree"]);
  expect(all((result) => result.faults.keys())).toEqual(["crash", "lost answer", "takeover", "transient", "twice"]);
  expect(all((result) => result.excused.keys())).toEqual(expect.arrayContaining(["check", "unique", "scale", "parent", "conflict first-link"]));
  expect(results.reduce((sum, result) => sum + result.obligations, 0)).toBeGreaterThan(100);
});

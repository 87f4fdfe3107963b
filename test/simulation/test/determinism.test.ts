import { expect, test } from "vitest";
import { simulate } from "../src/simulate.ts";

test("the same seed takes the same course, twice (I20)", async () => {
  for (let seed = 0; seed < 60; seed += 1) {
    const [one, two] = [await simulate(seed), await simulate(seed)];
    expect(two.hash, `seed ${seed}`).toBe(one.hash);
    expect(two.steps, `seed ${seed}`).toEqual(one.steps);
  }
});

test("different seeds take different courses", async () => {
  const hashes = new Set<string>();
  for (let seed = 0; seed < 60; seed += 1) hashes.add((await simulate(seed)).hash);
  expect(hashes.size).toBe(60);
});

test("the seeds together meet every fault, every model set, every reason to differ and every kind of conflict", async () => {
  const sets = new Set<string>();
  const faults = new Set<string>();
  const reasons = new Set<string>();
  let obligations = 0;
  for (let seed = 0; seed < 300; seed += 1) {
    const result = await simulate(seed);
    sets.add(result.set);
    for (const fault of result.faults.keys()) faults.add(fault);
    for (const reason of result.excused.keys()) reasons.add(reason);
    obligations += result.obligations;
  }
  expect([...sets].sort()).toEqual(["altering", "cycle", "keyed", "notes", "places", "precision", "proposals", "rights", "tree"]);
  expect([...faults].sort()).toEqual(["crash", "lost answer", "takeover", "transient", "twice"]);
  expect([...reasons]).toEqual(expect.arrayContaining(["check", "unique", "scale", "parent", "conflict first-link"]));
  expect(obligations).toBeGreaterThan(100);
});

import { describe, expect, test } from "vitest";
import { faults, memoryHarness } from "../src/faults/index.ts";
import { laws, runLaw, type Harness } from "../src/index.ts";
import { missingFor } from "../src/run.ts";

async function broken(harness: Harness, asked: typeof laws): Promise<string[]> {
  const kept = await Promise.all(asked.filter((law) => missingFor(law, harness).length === 0).map(async (law) => {
    const holds = await runLaw(law, harness, law.id).then(() => true, () => false);
    return holds ? [] : [law.id];
  }));
  return kept.flat();
}

test("every law has its fault, and every fault names laws that there are", () => {
  const ids: readonly string[] = laws.map(({ id }) => id);
  expect(ids.filter((id) => !faults.some(({ law }) => law === id))).toEqual([]);
  expect(faults.flatMap(({ law, also = [] }) => [law, ...also]).filter((id) => !ids.includes(id))).toEqual([]);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBeGreaterThanOrEqual(40);
});

describe("the laws that a fault breaks are those it names", () => {
  const cases = faults.map((fault) => [fault.law, fault.wrong, fault] as const);
  test.each(cases)("%s: %s", { timeout: 60_000 }, async (law, _, { tracking = "changes", also = [], of }) => {
    const harness = memoryHarness(tracking);
    const found = await broken({ ...harness, open: async (namespace) => of(await harness.open(namespace)) }, laws);
    expect(found.toSorted()).toEqual([law, ...also].toSorted());
  });
});

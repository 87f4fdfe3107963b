import { describe, expect, test } from "vitest";
import { playPolicies, type PolicyResult } from "../src/policies/play.ts";

const CHUNK = 100;
const count = Number(process.env["SIMULATION_POLICIES"] ?? 1000);
const one = process.env["SIMULATION_POLICY"];

const words = ({ seed, drawn, violations }: PolicyResult): string =>
  [`rules ${seed} (${drawn}) break:`, ...violations.slice(0, 8).map(({ rule, message }) => `  ${rule}: ${message}`), `repeat it by: SIMULATION_POLICY=${seed} npm test -- test/simulation/test/policies`].join("\n");

async function playAll(from: number, to: number): Promise<PolicyResult[]> {
  const results: PolicyResult[] = [];
  for (let seed = from; seed < to; seed += 1) results.push(await playPolicies(seed));
  expect(results.filter(({ violations }) => violations.length > 0).map(words).join("\n\n")).toBe("");
  return results;
}

if (one !== undefined) {
  test("what the rules say comes out", async () => {
    const result = await playPolicies(Number(one), { trace: true });
    console.log(result.lines.join("\n"));
    expect(result.violations.length === 0 ? "" : words(result)).toBe("");
  });
} else {
  describe(`${count} draws of rules`, () => {
    for (let from = 0; from < count; from += CHUNK) {
      const to = Math.min(from + CHUNK, count);
      test(`what rules ${from} to ${to - 1} say comes out, whatever befalls the run`, () => playAll(from, to), 60_000);
    }

    test("the draws together meet every policy, every verdict and every fault", async () => {
      const results = await playAll(0, 150);
      const drawn = results.map((result) => result.drawn).join("; ");
      for (const part of [
        "left wins", "right wins", "newest(stamp)", "the greater text", "ask", "per field", "versionVector(vector)", "overwrite(newest(stamp))", "overwrite(ask)",
        "deletedAt", "amount+currency", "drift: report", "drift: keep", "drift: overwrite", "mirror", "from the left", "from the right", "firstLink: ask",
      ]) expect(drawn).toContain(part);
      expect([...new Set(results.flatMap(({ seen }) => [...seen]))].sort()).toEqual([
        "a word that came too late", "a word that holds", "crash", "first-link left", "first-link open", "first-link right", "lost answer", "transient",
        "update-delete left", "update-delete open", "update-delete right", "update-update custom", "update-update left", "update-update open", "update-update right",
      ]);
    }, 60_000);

    test("the same draw takes the same course, twice (I20)", async () => {
      for (const seed of [1, 2, 3, 4, 5]) expect((await playPolicies(seed)).hash).toBe((await playPolicies(seed)).hash);
    });
  });
}

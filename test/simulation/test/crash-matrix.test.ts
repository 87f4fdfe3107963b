import { describe, expect, test } from "vitest";
import { playScene, type Scene } from "../src/crash.ts";
import { describeFailure } from "../src/report.ts";
import { simulate } from "../src/simulate.ts";

/** The second run of each case has something of everything to do; it dies before and after every single call. */
const CASES: readonly { readonly set: string; readonly seed: number }[] = [
  { set: "places", seed: 3 }, { set: "notes", seed: 5 }, { set: "tree", seed: 4 }, { set: "rights", seed: 8 }, { set: "altering", seed: 6 },
];

test.each(CASES)("a run over $set dies before and after each of its calls, and the next ones finish its work (I4)", async ({ set, seed }) => {
  for (const run of [1, 2]) {
    const calm = await simulate(seed, { set, calm: true });
    expect(calm.violations).toEqual([]);
    const steps = calm.steps[run - 1]!;
    expect(steps).toBeGreaterThan(8);
    for (let step = 1; step <= steps; step += 1) {
      for (const when of ["before", "after"] as const) {
        const result = await simulate(seed, { set, calm: true, crash: { run, step, when } });
        expect(result.violations.length === 0 ? "" : `dead ${when} call ${step} of run ${run}: ${describeFailure(result)}`).toBe("");
      }
    }
  }
}, 120_000);

/** Labels on countries, in arrays of keys, and labels on cities, in objects: by the seed. */
describe.each([["rows", 1], ["documents", 1], ["documents", 2]] as const)("from rows to %s (seed %i)", (onTheRight, seed) => {
  test.each(["a first copy", "changes", "an undo"] as const)("a process that is at %s dies before and after each of its calls, and the next ones finish its work (I4)", async (work) => {
    const scene: Scene = { work, onTheRight, seed };
    const calm = await playScene(scene);
    expect(calm.broken).toEqual([]);
    expect(calm.steps).toBeGreaterThan(20);
    for (let step = 1; step <= calm.steps; step += 1) {
      for (const when of ["before", "after"] as const) {
        const { broken, lines } = await playScene(scene, { step, when, again: when === "after" && step % 3 === 0 });
        expect(broken.length === 0 ? "" : `dead ${when} call ${step}: ${broken.join("\n")}`).toBe("");
        expect(lines).toEqual(calm.lines);
      }
    }
  }, 120_000);
});

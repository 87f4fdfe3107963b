import { describe, expect, test } from "vitest";
import { describeFailure } from "./report.ts";
import { simulate } from "./simulate.ts";

const CHUNK = 50;

/** Seeds of one test file out of several: SIMULATION_SEED plays one and prints its course, SIMULATION_SEEDS says how many. */
export function playSeeds(part: number, parts: number): void {
  const one = process.env["SIMULATION_SEED"];
  if (one !== undefined) {
    if (part === 0) test(`seed ${one} keeps every rule`, () => playOne(Number(one)));
    else test("the one seed", ({ skip }) => skip("SIMULATION_SEED plays in the first file"));
    return;
  }
  const count = Number(process.env["SIMULATION_SEEDS"] ?? 2000);
  const first = Math.floor((count * part) / parts);
  const end = Math.floor((count * (part + 1)) / parts);
  describe(`${count} seeds, part ${part + 1} of ${parts}`, () => {
    for (let from = first; from < end; from += CHUNK) {
      const to = Math.min(from + CHUNK, end);
      test(`seeds ${from} to ${to - 1} keep every rule`, async () => {
        const failures: string[] = [];
        for (let seed = from; seed < to; seed += 1) {
          const result = await simulate(seed);
          if (result.violations.length > 0) failures.push(describeFailure(result));
        }
        expect(failures.join("\n\n")).toBe("");
      }, 60_000);
    }
  });
}

/** Some of these seeds' runs follow hints. */
export async function playHinted(from: number, to: number): Promise<{ readonly failures: readonly string[]; readonly hinted: number }> {
  const failures: string[] = [];
  let hinted = 0;
  for (let seed = from; seed < to; seed += 1) {
    const result = await simulate(seed, { hints: true });
    hinted += result.faults.get("hinted") ?? 0;
    if (result.violations.length > 0) failures.push(describeFailure(result));
  }
  return { failures, hinted };
}

async function playOne(seed: number): Promise<void> {
  const result = await simulate(seed, { trace: true });
  console.log(result.lines.join("\n"));
  expect(result.violations.length === 0 ? "" : describeFailure(result)).toBe("");
}

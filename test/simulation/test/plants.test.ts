import { expect, test } from "vitest";
import { PLANTS } from "../src/plants.ts";
import { simulate } from "../src/simulate.ts";

const SEEDS = 400;

// A simulation that never fails proves nothing: each of these defects has to be found.
test.each(Object.keys(PLANTS))("is found: %s", async (name) => {
  let found: string | undefined;
  let seed = 0;
  for (; seed < SEEDS && found === undefined; seed += 1) {
    const plant = PLANTS[name]!();
    const { violations } = await simulate(seed, { plant });
    const broken = violations.find(({ rule }) => plant.rule === undefined || rule === plant.rule);
    if (broken === undefined) continue;
    const honest = await simulate(seed);
    if (honest.violations.length === 0) found = broken.rule;
  }
  expect(found, `not found in ${SEEDS} seeds`).toBeDefined();
}, 60_000);

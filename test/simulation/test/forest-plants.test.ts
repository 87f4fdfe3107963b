import { expect, test } from "vitest";
import { playForest } from "../src/forest/forest.ts";
import { FOREST_PLANTS } from "../src/forest/plants.ts";

const SEEDS = 300;

// A simulation that never fails proves nothing: each of these defects has to be found.
test.each(Object.keys(FOREST_PLANTS))("is found in a forest: %s", async (name) => {
  let found: string | undefined;
  for (let seed = 0; seed < SEEDS && found === undefined; seed += 1) {
    const plant = FOREST_PLANTS[name]!();
    const how = plant.undo ? { undo: true } : {};
    const { violations } = await playForest(seed, { ...how, plant });
    const broken = violations.find(({ rule }) => plant.rule === undefined || rule === plant.rule);
    if (broken === undefined || (await playForest(seed, how)).violations.length > 0) continue;
    found = broken.rule;
  }
  expect(found, `not found in ${SEEDS} seeds`).toBeDefined();
}, 60_000);

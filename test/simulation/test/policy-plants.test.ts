import { expect, test } from "vitest";
import { POLICY_PLANTS } from "../src/policies/plants.ts";
import { playPolicies } from "../src/policies/play.ts";

const SEEDS = 200;

// An oracle that is never contradicted proves nothing: each rule that is not followed has to be found.
test.each(Object.keys(POLICY_PLANTS))("is found: %s", async (name) => {
  let found: string | undefined;
  for (let seed = 0; seed < SEEDS && found === undefined; seed += 1) {
    const { violations } = await playPolicies(seed, { plant: POLICY_PLANTS[name]! });
    if (violations.length === 0 || (await playPolicies(seed)).violations.length > 0) continue;
    found = violations[0]!.rule;
  }
  expect(found, `not found in ${SEEDS} seeds`).toBeDefined();
  expect(found).not.toBe("crash");
}, 60_000);

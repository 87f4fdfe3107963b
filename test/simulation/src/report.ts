import type { SimulationResult } from "./simulate.ts";

/** What a person needs when a seed breaks a rule: which, how, and the one command that repeats it. */
export function describeFailure(result: SimulationResult): string {
  const { seed, set, violations } = result;
  const rules = violations.slice(0, 10).map(({ rule, message }) => `  ${rule}: ${message}`);
  const more = violations.length > rules.length ? [`  and ${violations.length - rules.length} more`] : [];
  return [`seed ${seed} (${set}) breaks:`, ...rules, ...more, `repeat it, with its course, by: SIMULATION_SEED=${seed} npm test -- test/simulation`].join("\n");
}

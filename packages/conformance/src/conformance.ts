import { afterAll, describe, expect, test } from "vitest";
import { harnessProblems } from "./check-harness.ts";
import type { Harness, Server } from "./harness.ts";
import { TOPICS, type Law } from "./law.ts";
import { laws } from "./laws.ts";
import { slug, writeReport, type Verdict } from "./report.ts";
import { judge, missingFor } from "./run.ts";

const TIME_LIMIT = 60_000;
const names = new Set<string>();

/**
 * Every law of the kit as a test of its own, on the database that the harness opens. `name` says what is tested, such as
 * `PostgreSQL (node-postgres)`; it is different for each call.
 */
export function databaseConformance(name: string, harness: Harness): void {
  if (names.has(name)) throw new TypeError(`There is another conformance run called "${name}".`);
  names.add(name);
  const problems = harnessProblems(harness, laws);
  if (problems.length > 0) throw new TypeError(`The harness of "${name}" cannot be used.\n${problems.join("\n")}`);

  describe(`${name}: laws`, () => {
    const verdicts = new Map<string, Verdict>();
    let server: Server | undefined;
    afterAll(() => {
      // A part of the laws, as with `-t`, is no run of the kit.
      if (server && verdicts.size === laws.length) {
        writeReport(expect.getState().testPath!, { name, server, laws: Object.fromEntries(verdicts) });
      }
    });

    const check = async (law: Law): Promise<void> => {
      verdicts.set(law.id, "failed");
      const judged = await judge(law, harness, slug(`${name} ${law.id}`));
      verdicts.set(law.id, judged.verdict);
      server = judged.server ?? server;
    };

    for (const topic of TOPICS) {
      const here = laws.filter(({ id }) => id.startsWith(`${topic}/`));
      for (const law of here) {
        const needs = missingFor(law, harness);
        if (needs.length > 0) verdicts.set(law.id, { needs });
        else test(`${law.id}: ${law.says}`, { timeout: TIME_LIMIT }, () => check(law));
      }
    }

    test("every law has been asked", () => {
      expect(laws.filter(({ id }) => !verdicts.has(id)).map(({ id }) => id)).toEqual([]);
      expect([...verdicts.values()].filter((verdict) => verdict === "passed").length).toBeGreaterThan(0);
    });
  });
}

import { describePostgres } from "@sync/test-databases/vitest";
import { expect, test } from "vitest";
import { withBench } from "../src/bench.ts";
import { measures } from "../src/measures.ts";
import { report } from "../src/report.ts";

describePostgres("the bench", (server) => {
  // What the figures are means nothing at this size; that each row comes to its figures, on equal data, does.
  test.each(Object.keys(measures))("%s runs", { timeout: 120_000 }, async (name) => {
    const lines = await withBench({ rows: 600, repetitions: 1, server, log: () => undefined }, (bench) => measures[name]!(bench));
    expect(lines).not.toEqual([]);
    for (const { measure, ours, baseline, figure } of lines) {
      for (const value of [...ours, ...(baseline?.values ?? []), ...(figure?.values ?? [])]) expect(value, measure).toSatisfy(Number.isFinite);
    }
    expect(report(lines)).not.toContain("NaN");
  });
});

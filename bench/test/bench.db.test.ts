import type { PostgresServer } from "@sync/test-databases";
import { describeMongo, describePostgres } from "@sync/test-databases/vitest";
import { expect, test } from "vitest";
import { withBench } from "../src/bench.ts";
import { measures, onMongo } from "../src/measures.ts";
import { report } from "../src/report.ts";

// What the figures are means nothing at this size; that each row comes to its figures, on equal data, does.
function runs(server: PostgresServer, names: readonly string[]): void {
  test.each(names)("%s runs", { timeout: 240_000 }, async (name) => {
    const lines = await withBench({ rows: 600, repetitions: 1, server, log: () => undefined }, (bench) => measures[name]!(bench));
    expect(lines).not.toEqual([]);
    for (const { measure, ours, baseline, figure } of lines) {
      for (const value of [...ours, ...(baseline?.values ?? []), ...(figure?.values ?? [])]) expect(value, measure).toSatisfy(Number.isFinite);
    }
    expect(report(lines)).not.toContain("NaN");
  });
}

const names = Object.keys(measures);
describePostgres("the bench", (server) => {
  runs(server, names.filter((name) => !onMongo.has(name)));
  describeMongo("and a", () => runs(server, names.filter((name) => onMongo.has(name))));
});

import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createSync, leftWins, naturalKey, type Sync } from "@sync/core";
import { drizzleDatabase } from "@sync/drizzle";
import { drizzle } from "drizzle-orm/node-postgres";
import type { Measure } from "../bench.ts";
import { contentOf, fillPostgres, poolOn, postgresSchema, postgresTable, runOn, same } from "../items.ts";
import { alternating, baseline, ours, timed, timesLonger } from "../measure.ts";

/** A first copy as a plan in a file, loaded and applied, against the same as one run. */
export const savedPlan: Measure = async (bench) => {
  bench.log("a plan saved, loaded and applied");
  const [source, target] = [await bench.database("plan-source"), await bench.database("plan-target")];
  await runOn(source.url, postgresTable, fillPostgres(bench.rows));
  await runOn(target.url, postgresTable);
  const [left, right] = [poolOn(source.url), poolOn(target.url)];
  const path = join(bench.folder.path, "plan.ndjson");

  async function copied(work: (sync: Sync) => Promise<number>): Promise<number> {
    await right.query("truncate item restart identity");
    await right.query("checkpoint");
    await left.query("vacuum analyze item");
    const options = { schema: postgresSchema, syncFields: { cloudId: false as const } };
    const [from, into] = [drizzleDatabase(drizzle(left), options), drizzleDatabase(drizzle(right), options)];
    const sync = createSync({ name: "bench", left: from, right: into, models: { Item: { match: naturalKey("cloudId") } }, conflicts: leftWins() });
    const time = await timed(async () => {
      const written = await work(sync);
      if (written !== bench.rows) throw new Error(`${written} rows written instead of ${bench.rows}.`);
    });
    same(await contentOf(left), await contentOf(right));
    await Promise.all([from.uninstall(), into.uninstall()]);
    return time;
  }

  const applied = (): Promise<number> => copied(async (sync) => {
    await writeFile(path, (await sync.plan()).lines());
    const file = await open(path);
    const { written, skipped } = await sync.apply(await sync.load(file.readLines()));
    if (skipped.length > 0) throw new Error(`${skipped.length} records were skipped.`);
    return written.right;
  });
  const run = (): Promise<number> => copied(async (sync) => (await sync.run()).written.right);
  const pairs = await alternating(bench.repetitions, applied, run);
  await Promise.all([left.end(), right.end()]);
  return [{
    measure: "first copy as a plan: made, saved, loaded, applied", ours: ours(pairs), unit: "ms",
    baseline: { name: "one run", values: baseline(pairs) }, figure: { values: timesLonger(pairs), unit: "x" }, goal: { atMost: 2 },
  }];
};

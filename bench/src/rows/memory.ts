import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Bench, Measure } from "../bench.ts";
import { contentOf, fillPostgres, poolOn, postgresTable, runOn, same } from "../items.ts";
import { median } from "../measure.ts";

/** A process of its own copies, then finds nothing to do: its peak, at five times the rows. */
export const memory: Measure = async (bench) => {
  const [few, many] = [bench.rows, bench.rows * 5];
  const peaks: { few: number; many: number; before: number }[] = [];
  for (let repetition = 0; repetition < Math.min(bench.repetitions, 3); repetition += 1) {
    bench.log(`peak memory with ${few} and ${many} rows`);
    const [first, second] = [await peak(bench, few), await peak(bench, many)];
    peaks.push({ few: first.peak, many: second.peak, before: second.before });
  }
  const highest = peaks.map((found) => found.many);
  return [
    {
      measure: `peak memory, ${many} rows`, ours: highest, unit: "MB", baseline: { name: `${few} rows`, values: peaks.map((found) => found.few) },
      figure: { values: peaks.map((found) => found.many / found.few), unit: "x" }, goal: { atMost: 1.5, aim: 1.2 },
      note: `aim: below 256 MB; ${median(peaks.map(({ before }) => before)).toFixed(0)} MB stood before the run, when ORM and driver were loaded`,
    },
  ];
};

async function peak(bench: Bench, rows: number): Promise<{ before: number; peak: number }> {
  const [source, target] = [await bench.database("memory-source"), await bench.database("memory-target")];
  await runOn(source.url, postgresTable, fillPostgres(rows));
  await runOn(target.url, postgresTable);
  const script = fileURLToPath(new URL("../copy-process.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=dev-source", script, source.url, target.url]);
  const pools = [poolOn(source.url), poolOn(target.url)];
  same(await contentOf(pools[0]!), await contentOf(pools[1]!));
  for (const pool of pools) await pool.end();
  return JSON.parse(stdout) as { before: number; peak: number };
}

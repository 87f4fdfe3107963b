import { pipeline } from "node:stream/promises";
import { cloudId, createSync, leftWins, naturalKey } from "@sync/core";
import { memoryState } from "@sync/core/memory";
import { drizzleDatabase } from "@sync/drizzle";
import { drizzle } from "drizzle-orm/node-postgres";
import { from as copyIn, to as copyOut } from "pg-copy-streams";
import type { Bench } from "../bench.ts";
import { contentOf, fillPostgres, itemColumns, poolOn, postgresSchema, postgresTable, runOn, same } from "../items.ts";
import { alternating, baseline, median, ours, partOfSpeed, timed, type Line } from "../measure.ts";

/** Where identity and base are kept. */
type Keeping = "model" | "side-tables" | "model, base in memory" | "model, not given yet";

/** Postgres to Postgres, the right side empty, against a binary COPY pipe into the same table. */
export async function firstCopy(bench: Bench): Promise<Line[]> {
  const [source, target] = [await bench.database("first-copy-source"), await bench.database("first-copy-target")];
  await runOn(source.url, postgresTable, fillPostgres(bench.rows));
  await runOn(target.url, postgresTable);
  const [left, right] = [poolOn(source.url), poolOn(target.url)];

  const empty = async (): Promise<void> => {
    await right.query("truncate item restart identity");
    await right.query("checkpoint");
  };

  async function copy(keeping: Keeping): Promise<number> {
    await empty();
    const options = { schema: postgresSchema, ...(keeping === "side-tables" ? { syncFields: { cloudId: false as const } } : {}) };
    const [from, into] = [drizzleDatabase(drizzle(left), options), drizzleDatabase(drizzle(right), options)];
    if (keeping === "model, not given yet") await left.query("update item set cloud_id = null");
    await left.query("vacuum analyze item");
    const sync = createSync({
      name: "bench", left: from, right: into, conflicts: leftWins(),
      models: { Item: { match: keeping === "side-tables" ? naturalKey("cloudId") : cloudId() } },
      ...(keeping === "model, base in memory" ? { state: memoryState() } : {}),
    });
    const time = await timed(async () => {
      const { status, models } = await sync.run();
      const created = models.get("Item")!.created.right;
      if (status !== "done" || created !== bench.rows) throw new Error(`The first copy is ${status} with ${created} rows.`);
    });
    same(await contentOf(left), await contentOf(right));
    await Promise.all([from.uninstall(), into.uninstall()]);
    return time;
  }

  async function pipe(): Promise<number> {
    await empty();
    const [reading, writing] = [await left.connect(), await right.connect()];
    const columns = ["id", ...itemColumns].join(", ");
    const time = await timed(() =>
      pipeline(reading.query(copyOut(`copy item (${columns}) to stdout (format binary)`)), writing.query(copyIn(`copy item (${columns}) from stdin (format binary)`))));
    reading.release();
    writing.release();
    same(await contentOf(left), await contentOf(right));
    return time;
  }

  const run = (keeping: Keeping, repetitions = bench.repetitions) => {
    bench.log(`first copy, ${keeping}`);
    return alternating(repetitions, () => copy(keeping), pipe);
  };
  const inModel = await run("model");
  const inSideTables = await run("side-tables");
  // Nothing is judged by these.
  const withoutBase = await run("model, base in memory", Math.min(bench.repetitions, 3));
  const given = await run("model, not given yet", Math.min(bench.repetitions, 2));
  await Promise.all([left.end(), right.end()]);

  const goal = { atLeast: 0.2, aim: 0.4 };
  const name = "raw COPY pipe";
  const state = (pairs: typeof inModel, without: typeof inModel): Pick<Line, "ours" | "unit" | "baseline"> => ({
    ours: [Math.max(median(ours(pairs)) - median(ours(without)), 0)], unit: "ms", baseline: { name, values: baseline(pairs) },
  });
  return [
    { measure: "first copy Postgres → Postgres, cloudId in the model", ours: ours(inModel), unit: "ms", baseline: { name, values: baseline(inModel) }, figure: { values: partOfSpeed(inModel), unit: "x" }, goal },
    { measure: "  the same, side tables only", ours: ours(inSideTables), unit: "ms", baseline: { name, values: baseline(inSideTables) }, figure: { values: partOfSpeed(inSideTables), unit: "x" }, goal },
    { measure: "  the same, cloudIds given on the way", ours: ours(given), unit: "ms", baseline: { name, values: baseline(given) }, figure: { values: partOfSpeed(given), unit: "x" }, note: "also updates every row on the left" },
    { measure: "  of that, base rows", ...state(inModel, withoutBase), note: "against the base in memory" },
    { measure: "  of that, identity rows on both sides", ...state(inSideTables, inModel), note: "side tables against cloudId in the model" },
  ];
}

import { join } from "node:path";
import { openCloud, openLocal, type Variant } from "@sync/example-local-and-cloud/databases";
import { fill } from "@sync/example-local-and-cloud/fill";
import { localAndCloud } from "@sync/example-local-and-cloud/sync";
import type { Bench, Measure } from "../bench.ts";
import { timed, type Line } from "../measure.ts";
import { delayingProxy } from "../proxy.ts";
import { described, traceTrips } from "../trace.ts";

const roundTrip = 100;

/** The local-and-cloud example with its cloud far away: how often it waits for an answer. */
export const sevenTables: Measure = async (bench) => {
  const lines: Line[] = [];
  for (const variant of ["with-fields", "side-tables"] as const) {
    bench.log(`seven tables behind ${roundTrip} ms, ${variant}`);
    const trips: Record<"cold" | "idle", number[]> = { cold: [], idle: [] };
    const times: typeof trips = { cold: [], idle: [] };
    for (let repetition = 0; repetition < bench.repetitions; repetition += 1) {
      const [near, far] = repetition % 2 === 0
        ? [await meet(bench, variant, 0), await meet(bench, variant, roundTrip)]
        : await meet(bench, variant, roundTrip).then(async (slow) => [await meet(bench, variant, 0), slow] as const);
      for (const kind of ["cold", "idle"] as const) {
        trips[kind].push((far[kind] - near[kind]) / roundTrip);
        times[kind].push(far[kind]);
      }
    }
    const name = variant === "with-fields" ? "cloudId in the models" : "side tables only";
    const line = (kind: "cold" | "idle", goal: NonNullable<Line["goal"]>): Line =>
      ({ measure: `seven tables behind ${roundTrip} ms, ${name}, ${kind}`, ours: times[kind], unit: "ms", figure: { values: trips[kind], unit: " trips" }, goal });
    lines.push(line("cold", { atMost: 16, aim: 10 }), line("idle", { atMost: 8, aim: 3 }));
  }
  return lines;
};

async function meet(bench: Bench, variant: Variant, delay: number): Promise<{ cold: number; idle: number }> {
  const database = await bench.database("seven-tables");
  const proxy = await delayingProxy(database.url);
  const local = openLocal(variant, join(bench.folder.path, `seven-${process.hrtime.bigint()}.sqlite`));
  const cloud = await openCloud(variant, proxy.url);
  const warm = (): Promise<unknown> => Promise.all(Array.from({ length: 10 }, () => cloud.$queryRawUnsafe("select pg_sleep(0.05)::text")));
  try {
    await fill(local, "local");
    await fill(cloud, "cloud");
    const run = async (records: number): Promise<number> => {
      // All connections of the pool are open before the clock runs.
      proxy.delay = 0;
      await warm();
      proxy.delay = delay;
      const sync = localAndCloud(local, cloud);
      const trips = bench.trips && delay > 0 ? traceTrips(proxy) : undefined;
      const time = await timed(async () => {
        const { status, written } = await sync.run();
        if (status !== "done" || (written.left + written.right > 0) !== records > 0) throw new Error("The seven tables were not synced as expected.");
      });
      if (trips) bench.log(`${variant}, ${records} records: statements sent, answered after (ms)\n${described(trips())}`);
      return time;
    };
    const cold = await run(98);
    const idle = await run(0);
    proxy.delay = 0;
    if (!(await localAndCloud(local, cloud).verify()).equal) throw new Error("The seven tables are not equal: this result is worth nothing.");
    return { cold, idle };
  } finally {
    await Promise.all([local.$disconnect(), cloud.$disconnect()]);
    await proxy.close();
  }
}

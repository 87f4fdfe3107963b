import { parseArgs } from "node:util";
import { DatabaseNotAvailable, openPostgres } from "@sync/test-databases";
import { withBench } from "./bench.ts";
import type { Line } from "./measure.ts";
import { measures } from "./measures.ts";
import { passes, report } from "./report.ts";

const { values } = parseArgs({
  options: { rows: { type: "string", default: "100000" }, repeat: { type: "string", default: "5" }, only: { type: "string" }, trips: { type: "boolean", default: false } },
});
const [rows, repetitions] = [Number(values.rows), Number(values.repeat)];
const wanted = values.only?.split(",") ?? Object.keys(measures);
const unknown = wanted.filter((name) => !Object.hasOwn(measures, name));
if (unknown.length > 0 || !(rows >= 100) || !(repetitions >= 1)) {
  console.error(`npm run bench -- [--rows 100000] [--repeat 5] [--only ${Object.keys(measures).join(",")}] [--trips]`);
  process.exit(1);
}

const server = await openPostgres();
try {
  const lines: Line[] = [];
  await withBench({ rows, repetitions, trips: values.trips, server, log: (text) => console.error(`  ${text} ...`) }, async (bench) => {
    for (const name of wanted) {
      try {
        lines.push(...(await measures[name]!(bench)));
      } catch (error) {
        if (!(error instanceof DatabaseNotAvailable)) throw error;
        console.error(`  ${name} was not measured: it ${error.message}`);
        process.exitCode = 1;
      }
    }
  });
  console.log(`\n${rows.toLocaleString("en")} rows, ${repetitions} repetitions in alternating order, medians; state is included in every figure\n`);
  console.log(report(lines));
  if (!lines.every(passes)) process.exitCode = 1;
} finally {
  await server.close();
}

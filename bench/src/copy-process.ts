/** Run as a process of its own: copies, runs again with nothing to do, prints its peak memory before and after, in MB. */
import { createSync, leftWins, naturalKey } from "@sync/core";
import { drizzleDatabase } from "@sync/drizzle";
import { drizzle } from "drizzle-orm/node-postgres";
import { poolOn, postgresSchema } from "./items.ts";

const [left, right] = process.argv.slice(2).map(poolOn) as [ReturnType<typeof poolOn>, ReturnType<typeof poolOn>];
const options = { schema: postgresSchema, syncFields: { cloudId: false as const } };
const sync = createSync({
  name: "bench", left: drizzleDatabase(drizzle(left), options), right: drizzleDatabase(drizzle(right), options),
  models: { Item: { match: naturalKey("cloudId") } }, conflicts: leftWins(),
});
const peak = (): number => process.resourceUsage().maxRSS / 1024;
const before = peak();
await sync.run();
await sync.run();
await Promise.all([left.end(), right.end()]);
console.log(JSON.stringify({ before, peak: peak() }));

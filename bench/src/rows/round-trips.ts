import { createSync, leftWins, naturalKey } from "@sync/core";
import { drizzleDatabase } from "@sync/drizzle";
import Sqlite from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { Bench, Measure } from "../bench.ts";
import { farSides, type Far } from "../far.ts";
import { itemsOf } from "../libraries.ts";
import { timed, type Line } from "../measure.ts";
import { described, traceTrips } from "../trace.ts";

const roundTrip = 50;
const PAGE = 1000;

/** How often a first copy through each library waits for a database far away, per page: what more pages cost over one. */
export const roundTripsPerPage: Measure = async (bench) => {
  const pages = Math.min(10, Math.max(1, Math.round(bench.rows / PAGE)));
  const lines: Line[] = [];
  for (const [name, open] of Object.entries(farSides)) {
    bench.log(`round trips per page through ${name}`);
    const far = await open(bench);
    const files = { one: fileOf(PAGE), more: fileOf((pages + 1) * PAGE) };
    const waits = async (file: Sqlite.Database): Promise<{ trips: number; time: number }> => {
      const near = await copied(bench, far, file, 0);
      const time = await copied(bench, far, file, roundTrip);
      return { trips: (time - near) / roundTrip, time };
    };
    // Opens the connections of its pool.
    await copied(bench, far, files.one, 0);
    const figures: number[] = [];
    const times: number[] = [];
    for (let repetition = 0; repetition < bench.repetitions; repetition += 1) {
      const one = await waits(files.one);
      const more = await waits(files.more);
      figures.push((more.trips - one.trips) / pages);
      times.push(more.time);
    }
    lines.push({
      measure: `round trips per page of ${PAGE} records, ${name}, bulk`, ours: times, unit: "ms", figure: { values: figures, unit: " trips" }, goal: { atMost: 6, aim: 4 },
      note: `${pages + 1} pages behind ${roundTrip} ms against one`,
    });
    for (const file of Object.values(files)) file.close();
    await far.close();
  }
  return lines;
};

async function copied(bench: Bench, { proxy, database, empty }: Far, file: Sqlite.Database, delay: number): Promise<number> {
  const right = database();
  const left = drizzleDatabase(drizzle(file), { schema: near });
  const sync = createSync({ name: "bench", left, right, models: { Item: { right: "Item", match: naturalKey("code") } }, conflicts: leftWins(), pageSize: PAGE });
  proxy.delay = delay;
  const trips = bench.trips && delay > 0 ? traceTrips(proxy) : undefined;
  const time = await timed(async () => {
    const { written } = await sync.run();
    if (written.right !== file.prepare("select count(*) from Item").pluck().get()) throw new Error(`${written.right} rows were copied.`);
  });
  if (trips) bench.log(`statements sent, answered after (ms)\n${described(trips())}`);
  proxy.delay = 0;
  await Promise.all([left.uninstall(), right.uninstall()]);
  await empty();
  return time;
}

const near = {
  Item: sqliteTable("Item", {
    id: integer().primaryKey(), code: text().notNull().unique(), name: text().notNull(), email: text().notNull(), amount: real().notNull(), quantity: integer().notNull(),
    active: integer({ mode: "boolean" }).notNull(), details: text({ mode: "json" }).notNull(), changedAt: integer({ mode: "timestamp_ms" }).notNull(),
  }),
};

function fileOf(rows: number): Sqlite.Database {
  const file = new Sqlite(":memory:");
  file.exec(`create table Item (id integer primary key, code text not null unique, name text not null, email text not null, amount real not null, quantity integer not null,
    active integer not null, details text not null, changedAt integer not null)`);
  const insert = file.prepare("insert into Item values (?, ?, ?, ?, ?, ?, ?, ?, ?)");
  file.transaction(() => {
    for (const [n, { code, name, email, amount, quantity, active, details, changedAt }] of itemsOf(rows).entries()) {
      insert.run(n + 1, code, name, email, amount, quantity, active ? 1 : 0, JSON.stringify(details), changedAt.getTime());
    }
  })();
  return file;
}

import { join } from "node:path";
import { createSync, leftWins, naturalKey } from "@sync/core";
import { drizzleDatabase } from "@sync/drizzle";
import Sqlite from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import type { Measure } from "../bench.ts";
import { contentOfSqlite, fillSqlite, same, sqliteSchema, sqliteTableText } from "../items.ts";
import { alternating, baseline, ours, timed, timesLonger } from "../measure.ts";

/** Nothing changed in two SQLite files: against reading all rows of both. */
export const idleSqlite: Measure = async (bench) => {
  bench.log("idle run on SQLite");
  const files = ["left", "right"].map((side, at) => {
    const file = new Sqlite(join(bench.folder.path, `idle-${side}.sqlite`));
    file.pragma("journal_mode = wal");
    file.exec(sqliteTableText);
    fillSqlite(file, bench.rows, at * bench.rows * 2);
    return file;
  });
  const [left, right] = [files[0]!, files[1]!];
  const options = { schema: sqliteSchema, syncFields: { cloudId: false as const } };
  const sync = createSync({
    name: "bench", left: drizzleDatabase(drizzle(left), options), right: drizzleDatabase(drizzle(right), options),
    models: { Item: { match: naturalKey("cloudId") } }, conflicts: leftWins(), firstLink: "left",
  });
  await sync.run();
  same(contentOfSqlite(left), contentOfSqlite(right));
  for (const file of files) countWrites(file);

  const made: number[] = [];
  const idle = async (): Promise<number> => {
    const before = files.map(writes);
    const time = await timed(async () => {
      const { written } = await sync.run();
      if (written.left + written.right > 0) throw new Error("An idle run wrote something.");
    });
    made.push(files.reduce((sum, file, at) => sum + writes(file) - before[at]!, 0));
    return time;
  };
  const read = (): Promise<number> => timed(() => files.map((file) => file.prepare("select * from item").raw().all().length));
  const pairs = await alternating(bench.repetitions, idle, read);
  for (const file of files) file.close();
  return [
    { measure: "idle run on SQLite", ours: ours(pairs), unit: "ms", baseline: { name: "bare read of both sides", values: baseline(pairs) }, figure: { values: timesLonger(pairs), unit: "x" }, goal: { atMost: 2, aim: 1.3 } },
    { measure: "  rows written, the lease apart", ours: made, unit: "rows", figure: { values: made, unit: "" }, goal: { atMost: 0 } },
  ];
};

/** Every write to a table other than the lease's, counted by triggers that only this connection has. */
function countWrites(file: Sqlite.Database): void {
  const tables = file.prepare("select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' and name <> 'sync_database'").pluck().all() as string[];
  file.exec("create temp table made (writes integer not null); insert into made values (0)");
  for (const table of tables) {
    for (const verb of ["insert", "update", "delete"]) {
      file.exec(`create temp trigger "${table} ${verb}" after ${verb} on main."${table}" begin update made set writes = writes + 1; end`);
    }
  }
}

const writes = (file: Sqlite.Database): number => file.prepare("select writes from made").pluck().get() as number;

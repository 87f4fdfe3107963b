import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PrismaBetterSqlite3 } from "@prisma/adapter-better-sqlite3";
import { PrismaPg } from "@prisma/adapter-pg";
import { createSync, leftWins, naturalKey } from "@sync/core";
import { prismaDatabase } from "@sync/prisma";
import Sqlite from "better-sqlite3";
import type { Measure } from "../bench.ts";
import { PrismaClient as Left } from "../generated/left/client.ts";
import { PrismaClient as Right } from "../generated/right/client.ts";
import { poolOn, runOn, same } from "../items.ts";
import { alternating, baseline, ours, partOfSpeed, timed } from "../measure.ts";

const tables = (side: string): string => readFileSync(new URL(`../generated/${side}/schema.sql`, import.meta.url), "utf8");

/** SQLite to PostgreSQL, Prisma on both sides, against the loop that everybody writes first. */
export const firstCopyPrisma: Measure = async (bench) => {
  bench.log("first copy through Prisma");
  const path = join(bench.folder.path, "prisma.sqlite");
  fill(path, bench.rows);
  const { url } = await bench.database("prisma");
  await runOn(url, tables("right"));
  const left = new Left({ adapter: new PrismaBetterSqlite3({ url: `file:${path}` }) });
  const right = new Right({ adapter: new PrismaPg({ connectionString: url }) });
  const pool = poolOn(url);
  // The loop is too slow for all rows; it does the same for each.
  const sample = Math.max(Math.min(1000, Math.round(bench.rows / 10)), 10);

  async function copy(): Promise<number> {
    await pool.query(`truncate "Item"`);
    const [from, into] = [prismaDatabase(left), prismaDatabase(right)];
    const sync = createSync({ name: "bench", left: from, right: into, models: { Item: { match: naturalKey("code") } }, conflicts: leftWins() });
    const time = await timed(() => sync.run());
    same(contentOfLeft(path), await contentOfRight());
    await Promise.all([from.uninstall(), into.uninstall()]);
    return time;
  }

  async function loop(): Promise<number> {
    await pool.query(`truncate "Item"`);
    const items = await left.item.findMany({ take: sample, orderBy: { code: "asc" } });
    const time = await timed(async () => {
      for (const { id: _, ...item } of items) {
        const there = await right.item.findUnique({ where: { code: item.code } });
        if (!there) await right.item.create({ data: { ...item, details: item.details as object } });
      }
    });
    if ((await right.item.count()) !== sample) throw new Error("The loop did not copy its sample.");
    return (time * bench.rows) / sample;
  }

  async function contentOfRight(): Promise<string> {
    const { rows } = await pool.query<{ content: string }>(
      `select count(*) || ' ' || sum(length(code) + length(name) + length(email) + quantity + active::int + round(amount * 100)) || ' ' || max(code) as content from "Item"`,
    );
    return rows[0]!.content;
  }

  const pairs = await alternating(bench.repetitions, copy, loop);
  await Promise.all([left.$disconnect(), right.$disconnect(), pool.end()]);
  return [{
    measure: "first copy through Prisma, SQLite → PostgreSQL", ours: ours(pairs), unit: "ms",
    baseline: { name: "find, then create, each record", values: baseline(pairs) }, figure: { values: partOfSpeed(pairs), unit: "x" }, goal: { atLeast: 20, aim: 50 },
    note: `the loop on ${sample} records, scaled`,
  }];
};

function fill(path: string, rows: number): void {
  const file = new Sqlite(path);
  file.exec(tables("left"));
  file.exec(`
    with recursive n(n) as (select 1 union all select n + 1 from n where n < ${rows})
    insert into "Item" (id, code, name, email, amount, quantity, active, details, changedAt)
    select printf('c%024x', n), printf('ITEM-%08d', n), 'Item number ' || n, 'item.' || n || '@example.com', (n % 100000) / 4.0, n % 500, n % 3 = 0,
      json_object('colour', case n % 3 when 0 then 'red' when 1 then 'green' else 'blue' end, 'size', n % 40, 'tags', json_array('a' || n % 10, 'b')),
      strftime('%Y-%m-%dT%H:%M:%fZ', 1767225600 + n, 'unixepoch')
    from n`);
  file.close();
}

function contentOfLeft(path: string): string {
  const file = new Sqlite(path, { readonly: true });
  const content = file.prepare(
    `select count(*) || ' ' || cast(sum(length(code) + length(name) + length(email) + quantity + active + round(amount * 100)) as integer) || ' ' || max(code) from "Item"`,
  ).pluck().get() as string;
  file.close();
  return content;
}

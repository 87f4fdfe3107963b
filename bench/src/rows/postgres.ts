import { createSync, leftWins, naturalKey } from "@sync/core";
import { drizzleDatabase } from "@sync/drizzle";
import { drizzle } from "drizzle-orm/node-postgres";
import type { Pool } from "pg";
import type { Bench, Measure } from "../bench.ts";
import { contentOf, fillPostgres, itemColumns, poolOn, postgresSchema, postgresTable, runOn, same } from "../items.ts";
import { alternating, baseline, ours, timed, timesLonger, type Line } from "../measure.ts";

/** Two PostgreSQL databases with the same rows under other ids, synced once; identity in side tables. */
async function synced(bench: Bench, name: string): Promise<{ left: Pool; right: Pool; sync: ReturnType<typeof createSync>; close(): Promise<unknown> }> {
  const [source, target] = [await bench.database(`${name}-source`), await bench.database(`${name}-target`)];
  await runOn(source.url, postgresTable, fillPostgres(bench.rows));
  await runOn(target.url, postgresTable);
  const [left, right] = [poolOn(source.url), poolOn(target.url)];
  const options = { schema: postgresSchema, syncFields: { cloudId: false as const } };
  const sync = createSync({
    name: "bench", left: drizzleDatabase(drizzle(left), options), right: drizzleDatabase(drizzle(right), options),
    models: { Item: { match: naturalKey("cloudId") } }, conflicts: leftWins(),
  });
  await sync.run();
  for (const pool of [left, right]) await pool.query("vacuum analyze");
  same(await contentOf(left), await contentOf(right));
  return { left, right, sync, close: () => Promise.all([left.end(), right.end()]) };
}

const count = (pool: Pool): Promise<unknown> => pool.query("select count(*) from item");

/** Nothing changed: against counting both sides; and not one row version made. */
export const idlePostgres: Measure = async (bench) => {
  bench.log("idle run on PostgreSQL");
  const { left, right, sync, close } = await synced(bench, "idle");
  const idle = async (): Promise<number> => {
    const before = [await versions(left), await versions(right)];
    const time = await timed(async () => {
      const { written } = await sync.run();
      if (written.left + written.right > 0) throw new Error("An idle run wrote something.");
    });
    made.push((await newVersions(left, before[0]!)) + (await newVersions(right, before[1]!)));
    return time;
  };
  const made: number[] = [];
  const pairs = await alternating(bench.repetitions, idle, () => timed(() => Promise.all([count(left), count(right)])));
  await close();
  return [
    { measure: "idle run on PostgreSQL", ours: ours(pairs), unit: "ms", baseline: { name: "count(*) on both sides", values: baseline(pairs) }, figure: { values: timesLonger(pairs), unit: "x" }, goal: { atMost: 6, aim: 3.5 } },
    { measure: "  row versions made, the lease apart", ours: made, unit: "rows", figure: { values: made, unit: "" }, goal: { atMost: 0 } },
  ];
};

/** All tables but the lease's: how many rows, and the next transaction. */
async function versions(pool: Pool): Promise<{ transaction: string; rows: Map<string, number> }> {
  const tables = await pool.query<{ name: string }>("select tablename::text as name from pg_tables where schemaname = 'public' and tablename <> 'sync_database'");
  const rows = new Map<string, number>();
  for (const { name } of tables.rows) rows.set(name, Number((await pool.query<{ count: string }>(`select count(*) from "${name}"`)).rows[0]!.count));
  const { rows: next } = await pool.query<{ id: string }>("select pg_current_xact_id()::text as id");
  return { transaction: next[0]!.id, rows };
}

async function newVersions(pool: Pool, before: Awaited<ReturnType<typeof versions>>): Promise<number> {
  let made = 0;
  for (const [name, rows] of before.rows) {
    const text = `select count(*)::int as all, (count(*) filter (where age(xmin) < age($1::text::xid8::xid)))::int as new from "${name}"`;
    const found = (await pool.query<{ all: number; new: number }>(text, [before.transaction])).rows[0]!;
    made += found.new + Math.abs(found.all - rows);
  }
  return made;
}

/** A thousand random rows changed: what that costs over an idle run, against an upsert of those rows tuned by hand. */
export const changedPostgres: Measure = async (bench) => {
  const changes = Math.min(1000, bench.rows / 10);
  bench.log(`${changes} changed rows on PostgreSQL`);
  const { left, right, sync, close } = await synced(bench, "changed");
  await right.query(postgresTable.replaceAll("item", "by_hand"));
  await right.query(`insert into by_hand select * from item; vacuum analyze by_hand`.split(";")[0]!);
  await right.query("vacuum analyze by_hand");
  const all: { idle: number; changed: number; byHand: number }[] = [];
  // Both sides of the comparison: this goes on for as long as a process lives that keeps two databases the same.
  const warmUps = bench.repetitions === 1 ? 0 : 5;
  for (let repetition = 0; repetition < warmUps + bench.repetitions; repetition += 1) {
    const run = (rows: number): Promise<number> =>
      timed(async () => {
        const { written } = await sync.run();
        if (written.left !== 0 || written.right !== rows) throw new Error(`${written.right} rows written instead of ${rows}.`);
      });
    const idle = await run(0);
    const keys = (await left.query<{ id: string }>(
      "update item set quantity = quantity + 1, name = name || '!', updated_at = now() where id in (select id from item order by random() limit $1) returning id", [changes],
    )).rows.map(({ id }) => id);
    const byHandFirst = repetition % 2 === 0;
    let byHand = byHandFirst ? await upsertByHand(left, right, keys) : 0;
    const changed = await run(changes);
    if (!byHandFirst) byHand = await upsertByHand(left, right, keys);
    same(await contentOf(left), await contentOf(right));
    all.push({ idle, changed, byHand });
  }
  await close();
  const line = (measure: string, found: typeof all): Line => ({
    measure, ours: found.map(({ changed }) => changed), unit: "ms",
    baseline: { name: "upsert tuned by hand", values: found.map(({ byHand }) => byHand) },
    figure: { values: found.map(({ idle, changed, byHand }) => (changed - idle) / byHand), unit: "x" },
  });
  const note = `figure: time over an idle run, in upserts; after ${warmUps} of each`;
  return [
    { ...line(`${changes} random rows of ${bench.rows} changed`, all.slice(warmUps)), goal: { atMost: 6, aim: 3 }, note },
    { ...line("  the first time in a process", all.slice(0, 1)), note: "once, code and statements still cold" },
  ];
};

/** One prepared statement with an array per column, as somebody would write it who knows both tables; reading apart. */
async function upsertByHand(left: Pool, right: Pool, keys: readonly string[]): Promise<number> {
  const types = ["uuid", "text", "text", "numeric", "int", "boolean", "jsonb", "timestamptz"];
  const read = await left.query<(string | null)[]>({
    text: `select ${itemColumns.map((column) => `${column}::text`).join(", ")} from item where id = any($1)`, values: [keys], rowMode: "array",
  } as never);
  const columns = itemColumns.map((_, at) => read.rows.map((row) => row[at]!));
  return timed(() => right.query({
    name: "by hand",
    text: `insert into by_hand (${itemColumns.join(", ")}) select * from unnest(${types.map((type, at) => `$${at + 1}::${type}[]`).join(", ")})` +
      ` on conflict (cloud_id) do update set ${itemColumns.slice(1).map((column) => `${column} = excluded.${column}`).join(", ")}`,
    values: columns,
  }));
}

/** Everything compared, against reading all rows of both sides into arrays of text. */
export const verifyPostgres: Measure = async (bench) => {
  bench.log("verify on PostgreSQL");
  const { left, right, sync, close } = await synced(bench, "verify");
  const verify = (): Promise<number> => timed(async () => {
    if (!(await sync.verify()).equal) throw new Error("Verify found a difference.");
  });
  const text = { rowMode: "array", types: { getTypeParser: () => (value: string) => value } };
  const read = (pool: Pool): Promise<unknown> => pool.query({ text: "select * from item", ...text } as never);
  const pairs = await alternating(bench.repetitions, verify, () => timed(() => Promise.all([read(left), read(right)])));
  await close();
  return [{ measure: "verify on PostgreSQL", ours: ours(pairs), unit: "ms", baseline: { name: "bare read of both sides", values: baseline(pairs) }, figure: { values: timesLonger(pairs), unit: "x" } } satisfies Line];
};

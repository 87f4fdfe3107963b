import { encode, type Database, type Key, type Unit } from "@sync/core";
import { drizzleDatabase } from "@sync/drizzle";
import { Client, type Pool } from "pg";
import type { Bench, Measure } from "../bench.ts";
import { poolOn, runOn, same } from "../items.ts";
import { contentOfItems, drizzleSchema, hookedLibraries, hooklessLibraries, itemTable, itemsOf, libraries, type Item, type Opened } from "../libraries.ts";
import { alternating, baseline, ours, partOfSpeed, timed, type Line } from "../measure.ts";

const PAGE = 1000;

/**
 * New rows committed through each library's own handle, a page in each unit, against the very statements that such a unit is
 * (`@sync/sql` writes the same for all of them), made beforehand and sent by `pg`.
 */
export const adaptersInBulk: Measure = async (bench) => await through(bench, "bulk", libraries, { atLeast: 0.5, aim: 0.8 });

/** The same rows through the library's models, against the library's own call for many rows at once; then with a hook that each row runs. */
export const adaptersByRecord: Measure = async (bench) => [
  ...await through(bench, "orm", libraries, { atLeast: 0.4, aim: 0.7 }),
  ...await through(bench, "orm", hookedLibraries, { atLeast: 0.4, aim: 0.7 }, ", a hook"),
  ...await through(bench, "orm", hooklessLibraries, undefined, " beside no entities"),
];

async function through(bench: Bench, writes: "bulk" | "orm", opens: typeof libraries, goal: Line["goal"], more = ""): Promise<Line[]> {
  const lines: Line[] = [];
  const items = itemsOf(bench.rows);
  for (const [name, open] of Object.entries(opens)) {
    bench.log(`${name}, ${writes}${more}`);
    const { url } = await bench.database(`adapters-${writes}-${name}${more}`);
    await runOn(url, itemTable);
    const pool = poolOn(url);
    const library = await open(url);
    const expected = await afterwards(pool, () => inPages(items, (page) => library.batch.insert(page)));
    const commit = (): Promise<number> => committed(library, writes, items, pool, expected);
    const recording = writes === "bulk" ? await recorded(url, pool, items) : undefined;
    const pairs = await alternating(bench.repetitions, commit, () => (recording ? recording.replay(expected) : batched(library, items, pool, expected)));
    await recording?.close();
    lines.push({
      measure: `${bench.rows} new rows through ${name}, ${writes}${more}`, ours: ours(pairs), unit: "ms",
      baseline: { name: writes === "bulk" ? "the same statements by pg" : library.batch.name, values: baseline(pairs) },
      figure: { values: partOfSpeed(pairs), unit: "x" }, ...(goal ? { goal } : {}), note: `units of ${PAGE} rows, each with its identity`,
    });
    await library.close();
    await pool.end();
  }
  return lines;
}

/** The table is empty before, and holds these rows after it. */
async function afterwards(pool: Pool, work: () => Promise<unknown>): Promise<string> {
  await pool.query(`truncate "Item"`);
  await work();
  const { rows } = await pool.query<{ content: string }>(contentOfItems);
  return rows[0]!.content;
}

async function inPages<T>(items: readonly T[], work: (page: readonly T[], at: number) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < items.length; at += PAGE) await work(items.slice(at, at + PAGE), at);
}

async function committed(library: Opened, writes: "bulk" | "orm", items: readonly Item[], pool: Pool, expected: string): Promise<number> {
  const database = library.database(writes);
  const { fence } = await database.claim({ holder: "bench", runner: "bench", seconds: 600 });
  await database.inspect(["Item"]);
  const units = unitsOver(database, items, fence, keysOf(items));
  let time = 0;
  const content = await afterwards(pool, async () => {
    time = await timed(async () => {
      for (const unit of units) if (!(await database.commit(unit)).committed) throw new Error("A unit was refused.");
    });
  });
  same(content, expected);
  await database.release(fence, true);
  await database.uninstall();
  return time;
}

async function batched(library: Opened, items: readonly Item[], pool: Pool, expected: string): Promise<number> {
  let time = 0;
  same(await afterwards(pool, async () => (time = await timed(() => inPages(items, (page) => library.batch.insert(page))))), expected);
  return time;
}

const keysOf = (items: readonly Item[]): Key[] => items.map(({ id }) => [id]);

/** A unit for each page of new rows. */
export function unitsOver(database: Database, items: readonly Item[], fence: number, keys: readonly Key[]): Unit[] {
  const { model } = database.endpoints.get("Item")!;
  const fields = model.fields.filter(({ name }) => !model.primaryKey.includes(name));
  return Array.from({ length: Math.ceil(items.length / PAGE) }, (_, at): Unit => ({
    id: `unit ${at}`, fence,
    batches: [{
      op: "insert", model: "Item", fields: fields.map(({ name }) => name),
      rows: items.slice(at * PAGE, (at + 1) * PAGE).map((item, i) => ({
        key: keys[at * PAGE + i]!, cloudId: `cloud ${item.id}`, values: fields.map(({ name, kind }) => encode(kind, item[name as keyof Item])),
      })),
    }],
  }));
}

interface Sent {
  readonly text: string;
  readonly values: unknown[];
}

/** What units over these rows send, taken down once on a client that cannot COPY. The fence is their first parameter. */
async function recorded(url: string, pool: Pool, items: readonly Item[]): Promise<{ replay(expected: string): Promise<number>; close(): Promise<void> }> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const sent: Sent[] = [];
  const query = client.query.bind(client) as (...words: unknown[]) => unknown;
  client.query = ((...words: unknown[]) => {
    const [config] = words as [Partial<Sent>];
    if (config.text?.includes('insert into "Item"')) sent.push(config as Sent);
    return query(...words);
  }) as typeof client.query;
  const database = drizzleDatabase({ $client: client }, { schema: drizzleSchema });
  const claim = async (): Promise<number> => (await database.claim({ holder: "bench", runner: "bench", seconds: 600 })).fence;
  const fence = await claim();
  await database.inspect(["Item"]);
  await pool.query(`truncate "Item"`);
  for (const unit of unitsOver(database, items, fence, keysOf(items))) await database.commit(unit);
  await database.release(fence, true);
  await database.uninstall();
  if (sent.length !== Math.ceil(items.length / PAGE)) throw new Error(`${sent.length} statements were recorded.`);

  return {
    close: () => client.end(),
    async replay(expected) {
      const now = String(await claim());
      let time = 0;
      const content = await afterwards(pool, async () => {
        time = await timed(async () => {
          for (const { text, values } of sent) await pool.query({ text, values: [now, ...values.slice(1)] });
        });
      });
      same(content, expected);
      await database.release(Number(now), true);
      await database.uninstall();
      return time;
    },
  };
}

import type { Pool } from "pg";
import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";
import { from as copyIn } from "pg-copy-streams";
import type { Bench, Measure } from "../bench.ts";
import { alternating, baseline, median, ours, partOfSpeed, timed, type Line, type Pair } from "../measure.ts";
import { openShops } from "../shops.ts";

/** Rows of three tables folded into documents two levels deep, against the slower of reading and of writing such documents. */
export const rowsToDocuments: Measure = async (bench) => [await folded(bench, "in the records"), await folded(bench, "beside")];

async function folded(bench: Bench, cloudIds: "in the records" | "beside"): Promise<Line> {
  bench.log(`rows → documents, cloudIds ${cloudIds}`);
  const shops = await openShops(bench, "folded", 0, cloudIds);
  const { left, right, sync, reset, check } = shops;
  const reads: number[] = [];

  async function fold(): Promise<number> {
    await reset();
    await left.query("vacuum analyze");
    const time = await timed(async () => {
      const { status, models } = await sync.run();
      const created = models.get("Article")!.created.right;
      if (status !== "done" || created !== articlesOf(bench)) throw new Error(`The fold is ${status} with ${created} articles.`);
    });
    await check();
    return time;
  }

  /** The documents as texts, read and then written again: the slower of the two. */
  async function bare(): Promise<number> {
    let texts: string[] = [];
    const reading = await timed(async () => (texts = await textsOf(right)));
    await reset();
    const writing = await timed(() => copied(right, texts));
    await check();
    reads.push(reading);
    return Math.max(reading, writing);
  }

  await fold();
  const pairs = await alternating(bench.repetitions, fold, bare);
  await shops.close();
  const inside = cloudIds === "in the records";
  return {
    measure: inside ? `${articlesOf(bench)} rows → ${shopsOf(bench)} documents, cloudIds in the records` : "  the same, cloudIds beside", ours: ours(pairs), unit: "ms",
    baseline: { name: "bare write of the documents", values: baseline(pairs) }, figure: { values: partOfSpeed(pairs), unit: "x" },
    // Beside, each record has three more rows in two databases, of which a bare write knows nothing.
    ...(inside ? { goal: { atLeast: 0.2, aim: 0.35 } } : {}), note: `reading them takes ${median(reads).toFixed(0)} ms`,
  };
}

/** One field of one article changed in each document of 50 kB, against the statement somebody would write who knows where it stands. */
export const onePath: Measure = async (bench) => {
  bench.log("one path in each document");
  const shops = await openShops(bench, "one-path", 400, "beside");
  const { left, right, sync, check } = shops;
  await sync.run();
  for (const pool of [left, right]) await pool.query("vacuum analyze");
  await check();
  await right.query("create table by_hand (id uuid primary key, document jsonb not null)");
  await right.query("insert into by_hand select id, document from shop_document");
  await right.query("vacuum analyze by_hand");
  const size = (await right.query<{ size: string }>("select round(avg(length(document::text)) / 1000) as size from by_hand")).rows[0]!.size;

  const pairs: Pair[] = [];
  for (let repetition = 0; repetition <= bench.repetitions; repetition += 1) {
    const changed = await left.query<Change>(changeOneEach);
    const run = (): Promise<number> =>
      timed(async () => {
        const { status, written } = await sync.run();
        if (status !== "done" || written.left !== 0 || written.right !== changed.rows.length) throw new Error(`${written.right} records written instead of ${changed.rows.length}.`);
      });
    const handFirst = repetition % 2 === 0;
    let byHand = handFirst ? await patchByHand(right, changed.rows) : 0;
    const time = await run();
    if (!handFirst) byHand = await patchByHand(right, changed.rows);
    await check();
    const same = await right.query("select from by_hand h join shop_document d using (id) where h.document = d.document");
    if (same.rowCount !== shopsOf(bench)) throw new Error("The documents changed by hand are others: this result is worth nothing.");
    if (repetition > 0 || bench.repetitions === 1) pairs.push({ ours: time, baseline: byHand });
  }
  await shops.close();
  return [{
    measure: `one path changed in each of ${shopsOf(bench)} documents of ${size} kB`, ours: ours(pairs), unit: "ms",
    baseline: { name: "one statement by hand", values: baseline(pairs) }, figure: { values: partOfSpeed(pairs), unit: "x" }, goal: { atLeast: 0.3, aim: 0.6 },
  }];
};

const shopsOf = ({ rows }: Bench): number => Math.ceil(rows / 100);
const articlesOf = (bench: Bench): number => shopsOf(bench) * 100;

async function textsOf(pool: Pool): Promise<string[]> {
  return (await pool.query<[string]>({ text: "select document::text from shop_document", rowMode: "array" } as never)).rows.map(([text]) => text);
}

async function copied(pool: Pool, texts: readonly string[]): Promise<void> {
  const connection = await pool.connect();
  const lines = texts.map((text) => `${text.replaceAll("\\", "\\\\")}\n`);
  await pipeline(Readable.from(lines), connection.query(copyIn("copy shop_document (document) from stdin")));
  connection.release();
}

interface Change {
  readonly shop: string;
  readonly code: string;
  readonly stock: number;
}

/** In each shop another article. */
const changeOneEach = `
  update article a set stock = a.stock + 1
  from (select distinct on (f.shop_id) a.id, s.code as shop from article a join shelf f on f.id = a.shelf_id join shop s on s.id = f.shop_id
    order by f.shop_id, random()) chosen
  where a.id = chosen.id returning chosen.shop, a.code, a.stock`;

/** The places are looked up before the clock runs. */
async function patchByHand(pool: Pool, changes: readonly Change[]): Promise<number> {
  const places = await pool.query<{ id: string; path: string; stock: number }>(
    `select h.id, '{shelves,' || f.n - 1 || ',articles,' || a.n - 1 || ',stock}' as path, c.stock
     from unnest($1::text[], $2::text[], $3::int[]) c(shop, code, stock) join by_hand h on h.document->>'code' = c.shop,
       jsonb_array_elements(h.document->'shelves') with ordinality f(v, n), jsonb_array_elements(f.v->'articles') with ordinality a(v, n)
     where a.v->>'code' = c.code`,
    [changes.map(({ shop }) => shop), changes.map(({ code }) => code), changes.map(({ stock }) => stock)],
  );
  const { rows } = places;
  return timed(() => pool.query({
    name: "one path by hand",
    text: `update by_hand h set document = jsonb_set(h.document, c.path::text[], to_jsonb(c.stock))
      from unnest($1::uuid[], $2::text[], $3::int[]) c(id, path, stock) where h.id = c.id`,
    values: [rows.map(({ id }) => id), rows.map(({ path }) => path), rows.map(({ stock }) => stock)],
  }));
}

import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { planPage, planTable, type Plan } from "@sync/core";
import { temporaryFolder } from "@sync/test-databases";
import { describePostgres } from "@sync/test-databases/vitest";
import { afterAll, afterEach, expect, test } from "vitest";
import { openPostgres, openSqlite, type Side } from "../src/databases.ts";
import { freshUrl } from "../src/fresh.ts";
import { listOf } from "../src/lists.ts";
import { onPairs, pairOf } from "../src/pairs.ts";
import { planted } from "../src/secrets.ts";
import { tables } from "../src/tables.ts";

const { text, code } = planted;
const three = `insert into country (code, name) values ('${code}-a', '${text} a'), ('${code}-b', '${text} b'), ('${code}-c', '${text} c')`;
const codes = "select code from country order by code";

const folder = temporaryFolder("plans");
afterAll(() => folder.remove());
let files = 0;
const saved = async (plan: Plan): Promise<string> => {
  const path = join(folder.path, `${++files}.ndjson`);
  await writeFile(path, plan.lines());
  return path;
};
const joined = async (texts: AsyncIterable<string>): Promise<string> => (await listOf(texts)).join("");

interface Applied {
  readonly code?: string;
  readonly message?: string;
  readonly written?: { readonly left: number; readonly right: number };
  readonly skipped?: readonly { readonly model: string }[];
}

/** Loads and applies the file in a process of its own, which knows where the databases are and nothing else. */
async function appliedElsewhere(where: readonly [left: string, right: string], path: string): Promise<Applied> {
  const child = fileURLToPath(new URL("../src/apply-saved.ts", import.meta.url));
  const running = spawn(process.execPath, ["--conditions=dev-source", child, ...where, path], { stdio: ["ignore", "pipe", "pipe"] });
  let [out, err] = ["", ""];
  running.stdout.setEncoding("utf8").on("data", (chunk: string) => (out += chunk));
  running.stderr.setEncoding("utf8").on("data", (chunk: string) => (err += chunk));
  const status = await new Promise((resolve) => running.on("close", resolve));
  if (status !== 0) throw new Error(`the process failed: ${err}`);
  return JSON.parse(out) as Applied;
}

describePostgres("a plan made here and applied by another process", (server) => {
  const opened: Side[] = [];
  afterEach(async () => {
    for (const side of opened.splice(0)) await side.close();
  });

  test.each(["SQLite to PostgreSQL", "PostgreSQL to SQLite"])("%s: what was reviewed is done, what changed since is skipped, what was cut, edited or outlived by its schema is refused", async (way) => {
    const url = await freshUrl(server, import.meta.url);
    const [sqlite, postgres] = [openSqlite(tables("sqlite")), await openPostgres(url, tables("postgres"))];
    opened.push(sqlite, postgres);
    const reversed = way === "PostgreSQL to SQLite";
    const [left, right] = reversed ? [postgres, sqlite] : [sqlite, postgres];
    const where = reversed ? [url, sqlite.path] as const : [sqlite.path, url] as const;
    const sync = pairOf(left, right).sync();

    await left.exec(`${three}; insert into city (code, name, country_id) select '${code}-1', '${text}', id from country where code = '${code}-a'`);
    const first = await saved(await sync.plan());
    expect(await right.rows(codes)).toEqual([]);
    expect(await appliedElsewhere(where, first)).toEqual({ written: expect.objectContaining({ right: 4 }), skipped: [] });
    expect(await sync.verify()).toMatchObject({ equal: true });
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });

    await left.exec(`update country set name = '${text} planned' where code in ('${code}-a', '${code}-b'); delete from country where code = '${code}-c'`);
    const second = await saved(await sync.plan());
    await right.exec(`update country set name = '${text} meanwhile' where code = '${code}-b'`);
    expect(await appliedElsewhere(where, second)).toMatchObject({ written: { left: 0, right: 2 }, skipped: [{ model: "Country" }] });
    expect(await right.rows("select code, name from country order by code")).toEqual([
      { code: `${code}-a`, name: `${text} planned` }, { code: `${code}-b`, name: `${text} meanwhile` },
    ]);

    await left.exec(`insert into country (code, name) values ('${code}-d', '${text} d')`);
    const third = await saved(await sync.plan());
    const content = await readFile(third, "utf8");
    const lines = content.split("\n");
    await expect(sync.load(lines.slice(0, -2))).rejects.toMatchObject({ code: "PLAN.TRUNCATED", message: expect.stringMatching(new RegExp(`^Line ${lines.length - 1} `)) });
    await expect(sync.load([content.replace(`"side":"right"`, `"side":"left"`)])).rejects.toMatchObject({ code: "PLAN.EDITED", message: expect.stringMatching(/^Line [23] /) });
    await right.exec("create unique index country_name_once on country (name)");
    const outlived = await appliedElsewhere(where, third);
    expect(outlived).toMatchObject({ code: "PLAN.STALE", message: expect.stringMatching(/: the schema of `Country` changed on the right\. Nothing/) });
    expect(await right.rows(codes)).toHaveLength(2);
  });
});

onPairs(import.meta.url, [["sqlite", "postgres"], ["sqlite", "pglite"]], (open) => {
  test("a file, a table and a page hold no values; a look, and a page that is asked for them, hold those of now", async () => {
    const pair = await open();
    await pair.left.exec(three);
    const sync = pair.sync();
    await sync.run();
    await pair.left.exec(`update country set name = '${text} new' where code = '${code}-a'; insert into country (code, name) values ('${code}-d', '${text} d')`);
    const plan = await sync.plan();
    const file = await joined(plan.lines());
    for (const said of [file, await planTable(plan), await joined(planPage(plan))]) {
      expect(said).toContain("only on the left");
      for (const secret of Object.values(planted)) expect(said).not.toContain(secret);
    }
    const page = await joined(planPage(plan, { values: true }));
    for (const value of [`${text} new`, `${text} a`, `${text} d`]) expect(page).toContain(value);
    const [update] = (await listOf<readonly Parameters<Plan["look"]>[0][number][]>(plan.actions())).flat().filter(({ action }) => action === "update");
    expect(await plan.look([update!])).toMatchObject([{ stale: false, fields: expect.arrayContaining([{ field: "name", left: `${text} new`, right: `${text} a`, base: `${text} a`, changed: ["left"] }]) }]);
    await pair.right.exec(`update country set name = '${text} later' where code = '${code}-a'`);
    expect(await plan.look([update!])).toMatchObject([{ stale: true }]);
  });

  test("a plan for other databases of the same name and schema is refused whole", async () => {
    const [pair, other] = [await open(), await open()];
    await pair.left.exec(three);
    await other.left.exec(three);
    const lines = await listOf<string>((await pair.sync().plan()).lines());
    await expect(other.sync().load(lines)).rejects.toMatchObject({ code: "PLAN.STALE", message: expect.stringMatching(/left database is another one/) });
    await expect(pair.sync({ name: "other" }).load(lines)).rejects.toMatchObject({ code: "PLAN.OTHER_PAIR" });
    expect(await pair.right.rows(codes)).toEqual([]);
  });
});

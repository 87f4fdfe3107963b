import { naturalKey, type RunResult } from "@sync/core";
import { drizzleDatabase } from "@sync/drizzle";
import Database from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { integer, sqliteTable, text as column } from "drizzle-orm/sqlite-core";
import { describe, expect, onTestFinished, test } from "vitest";
import { openSqlite, type Side } from "../src/databases.ts";
import { listOf } from "../src/lists.ts";
import { onPairs, pairOf, usualPairs, type Pair } from "../src/pairs.ts";
import { keepSecrets, planted } from "../src/secrets.ts";
import { tables } from "../src/tables.ts";

const { text, code } = planted;
const countries = "select code, name from country order by code";
const cities = "select code, name from city order by code";

/** Both models synced, then changed on the left once more. */
async function synced(pair: Pair): Promise<void> {
  await pair.left.exec(`
    insert into country (code, name, motto) values ('${code}-a', '${text} a', '${text}'), ('${code}-b', '${text} b', null);
    insert into city (code, name, country_id) select '${code}-' || name, '${text}', id from country`);
  await pair.sync().run();
  await pair.left.exec(`update country set name = '${text} edited'; update city set name = '${text} edited'`);
}

const errors = (run: RunResult): string[] => run.findings.flatMap(({ severity, model, code: which, field }) => (severity === "error" ? [`${model} ${which}${field === undefined ? "" : ` ${field}`}`] : []));

onPairs(import.meta.url, usualPairs, (open) => {
  test.each(["left", "right"] as const)("a column that only the database on the %s got since changes nothing", async (side) => {
    const pair = await open();
    await synced(pair);
    await pair[side].exec("alter table country add column note text; alter table country add column flag integer not null default 7");
    const run = await pair.sync().run();
    expect(errors(run)).toEqual([]);
    expect(run.models.get("Country")).toMatchObject({ updated: { right: 2 } });
    expect((await pair.sync().run()).written).toEqual({ left: 0, right: 0 });
    await pair.left.exec(`insert into country (code, name) values ('${code}-c', '${text} c')`);
    await pair.sync().run();
    expect(await pair.sync().verify()).toMatchObject({ equal: true });
  });

  test("a column without a default that new rows must fill is said, and new rows wait; what is there goes on", async () => {
    const pair = await open();
    await synced(pair);
    // As an application would: with a default for the rows there are, which then goes.
    if (pair.right.dialect === "postgres") await pair.right.exec("alter table country add column flag integer not null default 7; alter table country alter column flag drop default");
    else await pair.right.exec(`alter table city rename to city_old; drop table city_old; alter table country rename to country_old;
      ${tables("sqlite", { country: "flag integer not null" }).replace("flag integer not null", "flag integer not null check (flag > 0)")}
      insert into country (id, code, name, motto, people, flag) select id, code, name, motto, people, 7 from country_old; drop table country_old`);
    await pair.left.exec(`insert into country (code, name) values ('${code}-c', '${text} c')`);
    const sync = pair.sync({ models: { Country: { match: naturalKey("code") } } });
    const run = await sync.run();
    expect(run.findings.map((finding) => finding.code)).toContain("SCHEMA.UNMAPPED_REQUIRED");
    expect(run.models.get("Country")).toMatchObject({ updated: { right: 2 }, quarantined: 1 });
    expect(await listOf(sync.quarantine())).toMatchObject([{ code: "WRITE.NOT_NULL", field: "flag" }]);
  });

  test.each([
    ["a dropped column", "City", "alter table city drop column name", "SCHEMA.MISSING_COLUMN name"],
    ["a renamed column", "City", "alter table city rename column name to title", "SCHEMA.MISSING_COLUMN name"],
    ["a table that is gone", "City", "drop table city", "SCHEMA.MISSING_TABLE"],
  ])("%s stops its model with a hint, and the others go on", async (_, model, change, finding) => {
    const pair = await open();
    await synced(pair);
    await pair.right.exec(change);
    const run = await pair.sync().run();
    expect(errors(run)).toEqual([`${model} ${finding}`]);
    expect(run.findings.find(({ severity }) => severity === "error")!.message).toMatch(/right: .*(column "name"|table "city")/);
    expect(run.models.has(model)).toBe(false);
    expect(await pair.right.rows(countries)).toEqual([{ code: `${code}-a`, name: `${text} edited` }, { code: `${code}-b`, name: `${text} edited` }]);
    expect((await pair.sync().plan()).models.has(model)).toBe(false);
    expect((await pair.sync().verify()).models.has(model)).toBe(false);
  });

  test("a model that is stopped stops those that refer to it, and says so; mended, all of it goes on", async () => {
    const pair = await open();
    await synced(pair);
    await pair.right.exec("alter table country drop column motto");
    await pair.left.exec(`insert into country (code, name) values ('${code}-c', '${text} c'); insert into city (code, name, country_id) select '${code}-new', '${text}', id from country where code = '${code}-c'`);
    const sync = pair.sync();
    const run = await sync.run();
    expect(errors(run)).toEqual(["Country SCHEMA.MISSING_COLUMN motto", "City MODEL.PARENT_STOPPED"]);
    expect([...run.models.keys()]).toEqual([]);
    expect(run.written).toEqual({ left: 0, right: 0 });
    expect(await pair.sync().verify()).toMatchObject({ equal: false });
    await pair.right.exec(`alter table country add column motto text; update country set motto = '${text}' where code = '${code}-a'`);
    await pair.sync().run();
    expect(await listOf(sync.quarantine())).toEqual([]);
    expect(await pair.sync().verify()).toMatchObject({ equal: true });
    expect(await pair.right.rows(cities)).toHaveLength(3);
  });

  test("a stopped model loses nothing: mended, it goes on from where it was", async () => {
    const pair = await open();
    await synced(pair);
    await pair.right.exec("alter table city rename column name to title");
    await pair.sync().run();
    await pair.right.exec("alter table city rename column title to name");
    const run = await pair.sync().run();
    expect(run.models.get("City")).toMatchObject({ updated: { left: 0, right: 2 }, conflicts: 0, open: 0 });
    expect(await pair.sync().verify()).toMatchObject({ equal: true });
  });

  test("a unique key of the match that is gone stops its model, and the others go on", async () => {
    const pair = await open();
    await synced(pair);
    if (pair.right.dialect === "postgres") await pair.right.exec("alter table city drop constraint city_code_key");
    else await pair.right.exec("alter table city rename to old; create table city (id integer primary key autoincrement, code text not null, name text not null, country_id integer references country (id)); insert into city select * from old; drop table old");
    const run = await pair.sync().run();
    expect(errors(run)).toEqual(["City MATCH.NOT_UNIQUE"]);
    expect(await pair.right.rows(countries)).toEqual([{ code: `${code}-a`, name: `${text} edited` }, { code: `${code}-b`, name: `${text} edited` }]);
  });
});

describe("a model that got a field since", () => {
  keepSecrets();

  const withNote = { Country: sqliteTable("country", { id: integer().primaryKey({ autoIncrement: true }), code: column().notNull().unique(), name: column().notNull(), motto: column(), people: integer(), note: column() }) };
  /** The application's next version, on the same file. */
  const next = (side: Side & { path: string }): Side => {
    const client = new Database(side.path);
    onTestFinished(() => void client.close());
    return { ...side, database: drizzleDatabase(drizzle(client), { schema: withNote }) as never };
  };
  const both = () => {
    const sides = [openSqlite(tables("sqlite")), openSqlite(tables("sqlite"))] as const;
    onTestFinished(async () => void (await Promise.all(sides.map((side) => side.close()))));
    return sides;
  };

  test("goes on: what was agreed stays agreed, and the new field is carried", async () => {
    const [left, right] = both();
    const models = { Country: { match: naturalKey("code") } };
    await left.exec(`insert into country (code, name) values ('${code}-a', '${text} a'), ('${code}-b', '${text} b')`);
    await pairOf(left, right).sync({ models }).run();
    for (const side of [left, right]) await side.exec("alter table country add column note text");
    await left.exec(`update country set note = '${text} left' where code = '${code}-a'; update country set name = '${text} edited' where code = '${code}-b'`);
    const pair = pairOf(next(left), next(right));
    const run = await pair.sync({ models, firstLink: "left" }).run();
    expect(run.findings.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(run.models.get("Country")).toMatchObject({ updated: { left: 0, right: 2 } });
    expect(await right.rows("select code, name, note from country order by code")).toEqual([
      { code: `${code}-a`, name: `${text} a`, note: `${text} left` }, { code: `${code}-b`, name: `${text} edited`, note: null },
    ]);
    await right.exec(`update country set note = '${text} right'`);
    await pair.sync({ models }).run();
    expect(await left.rows("select note from country")).toEqual([{ note: `${text} right` }, { note: `${text} right` }]);
    expect((await pair.sync({ models }).run()).written).toEqual({ left: 0, right: 0 });
  });

  test("and is empty on both sides needs no firstLink", async () => {
    const [left, right] = both();
    const models = { Country: { match: naturalKey("code") } };
    await left.exec(`insert into country (code, name) values ('${code}-a', '${text} a')`);
    await pairOf(left, right).sync({ models }).run();
    for (const side of [left, right]) await side.exec("alter table country add column note text");
    const pair = pairOf(next(left), next(right));
    expect((await pair.sync({ models }).run()).status).toBe("done");
    await left.exec(`update country set note = '${text} left'`);
    expect((await pair.sync({ models }).run()).models.get("Country")).toMatchObject({ updated: { right: 1 }, conflicts: 0, open: 0 });
  });
});

import { naturalKey, type ConflictRecord } from "@sync/core";
import { integer as pgInteger, pgTable, serial, text as pgText } from "drizzle-orm/pg-core";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { expect, test } from "vitest";
import { listOf } from "../src/lists.ts";
import { onPairs, type SideOptions } from "../src/pairs.ts";

/** Without AUTOINCREMENT SQLite gives the number of a deleted last row to the next new one. */
const kinds = {
  "numbers that are used again": ["id integer primary key", ""],
  AUTOINCREMENT: ["id integer primary key autoincrement", ""],
  "a cloudId of the row's own": ["id integer primary key", "cloud_id text unique,"],
} as const;
const postgres = pgTable("country", { id: serial().primaryKey(), code: pgText().notNull().unique(), name: pgText().notNull(), motto: pgText(), people: pgInteger() });

function sides(kind: keyof typeof kinds): [left: SideOptions, right: SideOptions] {
  const [id, more] = kinds[kind];
  const columns = { id: integer().primaryKey({ autoIncrement: true }), code: text().notNull().unique(), name: text().notNull(), motto: text() };
  const Country = more === "" ? sqliteTable("country", columns) : sqliteTable("country", { ...columns, cloudId: text("cloud_id").unique() });
  const ddl = {
    sqlite: `create table country (${id}, ${more} code text not null unique, name text not null, motto text)`,
    postgres: "create table country (id serial primary key, code text not null unique, name text not null, motto text, people integer)",
  };
  const options = { ddl, schema: { sqlite: { Country }, postgres: { Country: postgres } } };
  return [options, options];
}

onPairs(import.meta.url, [["sqlite", "postgres"], ["sqlite", "pglite"]], (open) => {
  test.each([
    // What the one side does not have stays with the number: this is what the warning says.
    ["numbers that are used again", true, { id: 2, code: "c", name: "new", motto: null, people: 7 }],
    ["AUTOINCREMENT", false, { id: 3, code: "c", name: "new", motto: null, people: null }],
    ["a cloudId of the row's own", false, { id: 3, code: "c", name: "new", motto: null, people: null }],
  ] as const)("%s: a new row in the place of a deleted one, both before the next run", async (kind, warned, expected) => {
    const pair = await open(...sides(kind));
    await pair.left.exec("insert into country (code, name, motto) values ('a', 'first', 'x'), ('b', 'old', 'y')");
    const sync = pair.sync({ models: { Country: { match: naturalKey("code") } } });
    const first = await sync.run();
    expect(first.findings.filter(({ code }) => code === "SCHEMA.KEYS_REUSED").map(({ severity }) => severity)).toEqual(warned ? ["warning"] : []);
    await pair.right.exec("update country set people = 7 where code = 'b'");
    await pair.left.exec("delete from country where code = 'b'; insert into country (code, name) values ('c', 'new')");
    const run = await sync.run();
    expect(run.models.get("Country")).toMatchObject(warned ? { updated: { right: 1 }, deleted: { right: 0 } } : { created: { right: 1 }, deleted: { right: 1 } });
    expect(await pair.right.rows("select * from country where code <> 'a'")).toEqual([expected]);
    expect(await sync.verify()).toMatchObject({ equal: true });
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });

  test.each([
    ["numbers that are used again", "edited", []],
    ["AUTOINCREMENT", null, ["update-delete"]],
    ["a cloudId of the row's own", null, ["update-delete"]],
  ] as const)("%s: an edit of the old record on the other side", async (kind, motto, conflicts) => {
    const pair = await open(...sides(kind));
    await pair.left.exec("insert into country (code, name) values ('a', 'first'), ('b', 'old')");
    const sync = pair.sync({ models: { Country: { match: naturalKey("code") } } });
    await sync.run();
    await pair.right.exec("update country set motto = 'edited' where code = 'b'");
    await pair.left.exec("delete from country where code = 'b'; insert into country (code, name) values ('c', 'new')");
    await sync.run();
    expect((await listOf<ConflictRecord>(sync.conflicts())).map((conflict) => conflict.kind)).toEqual(conflicts);
    expect(await pair.left.rows("select code, name, motto from country where code <> 'a'")).toEqual([{ code: "c", name: "new", motto }]);
    expect(await sync.verify()).toMatchObject({ equal: true });
  });
});

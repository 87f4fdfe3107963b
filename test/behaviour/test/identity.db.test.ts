import type { ConflictRecord } from "@sync/core";
import { expect, test } from "vitest";
import { listOf } from "../src/lists.ts";
import { onPairs, everyPair } from "../src/pairs.ts";
import { planted } from "../src/secrets.ts";

const { text, code } = planted;
const two = `insert into country (code, name) values ('${code}-a', '${text} a'), ('${code}-b', '${text} b')`;
const all = "select code, name from country order by code";

onPairs(import.meta.url, everyPair, (open) => {
  test("a record edited here and deleted there is put back where the edit stands", async () => {
    const pair = await open();
    await pair.left.exec(two);
    const sync = pair.sync({ onEditDelete: "edit" });
    await sync.run();
    await pair.left.exec(`delete from country where code = '${code}-a'`);
    await pair.right.exec(`update country set name = '${text} edited' where code = '${code}-a'; delete from country where code = '${code}-b'`);
    await pair.left.exec(`update country set name = '${text} edited too'`);
    await sync.run();
    const both = [{ code: `${code}-a`, name: `${text} edited` }, { code: `${code}-b`, name: `${text} edited too` }];
    expect(await pair.left.rows(all)).toEqual(both);
    expect(await pair.right.rows(all)).toEqual(both);
    expect(await listOf(sync.quarantine())).toEqual([]);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });

  test("a person's word that the edit stands puts the record back", async () => {
    const pair = await open();
    await pair.left.exec(two);
    const sync = pair.sync({ onEditDelete: "ask" });
    await sync.run();
    await pair.left.exec(`delete from country where code = '${code}-a'`);
    await pair.right.exec(`update country set name = '${text} edited' where code = '${code}-a'`);
    await sync.run();
    const [conflict] = await listOf<ConflictRecord>(sync.conflicts());
    expect(conflict).toMatchObject({ kind: "update-delete", decision: "open" });
    expect(await sync.verify()).toMatchObject({ equal: false, explained: true });
    await sync.decide(conflict!.id, "right");
    await sync.run();
    expect(await pair.left.rows(all)).toEqual([{ code: `${code}-a`, name: `${text} edited` }, { code: `${code}-b`, name: `${text} b` }]);
    expect(await sync.verify()).toMatchObject({ equal: true });
  });

  test("a record that its application deleted and made again is still the same thing", async () => {
    const pair = await open();
    await pair.left.exec(`${two}; insert into city (code, name, country_id) values ('${code}-1', '${text}', (select id from country where code = '${code}-b'))`);
    const sync = pair.sync();
    await sync.run();
    const before = await pair.right.rows(`select id from country where code = '${code}-a'`);
    await pair.left.exec(`delete from country where code = '${code}-a'; insert into country (code, name) values ('${code}-a', '${text} again')`);
    await sync.run();
    await sync.run();
    expect(await listOf(sync.quarantine())).toEqual([]);
    const both = [{ code: `${code}-a`, name: `${text} again` }, { code: `${code}-b`, name: `${text} b` }];
    expect(await pair.right.rows(all)).toEqual(both);
    expect(await pair.left.rows(all)).toEqual(both);
    expect(await pair.right.rows(`select id from country where code = '${code}-a'`)).toEqual(before);
    expect(await sync.verify()).toMatchObject({ equal: true });
  });

  test("a one-way pair says what was deleted where nothing is read from, and puts it back where that is asked", async () => {
    const pair = await open();
    await pair.left.exec(two);
    const sync = pair.sync({ direction: "left-to-right" });
    await sync.run();
    await pair.right.exec(`delete from country where code = '${code}-a'`);
    expect((await sync.run()).models.get("Country")).toMatchObject({ drift: 1 });
    expect(await pair.right.rows(all)).toHaveLength(1);
    expect(await sync.verify()).toMatchObject({ equal: false, explained: true });
    const overwriting = pair.sync({ direction: "left-to-right", drift: "overwrite" });
    await overwriting.run();
    expect(await pair.right.rows(all)).toHaveLength(2);
    expect(await overwriting.verify()).toMatchObject({ equal: true });
  });
});

/** A rowid that is free again: without AUTOINCREMENT the highest one is given a second time. */
const reused = {
  sqlite: `create table country (id integer primary key, code text not null unique, name text not null, motto text, people integer);
    create table city (id integer primary key, code text not null unique, name text not null, country_id integer references country (id));`,
  postgres: `create table country (id serial primary key, code text not null unique, name text not null, motto text, people bigint);
    create table city (id serial primary key, code text not null unique, name text not null, country_id integer references country (id));`,
};

onPairs(import.meta.url, [["sqlite", "pglite"], ["pglite", "sqlite"]], (open) => {
  test("a key that SQLite gives a second time is not taken for the record that had it first", async () => {
    const pair = await open({ ddl: reused }, { ddl: reused });
    const [sqlite, other] = pair.left.dialect === "sqlite" ? [pair.left, pair.right] : [pair.right, pair.left];
    await sqlite.exec(two);
    const sync = pair.sync();
    await sync.run();
    // Gone on the one side, while the other has got a new record: it comes under the key that is free again.
    await sqlite.exec(`delete from country where code = '${code}-b'`);
    await other.exec(`insert into country (code, name) values ('${code}-c', '${text} c')`);
    await pair.sync().run();
    await pair.sync().run();
    expect(await listOf(sync.quarantine())).toEqual([]);
    const both = [{ code: `${code}-a`, name: `${text} a` }, { code: `${code}-c`, name: `${text} c` }];
    expect(await sqlite.rows(all)).toEqual(both);
    expect(await other.rows(all)).toEqual(both);
    // Deleted and made anew by the application, under the same key.
    await sqlite.exec(`delete from country where code = '${code}-c'; insert into country (code, name) values ('${code}-d', '${text} d')`);
    await sync.run();
    await sync.run();
    expect(await other.rows(all)).toEqual([{ code: `${code}-a`, name: `${text} a` }, { code: `${code}-d`, name: `${text} d` }]);
    expect(await sync.verify()).toMatchObject({ equal: true });
  });
});

import { deterministic, naturalKey } from "@sync/core";
import { pgTable, serial, text as pgText, timestamp, uuid } from "drizzle-orm/pg-core";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { expect, test } from "vitest";
import { listOf } from "../src/lists.ts";
import { onPairs } from "../src/pairs.ts";

/** Codes are unique among the living only, as applications with soft deletes have it. */
const ddl = {
  sqlite: `create table country (id integer primary key autoincrement, cloud_id text unique, code text not null, name text not null, deleted_at integer);
    create unique index living on country (code) where deleted_at is null;`,
  postgres: `create table country (id serial primary key, cloud_id uuid unique, code text not null, name text not null, deleted_at timestamptz);
    create unique index living on country (code) where deleted_at is null;`,
};
const schema = {
  sqlite: {
    Country: sqliteTable("country", {
      id: integer().primaryKey({ autoIncrement: true }), cloudId: text("cloud_id").unique(), code: text().notNull(), name: text().notNull(), deletedAt: integer("deleted_at", { mode: "timestamp" }),
    }),
  },
  postgres: {
    Country: pgTable("country", { id: serial().primaryKey(), cloudId: uuid("cloud_id").unique(), code: pgText().notNull(), name: pgText().notNull(), deletedAt: timestamp("deleted_at", { withTimezone: true }) }),
  },
};
const now = { sqlite: "1767225600", postgres: "'2026-01-01T00:00:00Z'" };
const all = "select code, name, deleted_at is not null as gone, cast(cloud_id as text) as cloud_id from country order by name";

onPairs(import.meta.url, [["sqlite", "postgres"], ["pglite", "sqlite"]], (open) => {
  test("a code that a soft-deleted record had belongs to the next one, on both sides, under cloudIds that the codes decide", async () => {
    const pair = await open({ ddl, schema }, { ddl, schema });
    const cloudIds = deterministic("a secret of the application");
    const sync = pair.sync({ models: { Country: { match: naturalKey("code", { withoutUniqueKey: true }), softDelete: "deletedAt" } }, cloudIds, firstLink: "left" });
    await pair.left.exec("insert into country (code, name) values ('a', 'first')");
    await pair.right.exec(`insert into country (code, name, deleted_at) values ('a', 'dead before', ${now[pair.right.dialect]}); insert into country (code, name) values ('b', 'other')`);
    await sync.run();
    await pair.left.exec(`update country set deleted_at = ${now[pair.left.dialect]} where name = 'first'; insert into country (code, name) values ('a', 'second')`);
    for (let n = 0; n < 2; n++) await sync.run();
    const rows = (await pair.right.rows(all)).map(({ code, name, gone, cloud_id: id }) => [code, name, Number(gone), id]);
    expect(rows).toEqual((await pair.left.rows(all)).map(({ code, name, gone, cloud_id: id }) => [code, name, Number(gone), id]));
    expect(rows).toEqual([
      ["a", "dead before", 1, expect.stringMatching(/^.{14}7/)],
      ["a", "first", 1, cloudIds.idOf("Country", '["a"]', 0)],
      ["b", "other", 0, cloudIds.idOf("Country", '["b"]', 0)],
      ["a", "second", 0, cloudIds.idOf("Country", '["a"]', 1)],
    ]);
    expect(await listOf(sync.quarantine())).toEqual([]);
    expect(await sync.verify()).toMatchObject({ equal: true });
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });
});

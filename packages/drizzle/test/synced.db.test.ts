import { PGlite } from "@electric-sql/pglite";
import Database from "better-sqlite3";
import { createSync, drizzleDatabase, leftWins, naturalKey, synced } from "@sync/drizzle";
import { drizzle as betterSqlite } from "drizzle-orm/better-sqlite3";
import { integer as pgInteger, pgTable, serial, text as pgText } from "drizzle-orm/pg-core";
import { drizzle as pglite } from "drizzle-orm/pglite";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { expect, test } from "vitest";

const countries = synced(sqliteTable("countries", { id: integer().primaryKey(), code: text().notNull().unique(), name: text().notNull(), draft: text() }), { match: naturalKey("code"), omit: ["draft"] });
const airports = sqliteTable("airports", { id: integer().primaryKey(), ident: text().notNull().unique(), countryId: integer("country_id").notNull().references(() => countries.id) });
const nations = synced(pgTable("nations", { id: serial().primaryKey(), code: pgText().notNull().unique(), name: pgText().notNull() }), { as: "countries" });
const landingPlaces = synced(
  pgTable("landing_places", { id: serial().primaryKey(), ident: pgText().notNull().unique(), countryId: pgInteger("country_id").notNull().references(() => nations.id) }),
  { as: "airports", match: naturalKey("ident") },
);

test("tables that are declared on either side, with names of their own, need no `models`", async () => {
  const sqlite = new Database(":memory:");
  const postgres = new PGlite();
  sqlite.exec(`create table countries (id integer primary key, code text not null unique, name text not null, draft text);
    create table airports (id integer primary key, ident text not null unique, country_id integer not null references countries);
    insert into countries values (7, 'CH', 'Switzerland', 'not yet');
    insert into airports values (3, 'LSZH', 7)`);
  await postgres.exec(`create table nations (id serial primary key, code text not null unique, name text not null);
    create table landing_places (id serial primary key, ident text not null unique, country_id integer not null references nations)`);
  const sync = createSync({
    name: "declared", conflicts: leftWins(),
    left: drizzleDatabase(betterSqlite({ client: sqlite }), { schema: { countries, airports } }),
    right: drizzleDatabase(pglite({ client: postgres }), { schema: { nations, landingPlaces } }),
  });
  expect([...(await sync.run()).models.keys()]).toEqual(["countries", "airports"]);
  const { rows } = await postgres.query("select p.ident, n.code, n.name from landing_places p join nations n on n.id = p.country_id");
  expect(rows).toEqual([{ ident: "LSZH", code: "CH", name: "Switzerland" }]);
  expect(await sync.verify()).toMatchObject({ equal: true });
  sqlite.close();
  await postgres.close();
});

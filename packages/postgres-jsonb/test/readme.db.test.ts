import { openPglite } from "@sync/test-databases";
import Sqlite from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { expect, test } from "vitest";
// #region kinds
import { createSync, type DocumentOptions, jsonbDatabase, jsonbSchema, leftWins, naturalKey } from "@sync/postgres-jsonb";
import { drizzleDatabase } from "@sync/drizzle"; // the other side: any adapter
import { z } from "zod";

const airport = z.object({ ident: z.string(), name: z.string().optional() });
const country = z.object({ code: z.string(), name: z.string(), airports: z.array(airport).optional() });
export const documents = {
  Country: { table: "countries", schema: country, unique: ["code"], children: { airports: { key: "ident" } } },
} as const satisfies Record<string, DocumentOptions>;
export const migration = jsonbSchema(documents); // SQL for the table and its unique index
// #endregion

const id = integer().primaryKey({ autoIncrement: true });
const countries = sqliteTable("countries", { id, code: text().notNull().unique(), name: text().notNull() });
const airports = sqliteTable("airports", { id, ident: text().notNull().unique(), name: text(), countryId: integer("country_id").notNull().references(() => countries.id) });
const schema = { countries, airports };

test("the README's example folds rows into documents and back", async () => {
  const client = new Sqlite(":memory:");
  client.exec(`
    create table countries (id integer primary key autoincrement, code text not null unique, name text not null);
    create table airports (id integer primary key autoincrement, ident text not null unique, name text, country_id integer not null references countries(id));
    insert into countries (code, name) values ('FR', 'France');
    insert into airports (ident, name, country_id) values ('LFPG', 'Charles de Gaulle', 1);`);
  const db = drizzle(client, { schema });
  const pool = await openPglite();
  await pool.exec(migration);
  // #region sync
  const sync = createSync({
    name: "folded",
    left: drizzleDatabase(db, { schema }),
    right: jsonbDatabase(pool, { documents }),
    models: {
      countries: { right: "Country", match: naturalKey("code") },
      airports: { right: "Country.airports", match: naturalKey("ident", { withoutUniqueKey: true }), fields: { countryId: "parent" } },
    },
    conflicts: leftWins(),
    firstLink: "left", // who is right where records that differ were on both sides before the first run
  });
  await sync.run();
  // #endregion
  expect((await pool.query("select document from countries")).rows).toEqual([{ document: { code: "FR", name: "France", airports: [{ ident: "LFPG", name: "Charles de Gaulle" }] } }]);
  await pool.exec(`update countries set document = jsonb_insert(document, '{airports,0}', '{"ident": "LFPO", "name": "Orly"}')`);
  await sync.run();
  expect(client.prepare("select ident, name, country_id from airports order by ident").raw().all()).toEqual([["LFPG", "Charles de Gaulle", 1], ["LFPO", "Orly", 1]]);
  expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  await pool.close();
  client.close();
});

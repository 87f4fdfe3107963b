import { drizzleDatabase } from "@sync/drizzle";
import { describeMongo } from "@sync/test-databases/vitest";
import Sqlite from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { Schema } from "mongoose";
import { expect, test } from "vitest";
import { createSync, leftWins, mongooseDatabase, naturalKey, synced } from "../src/index.ts";
import { connectionFor } from "./support/opened.ts";

const id = integer().primaryKey({ autoIncrement: true });
const countries = sqliteTable("countries", { id, code: text().notNull().unique(), name: text().notNull() });
const airports = sqliteTable("airports", { id, ident: text().notNull().unique(), name: text(), countryId: integer("country_id").notNull().references(() => countries.id) });
const schema = { countries, airports };

describeMongo("the example of the README", (server) => {
  const mongoose = connectionFor(server, import.meta.url);

  test("folds rows into documents and back", async () => {
    const client = new Sqlite(":memory:");
    client.exec(`
      create table countries (id integer primary key autoincrement, code text not null unique, name text not null);
      create table airports (id integer primary key autoincrement, ident text not null unique, name text, country_id integer not null references countries(id));
      insert into countries (code, name) values ('FR', 'France');
      insert into airports (ident, name, country_id) values ('LFPG', 'Charles de Gaulle', 1);`);
    const db = drizzle(client, { schema });
    // #region example
    const airport = new Schema({ ident: { type: String, required: true }, name: String });
    airport.plugin(synced, { match: naturalKey("ident", { withoutUniqueKey: true }) }); // its elements are records of their own
    const country = new Schema({ code: { type: String, required: true, unique: true }, name: String, airports: [airport] });
    country.plugin(synced, { match: naturalKey("code") });
    const Country = mongoose.connection.model("Country", country);
    await Country.init(); // its indexes

    const sync = createSync({
      name: "folded",
      left: drizzleDatabase(db, { schema }), // the other side: any adapter
      right: mongooseDatabase(mongoose.connection),
      models: { countries: { right: "Country" }, airports: { right: "Country.airports", fields: { countryId: "parent" } } },
      conflicts: leftWins(),
      firstLink: "left", // who is right where records that differ were on both sides before the first run
    });
    await sync.run();
    // #endregion
    expect(await Country.findOne({ code: "FR" }).lean()).toMatchObject({ name: "France", airports: [{ ident: "LFPG", name: "Charles de Gaulle" }] });
    await Country.updateOne({ code: "FR" }, { $push: { airports: { ident: "LFPO", name: "Orly" } } });
    await sync.run();
    expect(client.prepare("select ident, name, country_id from airports order by ident").raw().all()).toEqual([["LFPG", "Charles de Gaulle", 1], ["LFPO", "Orly", 1]]);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });
});

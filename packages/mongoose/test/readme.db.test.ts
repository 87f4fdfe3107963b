import { drizzleDatabase } from "@sync/drizzle";
import { countriesInRows } from "@sync/test-adapters/countries";
import { describeMongo } from "@sync/test-databases/vitest";
import { Schema } from "mongoose";
import { expect, test } from "vitest";
import { createSync, leftWins, mongooseDatabase, naturalKey, synced } from "../src/index.ts";
import { connectionFor } from "./support/opened.ts";

describeMongo("the example of the README", (server) => {
  const mongoose = connectionFor(server, import.meta.url);

  test("folds rows into documents and back", async () => {
    const { client, db, schema } = countriesInRows();
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

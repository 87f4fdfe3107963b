import { describeMongo } from "@sync/test-databases/vitest";
import mongoose, { Schema } from "mongoose";
import { beforeEach, expect, test } from "vitest";
import { createSync, leftWins, mongooseDatabase, naturalKey, synced, type Sync } from "../src/index.ts";
import { connectionFor } from "./support/opened.ts";
import { countryRows } from "./support/rows.ts";

describeMongo("through Mongoose", (server) => {
  const opened = connectionFor(server, import.meta.url);
  let rows: ReturnType<typeof countryRows>;
  let sync: Sync;
  let events: string[];

  beforeEach(async () => {
    events = [];
    const airport = new Schema({ ident: { type: String, required: true }, name: { type: String, trim: true }, location: { lat: Schema.Types.Decimal128 }, kind: { type: String, default: "field" } }, { _id: false });
    airport.plugin(synced, { match: naturalKey("ident", { withoutUniqueKey: true }) });
    const region = new Schema({ code: { type: String, required: true }, name: { type: String, validate: (name: string) => name !== "nowhere" }, airports: [airport] });
    region.plugin(synced, { match: naturalKey("code", { withoutUniqueKey: true }) });
    const country = new Schema({ code: { type: String, required: true, unique: true }, name: { type: String, minlength: 2 }, slug: String, population: BigInt, regions: [region] }, { timestamps: true });
    country.plugin(synced, { match: naturalKey("code") });
    country.pre("save", function () {
      if (this.name === "Forbidden") throw new Error(`${this.name} is not a name`);
      this.slug = `/${this.code.toLowerCase()}`;
      events.push(`${this.isNew ? "insert" : "update"} ${this.code}`);
    });
    country.post("deleteOne", { document: true, query: false }, (document: { code?: string }) => void events.push(`delete ${document.code}`));
    await opened.connection.model("Country", country).init();
    rows = countryRows();
    const right = mongooseDatabase(opened.connection, { writes: "orm" });
    sync = createSync({
      name: "hooks", left: rows.database, right, state: right.state, conflicts: leftWins(), firstLink: "left",
      models: {
        countries: { right: "Country" },
        regions: { right: "Country.regions", fields: { countryId: "parent" } },
        airports: { right: "Country.regions.airports", fields: { latitude: "location.lat" } },
      },
    });
  });

  const documents = () => opened.connection.collection("countries").find({}, { promoteValues: false }).sort({ code: 1 }).toArray();
  const settled = async (): Promise<void> => {
    events.length = 0;
    const second = await sync.run();
    expect(second.written).toEqual({ left: 0, right: 0 });
    expect([...second.models.values()].map(({ altered }) => altered)).toEqual([0, 0, 0]);
    expect(events).toEqual([]);
    expect(await sync.verify()).toMatchObject({ explained: true });
  };

  test("middleware, setters and defaults run; what they alter is reported once and does not travel back", async () => {
    rows.client.exec("update airports set name = ' Alpha ' where ident = 'LFAA'");
    const { models } = await sync.run();
    expect(models.get("countries")).toMatchObject({ created: { left: 0, right: 2 }, updated: { left: 0 }, altered: 0 });
    expect(models.get("airports")).toMatchObject({ created: { left: 0, right: 4 }, altered: 1 });
    expect(events.sort()).toEqual(["insert CH", "insert FR"]);
    expect(await documents()).toMatchObject([
      { code: "CH", slug: "/ch", regions: [{ airports: [{ ident: "LSAA", kind: "field" }] }] },
      { code: "FR", slug: "/fr", regions: [{ code: "FR-A", airports: [{ ident: "LFAA", name: "Alpha" }, { ident: "LFAB" }] }, { code: "FR-B" }], population: mongoose.mongo.Long.fromString("9007199254740993") }],
    );
    expect(rows.client.prepare("select name from airports where ident = 'LFAA'").pluck().get()).toBe(" Alpha ");
    await settled();
  });

  test("changes and deletes at every depth are saved by Mongoose; what no schema knows stays, with its type", async () => {
    await sync.run();
    const { Double, Int32 } = mongoose.mongo;
    await opened.connection.collection("countries").updateOne({ code: "FR" }, { $set: { extra: new Date(0), "regions.0.airports.1.runways": new Int32(3), "regions.0.airports.0.gone": new Double(1) } });
    const [, before] = await documents();
    events.length = 0;
    rows.client.exec(`
      update airports set name = 'Beta' where ident = 'LFAB';
      update airports set region_id = 2 where ident = 'LFAA';
      insert into airports (ident, name, latitude, region_id, country_id) values ('LFNEW', 'New', '1.5', 1, 1);
      delete from airports where country_id = 2; delete from regions where country_id = 2; delete from countries where code = 'CH'`);
    const { models } = await sync.run();
    expect(models.get("airports")).toMatchObject({ created: { right: 1 }, updated: { right: 2 } });
    expect(models.get("countries")).toMatchObject({ deleted: { right: 1 } });
    expect(new Set(events)).toEqual(new Set(["update FR", "update CH", "delete CH"]));
    const [fr, ...more] = await documents();
    expect(more).toEqual([]);
    expect(fr).toMatchObject({ extra: new Date(0), createdAt: before!["createdAt"], regions: [
      { code: "FR-A", _id: (before!["regions"] as { _id: unknown }[])[0]!._id, airports: [{ ident: "LFAB", name: "Beta", runways: new Int32(3) }, { ident: "LFNEW", kind: "field" }] },
      { code: "FR-B", airports: [{ ident: "LFBA" }, { ident: "LFAA" }] },
    ] });
    expect((fr!["updatedAt"] as Date).getTime()).toBeGreaterThan((before!["updatedAt"] as Date).getTime());
    await settled();
  });

  test("a record that a validator or middleware refuses waits alone, and no error says its values", async () => {
    rows.client.exec(`
      insert into countries (code, name) values ('XX', 'Forbidden'), ('YY', 'y'), ('IT', 'Italy');
      insert into regions (code, name, country_id) values ('IT-1', 'nowhere', (select id from countries where code = 'IT'))`);
    const { models } = await sync.run();
    expect(models.get("countries")).toMatchObject({ created: { right: 3 }, quarantined: 2 });
    expect(models.get("regions")).toMatchObject({ created: { right: 3 }, quarantined: 1 });
    expect((await documents()).map(({ code }) => code)).toEqual(["CH", "FR", "IT"]);
    const waiting: unknown[] = [];
    for await (const { code, field, constraint } of sync.quarantine()) waiting.push([code, field, constraint]);
    expect(waiting.sort()).toEqual([["WRITE.CHECK", "name", "validator of name"], ["WRITE.CHECK", expect.stringContaining("name"), expect.stringContaining("validator of")], ["WRITE.REFUSED", undefined, undefined]]);
    rows.client.exec("update countries set name = 'Yes' where code = 'YY'; update regions set name = 'somewhere' where code = 'IT-1'");
    expect((await sync.run()).models.get("countries")).toMatchObject({ created: { right: 1 }, waiting: 1 });
  });

  test("documents that exchange unique values go together", async () => {
    await sync.run();
    rows.client.exec("update countries set code = '??' where code = 'CH'; update countries set code = 'CH' where code = 'FR'; update countries set code = 'FR' where code = '??'");
    expect((await sync.run()).models.get("countries")).toMatchObject({ created: { right: 0 }, updated: { right: 2 }, deleted: { right: 0 } });
    expect((await documents()).map(({ code, name, slug }) => [code, name, slug])).toEqual([["CH", "FR", "/ch"], ["FR", "CH", "/fr"]]);
    await settled();
  });
});

test("another way to write is refused by name", () => {
  expect(() => mongooseDatabase(new mongoose.Mongoose().createConnection(), { writes: "odm" as "orm" })).toThrow('`writes` is "bulk" or "orm".');
});

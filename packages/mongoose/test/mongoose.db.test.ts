import { describeMongo } from "@sync/test-databases/vitest";
import type { Model, Types } from "mongoose";
import { beforeEach, expect, test } from "vitest";
import { createSync, leftWins, mongooseDatabase, naturalKey, type QuarantineRecord, type Sync } from "../src/index.ts";
import { countriesOn } from "./support/countries.ts";
import { connectionFor } from "./support/opened.ts";
import { countryRows } from "./support/rows.ts";

interface Country {
  _id: Types.ObjectId;
  code: string;
  name?: string | null;
  population?: bigint;
  __v: number;
  updatedAt: Date;
  regions: { code: string; name?: string; airports: { ident: string; name?: string; location?: { lat: unknown } }[] }[];
}

describeMongo("Mongoose beside rows of SQLite", (server) => {
  const opened = connectionFor(server, import.meta.url);
  let rows: ReturnType<typeof countryRows>;
  let sync: Sync;
  let Country: Model<Country>;

  beforeEach(async () => {
    countriesOn(opened.connection);
    Country = opened.connection.model<Country>("Country");
    await Country.init();
    rows = countryRows();
    const right = mongooseDatabase(opened.connection);
    sync = createSync({
      name: "countries",
      left: rows.database,
      right,
      state: right.state,
      conflicts: leftWins(),
      firstLink: "left",
      models: {
        countries: { right: "Country", match: naturalKey("code") },
        regions: { right: "Country.regions", match: naturalKey("code", { withoutUniqueKey: true }), fields: { countryId: "parent" } },
        airports: { right: "Country.regions.airports", match: naturalKey("ident"), fields: { latitude: "location.lat" } },
      },
    });
  });

  const counts = async (): Promise<Record<string, unknown>> => {
    const { models } = await sync.run();
    return Object.fromEntries([...models].map(([name, { created, updated, deleted, quarantined }]) => [name, { created, updated, deleted, quarantined }]));
  };
  const waiting = async (): Promise<QuarantineRecord[]> => {
    const records: QuarantineRecord[] = [];
    for await (const record of sync.quarantine()) records.push(record);
    return records;
  };
  const nothing = { created: { left: 0, right: 0 }, updated: { left: 0, right: 0 }, deleted: { left: 0, right: 0 }, quarantined: 0 };
  const settled = async (): Promise<void> => {
    const before = JSON.stringify(await Country.collection.find().toArray());
    expect(await counts()).toEqual({ countries: nothing, regions: nothing, airports: nothing });
    expect(JSON.stringify(await Country.collection.find().toArray())).toBe(before);
    expect(await sync.verify()).toMatchObject({ equal: true });
  };

  test("rows become documents two levels deep, numbers exact; a second run writes nothing", async () => {
    expect(await counts()).toMatchObject({ countries: { created: { right: 2 } }, regions: { created: { right: 3 } }, airports: { created: { right: 4 } } });
    const country = await Country.findOne({ code: "FR" }).orFail();
    expect(country.population).toBe(9007199254740993n);
    expect(country.toObject()).toMatchObject({ name: "FR", __v: 0, regions: [{ code: "FR-A", airports: [{ ident: "LFAA" }, { ident: "LFAB" }] }, { code: "FR-B" }] });
    expect(String(country.regions[0]!.airports[0]!.location!.lat)).toBe("46.5");
    expect(await Country.findOne({ code: "CH" }).lean()).not.toHaveProperty("population");
    await settled();
  });

  test("edits on both sides of one document meet; what no schema knows stays, with its type", async () => {
    await sync.run();
    const { Int32, Double } = opened.connection.base.mongo;
    await Country.collection.updateOne({ code: "FR" }, { $set: {
      "regions.0.airports.0.name": "Alpha", "regions.0.airports.0.runways": [new Double(1), { x: null }], "regions.0.mayor": new Int32(3), extra: new Date(0),
    } });
    const before = (await Country.findOne({ code: "FR" }).lean().orFail()).updatedAt;
    rows.client.exec("update airports set name = 'Beta' where ident = 'LFAB'");
    expect(await counts()).toMatchObject({ airports: { updated: { left: 1, right: 1 } } });
    expect(rows.client.prepare("select name from airports where ident = 'LFAA'").pluck().get()).toBe("Alpha");
    const raw = await Country.collection.findOne({ code: "FR" }, { promoteValues: false });
    expect(raw).toMatchObject({ regions: [{ mayor: new Int32(3), airports: [{ runways: [new Double(1), { x: null }] }, { name: "Beta" }] }, {}], extra: new Date(0) });
    expect((raw!["updatedAt"] as Date).getTime()).toBeGreaterThan(before.getTime());
    await settled();
  });

  test("what moves, comes and goes on either side comes to the other; subdocuments keep their `_id`", async () => {
    await sync.run();
    const region = await Country.collection.findOne({ code: "FR" });
    rows.client.exec("update airports set region_id = 2 where ident = 'LFAA'");
    await Country.updateOne({ code: "CH" }, { $push: { "regions.0.airports": { ident: "LSNEW", name: "New" } } });
    expect(await counts()).toMatchObject({ airports: { created: { left: 1, right: 0 }, updated: { left: 0, right: 1 }, deleted: { left: 0, right: 0 } } });
    expect(rows.client.prepare("select region_id from airports where ident = 'LSNEW'").pluck().get()).toBe(3);
    const after = await Country.collection.findOne({ code: "FR" });
    expect((after!["regions"] as { _id: unknown }[]).map(({ _id }) => _id)).toEqual((region!["regions"] as { _id: unknown }[]).map(({ _id }) => _id));
    await settled();
    rows.client.exec("delete from airports where ident = 'LFAB'");
    await Country.deleteOne({ code: "CH" });
    expect(await counts()).toMatchObject({ countries: { deleted: { left: 1 } }, airports: { deleted: { left: 2, right: 1 } } });
    await settled();
  });

  test("documents become rows: what an application wrote through Mongoose", async () => {
    rows.client.exec("delete from airports; delete from regions; delete from countries");
    await Country.create({ code: "IT", name: "Italy", population: 60n, regions: [{ code: "IT-1", airports: [{ ident: "LIRF", location: { lat: "41.80" } }] }] });
    expect(await counts()).toMatchObject({ countries: { created: { left: 1 } }, regions: { created: { left: 1 } }, airports: { created: { left: 1 } } });
    expect(rows.client.prepare("select ident, latitude, (select code from regions r where r.id = region_id) as region from airports").get()).toEqual({ ident: "LIRF", latitude: 41.8, region: "IT-1" });
    await settled();
  });

  test("Mongoose refuses to save an array that it read before the sync wrote it", async () => {
    await sync.run();
    const country = await Country.findOne({ code: "FR" }).orFail();
    rows.client.exec("update airports set region_id = 2 where ident = 'LFAA'");
    await sync.run();
    country.regions[0]!.airports[0]!.name = "stale";
    country.regions.splice(1, 1);
    await expect(country.save()).rejects.toThrow(/version/i);
    await settled();
  });

  test("a record that does not fit its schema waits under its path, and stops nobody else", async () => {
    await sync.run();
    await Country.collection.updateOne({ code: "CH" }, { $set: { population: "many", "regions.0.airports.0.location.lat": "north" } });
    rows.client.exec("update countries set name = 'France' where code = 'FR'");
    expect(await counts()).toMatchObject({ countries: { quarantined: 1, updated: { right: 1 } }, airports: { quarantined: 1 } });
    expect((await waiting()).map(({ path }) => path).sort()).toEqual(["population", "regions[0].airports[0].location.lat"]);
    expect(await Country.findOne({ code: "FR" }).lean()).toMatchObject({ name: "France" });
  });

  test("a unique value that another document has is a conflict, named by its path; the others go on", async () => {
    await opened.connection.collection("countries").createIndex({ name: 1 }, { unique: true });
    await sync.run();
    rows.client.exec("update countries set name = 'CH' where code = 'FR'; insert into countries (code, name) values ('YY', 'why')");
    expect(await counts()).toMatchObject({ countries: { created: { right: 1 }, updated: { right: 0 }, quarantined: 1 } });
    expect(await waiting()).toMatchObject([{ code: "WRITE.UNIQUE", constraint: "name_1", field: "name" }]);
    await Country.updateOne({ code: "CH" }, { name: "Switzerland" });
    expect(await counts()).toMatchObject({ countries: { updated: { left: 1, right: 1 }, quarantined: 0 } });
    await settled();
  });

  test("everything that the sync made goes with `uninstall`, and nothing else", async () => {
    const names = async (): Promise<string[]> => (await opened.connection.db!.listCollections().toArray()).map(({ name }) => name).sort();
    const before = await names();
    await sync.run();
    expect((await names()).filter((name) => name.startsWith("sync_"))).toEqual(["sync_base", "sync_database", "sync_identity", "sync_record", "sync_state"]);
    await mongooseDatabase(opened.connection).uninstall();
    expect(await names()).toEqual(before);
    await mongooseDatabase(opened.connection).uninstall(); // nothing is left to remove
    expect(await Country.countDocuments()).toBe(2);
    expect(opened.connection.readyState).toBe(1);
  });
});

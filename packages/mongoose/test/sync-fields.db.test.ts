import { describeMongo } from "@sync/test-databases/vitest";
import { Schema } from "mongoose";
import { expect, test } from "vitest";
import { createSync, leftWins, mongooseDatabase, naturalKey, syncPaths } from "../src/index.ts";
import { offline } from "./support/countries.ts";
import { connectionFor } from "./support/opened.ts";
import { countryRows } from "./support/rows.ts";

const UUID = /^[0-9a-f-]{36}$/;

describeMongo("paths that belong to the sync", (server) => {
  const opened = connectionFor(server, import.meta.url);

  test.each(["bulk", "orm"] as const)("are filled in documents and in the records inside, and their index is made by `syncIndexes` (%s)", async (writes) => {
    const region = new Schema({ code: { type: String, required: true }, ...syncPaths, cloudId: String }, { _id: false });
    const Country = opened.connection.model("Country", new Schema({ code: { type: String, unique: true }, regions: [region], ...syncPaths }, { autoIndex: false }));
    await Country.collection.insertMany([{ code: "FR", kept: 1 }, { code: "IT" }]);
    await Country.collection.createIndex({ code: 1 }, { unique: true });
    const right = mongooseDatabase(opened.connection, { writes, models: { Country: { children: { regions: { key: "code" } } } } });
    expect((await right.inspect(["Country"])).findings).toMatchObject([{ severity: "error", code: "SCHEMA.NOT_UNIQUE", key: ["cloudId"] }]);
    expect(await Country.syncIndexes()).toEqual([]);
    expect((await right.inspect(["Country"])).findings).toEqual([]);

    const rows = countryRows();
    const models = { countries: { right: "Country", match: naturalKey("code") }, regions: { right: "Country.regions", match: naturalKey("code", { withoutUniqueKey: true }), fields: { countryId: "parent" } } };
    const sync = createSync({ name: "fields", left: rows.database, right, models, conflicts: leftWins(), firstLink: "left" });
    const began = Date.now();
    await sync.run();
    const found = await Country.find().sort({ code: 1 }).lean();
    expect(found).toMatchObject([{ code: "CH", regions: [{ code: "CH-A" }] }, { code: "FR", kept: 1, regions: [{}, {}] }, { code: "IT" }]);
    for (const each of [found[0]!, found[0]!.regions[0]!, found[1]!.regions[1]!]) {
      expect(each).toMatchObject({ cloudId: expect.stringMatching(UUID), syncStatus: "synced" });
      expect(Math.abs(each.lastSyncedAt!.getTime() - began)).toBeLessThan(60_000);
    }
    // No collection beside them is needed.
    expect(await opened.connection.collection("sync_identity").countDocuments()).toBe(0);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
    expect(await sync.verify()).toMatchObject({ equal: true });
  });
});

test("paths of these names that mean something else are left to the application", () => {
  const connection = offline();
  connection.model("Thing", new Schema({ lastSyncedAt: Number, syncStatus: { type: String, enum: ["yes", "no"] } }));
  expect(mongooseDatabase(connection).endpoints.get("Thing")!.model.syncFields).toEqual({});
});

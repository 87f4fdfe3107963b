import { describeMongo } from "@sync/test-databases/vitest";
import type { Model, Types } from "mongoose";
import { beforeEach, expect, test } from "vitest";
import { createSync, leftWins, mongooseDatabase, naturalKey, type Sync } from "../src/index.ts";
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
    sync = createSync({
      name: "countries",
      left: rows.database,
      right: mongooseDatabase(opened.connection),
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
});

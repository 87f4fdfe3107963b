import { beforeEach, expect, test } from "vitest";
import { z } from "zod";
import type { DocumentOptions } from "../src/index.ts";
import { createSync, jsonbDatabase, jsonbSchema, leftWins, naturalKey } from "../src/index.ts";
import { Country, pairOn, type Pair } from "./support/countries.ts";
import { onEveryHandle, type Opened } from "./support/engines.ts";

onEveryHandle(import.meta.url, (open) => {
  let database: Opened;
  let pair: Pair;

  beforeEach(async () => {
    database = await open();
    await database.exec(jsonbSchema({ Country }));
    pair = pairOn(database.client);
  });

  const documents = async (): Promise<(string | null)[]> => await database.texts("select document::text from countries order by document->>'code'");
  const document = async (code: string): Promise<string> => (await database.texts(`select document::text from countries where document->>'code' = '${code}'`))[0]!;
  const versions = async (): Promise<string> => (await database.texts("select string_agg(xmin::text, ',' order by id) from countries"))[0]!;
  const counts = async (): Promise<Record<string, unknown>> => {
    const { models } = await pair.sync.run();
    return Object.fromEntries([...models].map(([name, { created, updated, deleted }]) => [name, { created, updated, deleted }]));
  };
  const nothing = { created: { left: 0, right: 0 }, updated: { left: 0, right: 0 }, deleted: { left: 0, right: 0 } };
  const settled = async (): Promise<void> => {
    const before = await versions();
    expect(await counts()).toEqual({ Country: nothing, Region: nothing, Airport: nothing });
    expect(await versions()).toBe(before);
    expect(await pair.sync.verify()).toMatchObject({ equal: true });
  };

  test("rows become documents two levels deep, numbers exact; a second run writes nothing", async () => {
    expect(await counts()).toMatchObject({ Country: { created: { right: 2 } }, Region: { created: { right: 3 } }, Airport: { created: { right: 4 } } });
    const [swiss] = await documents();
    expect(swiss).toBe(
      `{"code": "CH", "name": "CH", "regions": ` +
        `[{"code": "CH-A", "name": "CH-A", "airports": [{"name": "LSAA", "ident": "LSAA", "location": {"lat": 46.5}}]}], ` +
        `"population": 9007199254740993}`,
    );
    await settled();
  });

  test("kinds and children that declare themselves need no `models`", async () => {
    const { regions } = Country.children;
    const declared = {
      ...Country, synced: { match: naturalKey("code") },
      children: {
        regions: {
          ...regions, synced: { as: "Region", match: naturalKey("code", { withoutUniqueKey: true }) },
          children: { airports: { ...regions.children.airports, synced: { as: "Airport", match: naturalKey("ident"), omit: ["location.lat"] } } },
        },
      },
    } as const satisfies DocumentOptions;
    const sync = createSync({ name: "declared", left: pair.rows, right: jsonbDatabase(database.client, { documents: { Country: declared } }), conflicts: leftWins() });
    expect([...(await sync.run()).models].map(([name, { created }]) => [name, created.right])).toEqual([["Country", 2], ["Region", 3], ["Airport", 4]]);
    expect((await documents())[0]).toContain(`"airports": [{"name": "LSAA", "ident": "LSAA"}]`);
  });

  test("documents that exchange their natural keys go together", async () => {
    await pair.sync.run();
    const [ch, fr] = [[pair.keys["CH"]!], [pair.keys["FR"]!]];
    pair.rows.application.update("Country", ch, { code: "??" });
    pair.rows.application.update("Country", fr, { code: "CH", name: "was FR" });
    pair.rows.application.update("Country", ch, { code: "FR" });
    expect(await counts()).toMatchObject({ Country: { created: { right: 0 }, updated: { right: 2 }, deleted: { right: 0 } } });
    expect(await database.texts("select (document->>'code') || ' ' || (document->>'name') from countries order by 1")).toEqual(["CH was FR", "FR CH"]);
    await settled();
  });

  test("edits on both sides of one document meet; what the sync does not know stays", async () => {
    await pair.sync.run();
    const regions = (JSON.parse(await document("FR")) as { regions: { code: string; airports: { ident: string }[] }[] }).regions;
    const at = regions.findIndex(({ code }) => code === "FR-A");
    const { ident } = regions[at]!.airports[0]!;
    const path = `{regions,${at},airports,0}`;
    await database.exec(`update countries set document = jsonb_set(document, '${path}',
      document#>'${path}' || '{"name":"Alpha","runways":[1.50,{"x":null}]}') where document->>'code' = 'FR'`);
    const other = ident === "LFAA" ? "LFAB" : "LFAA";
    pair.rows.application.update("Airport", [pair.keys[other]!], { name: "Beta" });
    expect(await counts()).toMatchObject({ Airport: { updated: { left: 1, right: 1 } } });
    expect(pair.rows.probe.rows("Airport").find(({ record }) => record["ident"] === ident)!.record["name"]).toBe("Alpha");
    const text = await document("FR");
    expect(text).toContain(`"runways": [1.50, {"x": null}]`);
    expect(text).toContain(`"Beta"`);
    await settled();
  });

  test("what moves and comes in either side comes to the other", async () => {
    await pair.sync.run();
    pair.rows.application.update("Airport", [pair.keys["LFAA"]!], { regionId: pair.keys["FR-B"]! });
    await database.exec(`update countries set document = jsonb_set(document, '{regions,0,airports,5}', '{"ident":"LSNEW","name":"New"}') where document->>'code' = 'CH'`);
    expect(await counts()).toMatchObject({ Airport: { created: { left: 1, right: 0 }, updated: { left: 0, right: 1 }, deleted: { left: 0, right: 0 } } });
    expect(pair.rows.probe.rows("Airport").find(({ record }) => record["ident"] === "LSNEW")!.record).toMatchObject({ regionId: pair.keys["CH-A"], countryId: pair.keys["CH"] });
    await settled();
    pair.rows.application.delete("Airport", [pair.keys["LFAB"]!]);
    await database.exec("delete from countries where document->>'code' = 'CH'");
    expect(await counts()).toMatchObject({ Country: { deleted: { left: 1 } }, Airport: { deleted: { left: 2, right: 1 } } });
    await settled();
  });

  test.each([["Region", "code", "FR-A", "FR-B"], ["Airport", "ident", "LFAA", "LFAB"], ["Airport", "ident", "LFAA", "LSAA"]])(
    "two of %s that exchange %s, %s and %s, go together and are still known", async (model, field, one, two) => {
      await pair.sync.run();
      const transaction = pair.rows.begin();
      for (const [key, value] of [[one, "moving"], [two, one], [one, two]] as const) transaction.update(model, [pair.keys[key]!], { [field]: value });
      transaction.commit();
      expect((await counts())[model]).toEqual({ ...nothing, updated: { left: 0, right: 2 } });
      await settled();
      pair.rows.application.update(model, [pair.keys[one]!], { name: "still known" });
      expect((await counts())[model]).toEqual({ ...nothing, updated: { left: 0, right: 1 } });
      await settled();
    },
  );

  test("a record that does not fit its schema waits under its path, and stops nobody else", async () => {
    await pair.sync.run();
    await database.exec(`update countries set document = jsonb_set(document, '{population}', '"many"') where document->>'code' = 'CH'`);
    await database.exec(`update countries set document = jsonb_set(document, '{regions,0,airports,0,location,lat}', '"north"') where document->>'code' = 'CH'`);
    pair.rows.application.update("Country", [pair.keys["FR"]!], { name: "France" });
    const run = await pair.sync.run();
    expect(run.models.get("Country")).toMatchObject({ quarantined: 1, updated: { right: 1 } });
    expect(run.models.get("Airport")).toMatchObject({ quarantined: 1 });
    expect(JSON.parse(await document("FR"))).toMatchObject({ name: "France" });
  });

  test("a new record has the empty arrays that its schema requires", async () => {
    const schema = z.object({ code: z.string(), name: z.string().nullable(), regions: z.array(z.object({ code: z.string() })) });
    const strict = createSync({
      name: "strict", left: pair.rows, right: jsonbDatabase(database.client, { documents: { Country: { table: "countries", schema, unique: ["code"], children: { regions: { key: "code" } } } } }),
      models: { Country: { right: "Country", match: naturalKey("code"), only: ["code", "name"] } }, conflicts: leftWins(), firstLink: "left",
    });
    await strict.run();
    expect(schema.array().parse((await documents()).map((text) => JSON.parse(text!) as unknown))).toHaveLength(2);
  });

  test("a natural key that another document has is a conflict, and the database says so", async () => {
    await pair.sync.run();
    await database.exec(`insert into countries (document) values ('{"code":"XX","name":null}')`);
    await pair.sync.run();
    expect(pair.rows.probe.rows("Country").map(({ record }) => record["code"]).sort()).toEqual(["CH", "FR", "XX"]);
    await expect(database.exec(`insert into countries (document) values ('{"code":"XX"}')`)).rejects.toThrow("countries_code_key");
    await settled();
  });
});

import { beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { createSync, jsonbDatabase, jsonbSchema, leftWins, naturalKey, syncProperties } from "../src/index.ts";
import type { DocumentOptions } from "../src/index.ts";
import { Country, pairOn } from "./support/countries.ts";
import { onEveryHandle, type Opened } from "./support/engines.ts";

const region = z.object({ code: z.string(), ...syncProperties });
const before = { table: "countries", schema: z.object({ code: z.string() }), unique: ["code"] } as const satisfies DocumentOptions;
const after = {
  ...before, schema: z.object({ code: z.string(), regions: z.array(region).optional(), ...syncProperties }), children: { regions: { key: "code", orderBy: "code" } },
} as const satisfies DocumentOptions;

onEveryHandle(import.meta.url, (open) => {
  let database: Opened;
  beforeEach(async () => {
    database = await open();
  });

  test("documents get what belongs to the sync, and so do records inside; the statement for the index is made again, nothing else", async () => {
    await database.exec(jsonbSchema({ Country: before }));
    await database.exec(`insert into countries (document) values ('{"code": "FR", "kept": 1}')`);
    const right = jsonbDatabase(database.client, { documents: { Country: after } });
    expect((await right.inspect(["Country"])).findings).toMatchObject([{ severity: "error", code: "SCHEMA.NOT_UNIQUE", key: ["cloudId"] }]);
    await database.exec(jsonbSchema({ Country: after }));
    expect((await right.inspect(["Country"])).findings).toEqual([]);

    const { rows } = pairOn(database.client);
    const models = { Country: { right: "Country", match: naturalKey("code") }, Region: { right: "Country.regions", match: naturalKey("code", { withoutUniqueKey: true }), fields: { countryId: "parent" } } } as const;
    const sync = createSync({ name: "fields", left: rows, right, models, conflicts: leftWins(), firstLink: "left" });
    const began = Date.now();
    expect((await sync.run()).written).toMatchObject({ right: 5 });
    const [swiss, french] = (await database.texts("select document::text from countries order by document->>'code'")).map((text) => JSON.parse(text!) as z.output<typeof after.schema>);
    expect(french).toMatchObject({ code: "FR", kept: 1, regions: [{ code: "FR-A", syncStatus: "synced" }, { code: "FR-B" }] });
    expect(swiss).toMatchObject({ code: "CH", syncStatus: "synced", regions: [{ code: "CH-A", syncStatus: "synced" }] });
    for (const each of [swiss!, swiss!.regions![0]!, french!.regions![1]!]) {
      expect(after.schema.shape.cloudId.parse(each.cloudId)).toMatch(/^[0-9a-f-]{36}$/);
      expect(Math.abs(Date.parse(each.lastSyncedAt!) - began)).toBeLessThan(60_000);
      expect(region.safeParse(each)).toMatchObject({ success: true });
    }
    // No table beside them is needed.
    expect(await database.texts("select count(*)::text from sync_identity")).toEqual(["0"]);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
    expect(await sync.verify()).toMatchObject({ equal: true });
  });
});

test("fields of these names that mean something else are left to the application", () => {
  const schema = z.object({ code: z.string(), lastSyncedAt: z.number().optional(), syncStatus: z.enum(["yes", "no"]).optional() });
  const { endpoints } = jsonbDatabase({ query: () => {}, connect: () => {}, totalCount: 0 }, { documents: { Thing: { ...Country, children: {}, schema } } });
  expect(endpoints.get("Thing")!.model.syncFields).toEqual({});
});

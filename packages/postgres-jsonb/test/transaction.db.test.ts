import { refused } from "@sync/test-adapters";
import { describePostgres } from "@sync/test-databases/vitest";
import { Pool } from "pg";
import type { PoolClient } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createSync, jsonbDatabase, jsonbSchema, leftWins, naturalKey } from "../src/index.ts";
import type { Sync } from "../src/index.ts";
import { Country, pairOn } from "./support/countries.ts";

describePostgres("in a transaction of the application's", (server) => {
  let fresh: Awaited<ReturnType<typeof server.freshDatabase>>;
  let pool: Pool;
  beforeAll(async () => {
    fresh = await server.freshDatabase(import.meta.url);
    pool = new Pool({ connectionString: fresh.url, max: 4 });
  });
  afterAll(async () => {
    await pool.end();
    await fresh.drop();
  });
  let rows: ReturnType<typeof pairOn>["rows"];
  let keys: ReturnType<typeof pairOn>["keys"];
  let client: PoolClient;
  beforeEach(async () => {
    await pool.query(jsonbSchema({ Country }));
    ({ rows, keys } = pairOn(pool));
    await sync(pool, { direction: "both" }).run();
    rows.application.update("Country", [keys["CH"]!], { name: "Switzerland" });
    rows.application.delete("Airport", [keys["LFAB"]!]);
    rows.application.insert("Region", { code: "CH-B", name: "new", countryId: keys["CH"]! });
    client = await pool.connect();
    await client.query("begin");
  });
  afterEach(async () => {
    client.release();
    await pool.query("drop schema public cascade; create schema public");
  });

  const sync = (on: Pool | PoolClient, more = {}): Sync => {
    const right = jsonbDatabase(on, { documents: { Country } });
    return createSync({
      name: "countries", left: rows, right, state: right.state, conflicts: leftWins(), firstLink: "left", direction: "left-to-right", deleteGuard: { count: 100, share: 1 },
      models: {
        Country: { right: "Country", match: naturalKey("code") },
        Region: { right: "Country.regions", match: naturalKey("code", { withoutUniqueKey: true }), fields: { countryId: "parent" } },
        Airport: { right: "Country.regions.airports", match: naturalKey("ident"), fields: { latitude: "location.lat" } },
      },
      ...more,
    });
  };
  const swiss = async (on: Pool | PoolClient): Promise<unknown> => (await on.query<{ document: object }>("select document from countries where document->>'code' = 'CH'")).rows[0]!.document;
  const written = { models: new Map([["Country", { updated: { right: 1 } }], ["Region", { created: { right: 1 } }], ["Airport", { deleted: { right: 1 } }]]) };

  test("a run writes there, and is seen when it is committed", async () => {
    const run = await sync(client).run();
    for (const [name, counts] of written.models) expect(run.models.get(name)).toMatchObject(counts);
    expect(await swiss(client)).toMatchObject({ name: "Switzerland", regions: [{ code: "CH-A" }, { code: "CH-B" }] });
    expect(await swiss(pool)).toMatchObject({ name: "CH" });
    await client.query("commit");
    expect(await swiss(pool)).toMatchObject({ name: "Switzerland" });
    expect((await sync(pool).run()).written).toEqual({ left: 0, right: 0 });
  });

  test("rolled back, the next run finds all as it was before, and no delete but the one that was made", async () => {
    await client.query("delete from countries where document->>'code' = 'FR'");
    await sync(client).run();
    await client.query("rollback");
    expect(await swiss(pool)).toMatchObject({ name: "CH" });
    const next = await sync(pool, { direction: "both" }).run();
    for (const [name, counts] of written.models) expect(next.models.get(name)).toMatchObject(counts);
    expect(next.written).toEqual({ left: 0, right: 3 });
    expect(rows.probe.rows("Country")).toHaveLength(2);
    expect((await sync(pool).run()).written).toEqual({ left: 0, right: 0 });
  });

  test("a transaction that has ended, and what a rollback would not take back whole, are refused", async () => {
    const late = sync(client);
    expect(refused(() => sync(client, { direction: "both" }))).toMatchObject({ code: "OPTIONS.TRANSACTION" });
    await client.query("commit");
    await expect(late.run()).rejects.toMatchObject({ code: "ENDPOINT.CLOSED" });
  });
});

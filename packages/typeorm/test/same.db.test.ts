import { describePostgres } from "@sync/test-databases/vitest";
import type { DataSource } from "typeorm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createSync, leftWins, typeormDatabase } from "../src/index.ts";
import type { RunResult, Sync } from "../src/index.ts";
import { openPostgres, openSqlite } from "./support/open.ts";
import { Airport, classes, Country, Runway, Tag } from "./support/shop.ts";

// None of these entities has a hook: in bulk and through entities the same has to come of the same writes.
describePostgres("in bulk and through entities", (server) => {
  const paths = ["bulk", "orm"] as const;
  const copies: { readonly writes: "bulk" | "orm"; readonly right: DataSource; readonly sync: Sync; readonly drop: () => Promise<void> }[] = [];
  let left: DataSource;
  beforeAll(async () => {
    left = await openSqlite(classes);
    for (const writes of paths) {
      const { url, drop } = await server.freshDatabase(`${import.meta.url} ${writes}`);
      const right = await openPostgres(url, classes);
      const sync = createSync({ name: writes, left: typeormDatabase(left), right: typeormDatabase(right, { writes }), conflicts: leftWins(), firstLink: "left" });
      copies.push({ writes, right, sync, drop });
    }
  });
  afterAll(async () => {
    for (const { right, drop } of copies) {
      await right.destroy();
      await drop();
    }
    await left.destroy();
  });

  /** All that stands there but for the moments of stamping. */
  async function standing(on: DataSource): Promise<unknown> {
    const [countries, tags, airports, runways] = await Promise.all([
      on.getRepository(Country).find({ order: { code: "ASC" } }), on.getRepository(Tag).find({ order: { name: "ASC" } }),
      on.getRepository(Airport).find({ withDeleted: true, relations: { country: true, hub: true, mainTag: true, tags: true }, order: { ident: "ASC", tags: { name: "ASC" } } }),
      on.getRepository(Runway).find({ relations: { airport: true }, order: { airport: { ident: "ASC" }, number: "ASC" } }),
    ]);
    const withoutKeys = (_: string, value: unknown): unknown =>
      (typeof value === "object" && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).filter(([name]) => !["id", "airportId", "changed"].includes(name))) : value);
    return JSON.parse(JSON.stringify({ countries, tags, airports, runways }, withoutKeys));
  }

  async function expectTheSame(): Promise<RunResult> {
    const results: RunResult[] = [];
    for (const { sync } of copies) results.push(await sync.run({ confirmDeletes: true }));
    const [bulk, orm] = results.map(({ models }) => Object.fromEntries(models));
    expect(orm).toEqual(bulk);
    const [one, other] = await Promise.all(copies.map(({ right }) => standing(right)));
    expect(other).toEqual(one);
    for (const { sync } of copies) {
      expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
      expect((await sync.verify()).equal).toBe(true);
    }
    return results[1]!;
  }

  test("new records, with relations of every kind", async () => {
    const { manager } = left;
    const [de, fr] = await manager.save(Country, [{ code: "DE", name: "Germany" }, { code: "FR", name: "France" }]);
    const [big, old] = await manager.save(Tag, [{ name: "big" }, { name: "old" }]);
    const [fra] = await manager.save(Airport, [{ ident: "EDDF", country: de, height: 111.25, mainTag: big, tags: [big, old] }] as Airport[]);
    await manager.save(Airport, [{ ident: "LFPG", country: fr, hub: fra, tags: [big] }] as Airport[]);
    await manager.save(Runway, [7, 18].map((number) => ({ airportId: fra!.id, number, surfaces: ["asphalt", "grass"] })) as Runway[]);
    const { models } = await expectTheSame();
    expect([...models.values()].map(({ created }) => created.right)).toEqual([2, 2, 2, 2, 3]);
  });

  test("changes, of references and edges too, raise versions alike", async () => {
    await left.getRepository(Country).update({ code: "FR" }, { name: "La France" });
    const [fra, cdg] = await left.getRepository(Airport).find({ order: { ident: "ASC" } });
    const [, old] = await left.getRepository(Tag).find({ order: { name: "ASC" } });
    await left.getRepository(Airport).save([{ id: fra!.id, height: null, hub: cdg, mainTag: null, tags: [old] }, { id: cdg!.id, hub: null, mainTag: old }] as Airport[]);
    const { models } = await expectTheSame();
    expect([models.get("Country")!.updated.right, models.get("Airport")!.updated.right, models.get("airport_tags")!.deleted.right]).toEqual([1, 2, 1]);
    expect(await copies[1]!.right.getRepository(Country).findOneByOrFail({ code: "FR" })).toMatchObject({ name: "La France", version: 2 });
  });

  test("another key, a delete date and deletes with all that hangs on them", async () => {
    await left.query("update runway set number = 25 where number = 7");
    await left.getRepository(Airport).softDelete({ ident: "LFPG" });
    await expectTheSame();
    await left.getRepository(Runway).delete({ number: 18 });
    await left.getRepository(Airport).restore({ ident: "LFPG" });
    await left.query("update airport set hubId = null");
    await left.getRepository(Airport).delete({ ident: "EDDF" });
    await left.getRepository(Country).delete({ code: "DE" });
    const { models } = await expectTheSame();
    expect([...models.values()].map(({ deleted }) => deleted.right)).toEqual([1, 0, 1, 2, 1]);
  });
});

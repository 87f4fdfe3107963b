import { describePostgres } from "@sync/test-databases/vitest";
import type { DataSource } from "typeorm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createSync, leftWins, typeormDatabase } from "../src/index.ts";
import type { Sync } from "../src/index.ts";
import { openPostgres, openSqlite } from "./support/open.ts";
import type { RightAirport } from "./support/shop.ts";
import { Airport, classes, Country, Runway, schemas, Tag } from "./support/shop.ts";

describePostgres("between SQLite and PostgreSQL", (server) => {
  let left: DataSource;
  let right: DataSource;
  let drop: () => Promise<void>;
  let sync: Sync;
  beforeAll(async () => {
    const fresh = await server.freshDatabase(import.meta.url);
    drop = () => fresh.drop();
    left = await openSqlite(classes);
    right = await openPostgres(fresh.url, [...schemas]);
    sync = createSync({
      name: "airports",
      left: typeormDatabase<{ Country: Country; Airport: Airport }>(left),
      right: typeormDatabase(right),
      models: { Airport: { fields: { country: "countryId" } } },
      conflicts: leftWins(),
      firstLink: "left",
    });
  });
  afterAll(async () => {
    await left.destroy();
    await right.destroy();
    await drop();
  });
  const counts = async (): Promise<Record<string, unknown>> => {
    const { models } = await sync.run();
    return Object.fromEntries([...models].map(([name, { created, updated, deleted, quarantined }]) => [name, [created, updated, deleted, quarantined]]));
  };
  const rightAirports = () => right.getRepository<RightAirport>("Airport").find({ relations: { country: true, hub: true, mainTag: true, tags: true }, order: { ident: "ASC" }, withDeleted: true });
  const nothing = [{ left: 0, right: 0 }, { left: 0, right: 0 }, { left: 0, right: 0 }, 0];
  const idle = { Country: nothing, Tag: nothing, Airport: nothing, Runway: nothing, airport_tags: nothing };
  test("entities that declare themselves are copied with their relations, and stay the same", async () => {
    const manager = left.manager;
    const [de, fr] = await manager.save(Country, [{ code: "DE", name: "Germany" }, { code: "FR", name: "France" }]);
    const [big, old] = await manager.save(Tag, [{ name: "big" }, { name: "old" }]);
    const [fra] = await manager.save(Airport, [{ ident: "EDDF", country: de, height: 111.25, mainTag: big, tags: [big, old] }] as Airport[]);
    await manager.save(Airport, [{ ident: "LFPG", country: fr, hub: fra, tags: [big] }] as Airport[]);
    await manager.save(Runway, [{ airportId: fra!.id, number: 7, surfaces: ["asphalt", "grass"] }] as Runway[]);

    expect(await counts()).toEqual({
      Country: [{ left: 0, right: 2 }, { left: 0, right: 0 }, { left: 0, right: 0 }, 0],
      Tag: [{ left: 0, right: 2 }, { left: 0, right: 0 }, { left: 0, right: 0 }, 0],
      Airport: [{ left: 0, right: 2 }, { left: 0, right: 0 }, { left: 0, right: 0 }, 0],
      Runway: [{ left: 0, right: 1 }, { left: 0, right: 0 }, { left: 0, right: 0 }, 0],
      airport_tags: [{ left: 0, right: 3 }, { left: 0, right: 0 }, { left: 0, right: 0 }, 0],
    });
    expect(await rightAirports()).toMatchObject([
      { ident: "EDDF", height: "111.25", country: { code: "DE" }, hub: null, mainTag: { name: "big" }, gone: null },
      { ident: "LFPG", height: null, country: { code: "FR" }, hub: { ident: "EDDF" }, mainTag: null, tags: [{ name: "big" }] },
    ]);
    expect(await right.getRepository("Runway").find({ relations: { airport: true } })).toMatchObject([{ number: 7, surfaces: ["asphalt", "grass"], airport: { ident: "EDDF" } }]);
    expect(await counts()).toEqual(idle);
    expect(await sync.verify()).toMatchObject({ equal: true });
  });

  test("edits on both sides meet: fields, relations and edges", async () => {
    const lefts = left.getRepository(Airport);
    const rights = right.getRepository<RightAirport>("Airport");
    await left.getRepository(Country).update({ code: "FR" }, { name: "La France" });
    const fra = await lefts.findOneByOrFail({ ident: "EDDF" });
    await lefts.save({ id: fra.id, height: 112 });
    await lefts.createQueryBuilder().relation("tags").of(fra.id).remove(await left.getRepository(Tag).findOneByOrFail({ name: "old" }));

    const cdg = await rights.findOneByOrFail({ ident: "LFPG" });
    const [big, old] = await right.getRepository<{ id: string; name: string }>("Tag").find({ order: { name: "ASC" } });
    await rights.save({ id: cdg.id, hub: null, mainTag: old, tags: [big!, old!] } as never);
    await right.getRepository("Nation").update({ code: "DE" }, { name: "Deutschland" });

    expect(await counts()).toEqual({
      Country: [{ left: 0, right: 0 }, { left: 1, right: 1 }, { left: 0, right: 0 }, 0],
      Tag: nothing,
      Airport: [{ left: 0, right: 0 }, { left: 1, right: 1 }, { left: 0, right: 0 }, 0],
      Runway: nothing,
      airport_tags: [{ left: 1, right: 0 }, { left: 0, right: 0 }, { left: 0, right: 1 }, 0],
    });
    expect(await left.getRepository(Country).find({ order: { code: "ASC" } })).toMatchObject([{ name: "Deutschland", version: 2 }, { name: "La France" }]);
    expect(await lefts.find({ relations: { hub: true, mainTag: true, tags: true }, order: { ident: "ASC", tags: { name: "ASC" } } })).toMatchObject([
      { ident: "EDDF", height: 112, tags: [{ name: "big" }] },
      { ident: "LFPG", hub: null, mainTag: { name: "old" }, tags: [{ name: "big" }, { name: "old" }] },
    ]);
    expect(await rightAirports()).toMatchObject([{ height: "112.00", tags: [{ name: "big" }] }, { hub: null, mainTag: { name: "old" } }]);
    expect(await counts()).toEqual(idle);
    expect(await sync.verify()).toMatchObject({ equal: true });
  });

  test("an application that holds an older version of an entity notices that the sync has written it", async () => {
    const germany = await left.getRepository(Country).findOneByOrFail({ code: "DE" });
    await right.getRepository("Nation").update({ code: "DE" }, { name: "Allemagne" });
    await sync.run();
    const locked = left.getRepository(Country).findOne({ where: { id: germany.id }, lock: { mode: "optimistic", version: germany.version } });
    await expect(locked).rejects.toThrow("optimistic lock");
  });

  test("what one side deletes goes on the other, a delete date travels as a date", async () => {
    await left.getRepository(Runway).clear();
    await right.getRepository("Airport").softDelete({ ident: "LFPG" });
    expect(await counts()).toMatchObject({ Runway: [{ left: 0, right: 0 }, { left: 0, right: 0 }, { left: 0, right: 1 }, 0] });
    expect(await right.getRepository("Runway").count()).toBe(0);
    expect(await left.getRepository(Airport).find()).toMatchObject([{ ident: "EDDF" }]);
    expect(await left.getRepository(Airport).find({ withDeleted: true })).toHaveLength(2);
    expect(await sync.run().then(({ written }) => written)).toEqual({ left: 0, right: 0 });
    expect(await sync.verify()).toMatchObject({ equal: true });
  });

  test("a record that the other side refuses waits alone", async () => {
    await left.manager.save(Airport, [{ ident: "HIGH", height: 123456, country: { id: 1 } }, { ident: "LOW", height: 1, country: { id: 1 } }] as Airport[]);
    const { models } = await sync.run();
    expect(models.get("Airport")).toMatchObject({ created: { right: 1 }, quarantined: 1 });
    expect(await right.getRepository("Airport").findBy({ ident: "LOW" })).toHaveLength(1);
  });
});

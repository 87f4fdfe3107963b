import { BeforeCreate, BeforeUpdate, Entity, ManyToOne, PrimaryKey, Property, ReflectMetadataProvider, Unique } from "@mikro-orm/decorators/legacy";
import { ChangeSetType, defineEntity, p } from "@mikro-orm/core";
import type { EventArgs, EventSubscriber } from "@mikro-orm/core";
import type { SqlMikroORM } from "@mikro-orm/sql";
import { insert, prepare, rowsOf, valuesOf } from "@sync/test-adapters";
import { describePostgres } from "@sync/test-databases/vitest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSync, leftWins, mikroOrmDatabase, naturalKey, Synced } from "../src/index.ts";
import type { Sync } from "../src/index.ts";
import type { Opened } from "./support/open.ts";
import { openNodeSqlite, openOwnPglite, openPgliteDialect, openPool, openSqlite } from "./support/open.ts";

@Entity()
@Synced({ match: naturalKey("code") })
class Region {
  @PrimaryKey({ type: "uuid" }) id: string = crypto.randomUUID();
  @Property({ type: "string" }) @Unique() code!: string;
}

@Entity()
@Synced({ match: naturalKey("code") })
class Country {
  @PrimaryKey({ type: "integer" }) id!: number;
  @Property({ type: "string" }) @Unique() code!: string;
  @Property({ type: "string" }) name!: string;
  @Property({ type: "string", nullable: true }) slug!: string | null;
  @ManyToOne(() => Region, { nullable: true }) region!: Region | null;
  @Property({ type: "integer", version: true }) version!: number;

  @BeforeCreate() @BeforeUpdate() check(): void {
    if (this.name === "") throw new Error("a country has a name");
    this.name = this.name.trim();
    this.slug = `/${this.code.toLowerCase()}`;
  }
}

// The other side knows nothing of hooks.
const SourceRegion = defineEntity({ name: "Region", properties: { id: p.integer().primary(), code: p.string().unique() } });
const SourceCountry = defineEntity({
  name: "Country",
  properties: { id: p.integer().primary(), code: p.string().unique(), name: p.string(), slug: p.string().nullable(), region: () => p.manyToOne(SourceRegion).nullable() },
});

class Watcher implements EventSubscriber<Country> {
  readonly events: string[] = [];
  getSubscribedEntities(): [typeof Country] {
    return [Country];
  }
  afterCreate({ entity }: EventArgs<Country>): void {
    this.events.push(`create ${entity.code}`);
  }
  afterUpdate({ entity }: EventArgs<Country>): void {
    this.events.push(`update ${entity.code}`);
  }
  afterDelete({ entity }: EventArgs<Country>): void {
    this.events.push(`delete ${entity.code}`);
  }
}

function tests(open: (entities: readonly object[], more: object) => Promise<Opened>): void {
  const watcher = new Watcher();
  const { events } = watcher;
  let left: Opened;
  let right: Opened;
  let sync: Sync;
  beforeAll(async () => {
    left = await openSqlite([SourceRegion, SourceCountry]);
    right = await open([Region, Country], { subscribers: [watcher], metadataProvider: ReflectMetadataProvider });
    sync = createSync({ name: "hooks", left: mikroOrmDatabase(left.orm), right: mikroOrmDatabase(right.orm, { writes: "orm", keys: { Region: () => crypto.randomUUID() } }), conflicts: leftWins(), firstLink: "left" });
  });
  afterAll(async () => {
    await left.close();
    await right.close();
  });
  const countries = () => right.orm.em.fork().find(Country, {}, { populate: ["region"], orderBy: { code: "asc" } });
  async function edit(work: (em: SqlMikroORM["em"]) => Promise<void> | void): Promise<void> {
    const em = left.orm.em.fork();
    await work(em);
    await em.flush();
  }

  test("hooks and subscribers run; what they alter is reported once and does not travel back", async () => {
    await edit((em) => {
      const region = em.create(SourceRegion, { code: "EU" });
      em.create(SourceCountry, { code: "DE", name: " Germany ", region });
      em.create(SourceCountry, { code: "FR", name: "France" });
    });
    const first = await sync.run();
    expect(first.models.get("Country")).toMatchObject({ created: { left: 0, right: 2 }, updated: { left: 0, right: 0 }, altered: 2 });
    expect(events.splice(0).toSorted()).toEqual(["create DE", "create FR"]);
    expect(await countries()).toMatchObject([{ name: "Germany", slug: "/de", region: { code: "EU" }, version: 1 }, { name: "France", slug: "/fr", region: null }]);
    expect(await left.orm.em.fork().find(SourceCountry, {}, { orderBy: { code: "asc" } })).toMatchObject([{ name: " Germany ", slug: null }, { name: "France", slug: null }]);
    const second = await sync.run();
    expect(second.written).toEqual({ left: 0, right: 0 });
    expect(second.models.get("Country")).toMatchObject({ altered: 0 });
  });

  test("updates and deletes go through entities, too", async () => {
    await edit(async (em) => {
      const germany = await em.findOneOrFail(SourceCountry, { code: "DE" });
      germany.name = "Deutschland";
      germany.region = null;
      em.remove(await em.findOneOrFail(SourceCountry, { code: "FR" }));
    });
    expect((await sync.run()).models.get("Country")).toMatchObject({ updated: { right: 1 }, deleted: { right: 1 } });
    expect(events.splice(0).toSorted()).toEqual(["delete FR", "update DE"]);
    expect(await countries()).toMatchObject([{ code: "DE", name: "Deutschland", slug: "/de", region: null, version: 2 }]);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });

  test("a record that a hook refuses waits alone", async () => {
    await edit((em) => {
      em.create(SourceCountry, { code: "IT", name: "Italy" });
      em.create(SourceCountry, { code: "XX", name: "" });
    });
    expect((await sync.run()).models.get("Country")).toMatchObject({ created: { right: 1 }, quarantined: 1 });
    expect((await countries()).map(({ code }) => code)).toEqual(["DE", "IT"]);
  });
}

test("a delete of which a subscriber makes an update is told, instead of coming back as a new record", async () => {
  const softly: EventSubscriber = {
    onFlush({ uow }) {
      for (const changeSet of uow.getChangeSets()) {
        if (changeSet.type !== ChangeSetType.DELETE) continue;
        uow.computeChangeSet(Object.assign(changeSet.entity, { name: "gone" }), ChangeSetType.UPDATE);
      }
    },
  };
  const left = await openSqlite([SourceRegion, SourceCountry]);
  const right = await openSqlite([SourceRegion, SourceCountry], { subscribers: [softly] });
  const models = { Region: { match: naturalKey("code") }, Country: { match: naturalKey("code") } };
  const sync = createSync({ name: "softly", left: mikroOrmDatabase(left.orm), right: mikroOrmDatabase(right.orm, { writes: "orm" }), models, conflicts: leftWins(), firstLink: "left" });
  await left.orm.em.fork().insert(SourceCountry, { code: "DE", name: "Germany" });
  await sync.run();
  await left.orm.em.fork().nativeDelete(SourceCountry, {});
  expect((await sync.run({ confirmDeletes: true })).models.get("Country")).toMatchObject({ deleted: { right: 0 }, open: 1 });
  expect((await sync.run({ confirmDeletes: true })).written).toEqual({ left: 0, right: 0 });
  expect(await right.orm.em.fork().find(SourceCountry, {})).toMatchObject([{ name: "Germany" }]);
  await left.close();
  await right.close();
});

describe("SQLite (better-sqlite3)", () => tests((entities, more) => openSqlite(entities, more)));
describe("SQLite (node:sqlite)", () => tests((entities, more) => openNodeSqlite(entities, more)));
describe("PGlite by MikroORM's driver", () => tests((entities, more) => openOwnPglite(entities, more)));
describe("PGlite behind a dialect", () => tests((entities, more) => openPgliteDialect(entities, more)));
describePostgres("PostgreSQL", (server) => {
  describe("its pool", () => tests((entities, more) => openPool(server, `${import.meta.url} hooks`, entities, more)));

  test("the same stands there as in bulk, for every kind of value", async () => {
    const { orm, close } = await openPool(server, `${import.meta.url} same`);
    const kinds = { Thing: { money: { type: "integer", bits: 53 }, stamp: { type: "instant", digits: 0 } } } as const;
    const values = {
      small: "-1", whole: "1073741823", big: "9007199254740993", safe: "-9007199254740991", digits: "9007199254740993", single: "0.5", double: "0.30000000000000004",
      amount: "12345678901.2345", asNumber: "123456789.125", active: "false", short: "kurz", tidy: "tidy", fixed: "abc", oneOf: "b", level: "2", at: "1969-12-31T23:59:59.001Z",
      day: "2024-02-29", hour: "23:59:59", data: '{"a":{"":"é"},"b":[1,1.5,"x",null,true]}', bytes: "AAH+/w==", raw: "BwA=", tags: '["a","x,y"]', few: '["x","y"]', money: "1234",
      stamp: "2026-01-02T03:04:05Z", local: "2026-01-02T03:04:05.678Z", exact: "2026-01-02T03:04:05.678Z", asText: "2026-01-02T03:04:05.678901Z", span: "P1Y2M-3DT4H5M6.789S",
      any: "0.000000000000000000000001", counts: '["1","-2147483648"]', mood: "Sad and long", moods: '["happy"]',
    };
    const exotic = { exact: "2026-01-02T03:04:05.678901Z", data: '{"a":9007199254740993}', at: "infinity" };
    for (const writes of ["bulk", "orm"] as const) {
      const subject = mikroOrmDatabase(orm, { kinds, writes });
      await prepare(subject);
      await insert(subject, "Thing", [{ ...values, text: writes, code: null }]);
      await insert(subject, "Thing", [{ ...exotic, text: `${writes}, exotic` }]);
    }
    const subject = mikroOrmDatabase(orm, { kinds });
    const rows = (await rowsOf(subject, "Thing")).map((row) => ({ ...valuesOf(subject, "Thing", row), id: 0, text: 0 }));
    expect(rows).toHaveLength(4);
    expect(rows[0]).toMatchObject(values);
    expect(rows.slice(2)).toEqual(rows.slice(0, 2));
    await close();
  });
});

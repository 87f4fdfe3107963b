import { Collection, defineEntity, OptimisticLockError, p } from "@mikro-orm/core";
import { Entity, Enum, ManyToMany, ManyToOne, OneToOne, PrimaryKey, Property, ReflectMetadataProvider, Unique } from "@mikro-orm/decorators/legacy";
import { MikroORM as PostgresOrm } from "@mikro-orm/postgresql";
import type { SqlMikroORM } from "@mikro-orm/sql";
import { MikroORM as SqliteOrm } from "@mikro-orm/sqlite";
import { describePostgres } from "@sync/test-databases/vitest";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createSync, leftWins, mikroOrmDatabase, naturalKey, Synced, synced } from "../src/index.ts";
import type { Sync } from "../src/index.ts";

// The same airports twice: decorated classes with numbers for keys on SQLite, schemas with uuids and other names on PostgreSQL.

@Entity()
@Synced({ match: naturalKey("code") })
class Country {
  @PrimaryKey({ type: "integer" }) id!: number;
  @Property({ type: "string" }) @Unique() code!: string;
  @Property({ type: "string" }) name!: string;
  @Property({ type: "integer", version: true }) version!: number;
}

@Entity()
@Synced({ match: naturalKey("name") })
class Tag {
  @PrimaryKey({ type: "integer" }) id!: number;
  @Property({ type: "string" }) @Unique() name!: string;
}

@Entity()
@Synced({ match: naturalKey("ident") })
class Airport {
  @PrimaryKey({ type: "integer" }) id!: number;
  @Property({ type: "string" }) @Unique() ident!: string;
  @Property({ type: "decimal", precision: 8, scale: 2, nullable: true }) height!: string | null;
  @Enum({ items: ["small", "large"] }) size!: "small" | "large";
  @Property({ type: "datetime" }) opened!: Date;
  @ManyToOne(() => Country, { deleteRule: "cascade" }) country!: Country;
  @ManyToOne(() => Airport, { nullable: true }) hub!: Airport | null;
  @OneToOne(() => Tag, { nullable: true, owner: true }) mainTag!: Tag | null;
  @ManyToMany(() => Tag, undefined, { pivotTable: "airport_tags" }) tags = new Collection<Tag>(this);
}

/** Its key is a relation and a number. */
@Entity()
@Synced({ match: naturalKey(["airport", "number"]) })
class Runway {
  @ManyToOne(() => Airport, { primary: true, deleteRule: "cascade" }) airport!: Airport;
  @PrimaryKey({ type: "integer" }) number!: number;
  @Property({ type: "array" }) surfaces!: string[];
}

/** Refers to a key of two columns. */
@Entity()
@Synced({ match: naturalKey("text") })
class Notice {
  @PrimaryKey({ type: "integer" }) id!: number;
  @Property({ type: "string" }) @Unique() text!: string;
  @ManyToOne(() => Runway, { nullable: true }) runway!: Runway | null;
}

const id = p.uuid().primary().onCreate(() => crypto.randomUUID());
const RightCountry = synced(defineEntity({ name: "Nation", tableName: "nations", properties: { id, code: p.string().unique(), name: p.string() } }), { as: "Country" });
const RightTag = defineEntity({ name: "Tag", properties: { id, name: p.string().unique() } });
const RightAirport = defineEntity({
  name: "Airport",
  properties: {
    id,
    ident: p.string().unique(),
    height: p.decimal().precision(8).scale(2).nullable(),
    size: p.enum(["small", "large"]).nativeEnumName("airport_size"),
    opened: p.datetime(),
    country: () => p.manyToOne(RightCountry).name("nation_id").deleteRule("cascade"),
    hub: () => p.manyToOne(RightAirport).nullable(),
    mainTag: () => p.oneToOne(RightTag).nullable().owner(),
    tags: () => p.manyToMany(RightTag).pivotTable("tags_of_airports"),
  },
});
const RightRunway = defineEntity({ name: "Runway", properties: { airport: () => p.manyToOne(RightAirport).primary().deleteRule("cascade"), number: p.integer().primary(), surfaces: p.array() } });
const RightNotice = defineEntity({ name: "Notice", properties: { id, text: p.string().unique(), runway: () => p.manyToOne(RightRunway).nullable() } });

describePostgres("between SQLite and PostgreSQL", (server) => {
  let left: SqliteOrm;
  let right: SqlMikroORM;
  let drop: () => Promise<void>;
  let sync: Sync;
  beforeAll(async () => {
    const fresh = await server.freshDatabase(import.meta.url);
    drop = () => fresh.drop();
    left = new SqliteOrm({ entities: [Country, Tag, Airport, Runway, Notice], dbName: ":memory:", metadataProvider: ReflectMetadataProvider });
    right = new PostgresOrm({ entities: [RightCountry, RightTag, RightAirport, RightRunway, RightNotice], clientUrl: fresh.url }) as never;
    await left.schema.create();
    await right.schema.create();
    sync = createSync({
      name: "airports",
      left: mikroOrmDatabase(left),
      right: mikroOrmDatabase(right),
      models: { airport_tags: { right: "tags_of_airports" } },
      conflicts: leftWins(),
      firstLink: "left",
    });
  });
  afterAll(async () => {
    await left.close();
    await right.close();
    await drop();
  });
  const counts = async (): Promise<Record<string, unknown>> => {
    const { models } = await sync.run();
    return Object.fromEntries([...models].map(([name, { created, updated, deleted, quarantined }]) => [name, [created, updated, deleted, quarantined]]));
  };
  const rightAirports = () => right.em.fork().find(RightAirport, {}, { populate: ["*"], orderBy: { ident: 1 } });
  const none = { left: 0, right: 0 };
  const nothing = [none, none, none, 0];
  const idle = { Country: nothing, Tag: nothing, Airport: nothing, Runway: nothing, Notice: nothing, airport_tags: nothing };

  test("entities that declare themselves are copied with their relations, and stay the same", async () => {
    const em = left.em.fork();
    const de = em.create(Country, { code: "DE", name: "Germany" } as never);
    const fr = em.create(Country, { code: "FR", name: "France" } as never);
    const [big, old] = [em.create(Tag, { name: "big" } as never), em.create(Tag, { name: "old" } as never)];
    const opened = new Date("1936-07-08T10:00:00.125Z");
    const fra = em.create(Airport, { ident: "EDDF", height: "111.25", size: "large", opened, country: de, mainTag: big, tags: [big, old] } as never);
    em.create(Airport, { ident: "LFPG", size: "large", opened, country: fr, hub: fra, tags: [big] } as never);
    const runway = em.create(Runway, { airport: fra, number: 7, surfaces: ["asphalt", "grass, short"] });
    em.create(Notice, { text: "closed", runway } as never);
    await em.flush();

    const created = (count: number) => [{ left: 0, right: count }, none, none, 0];
    expect(await counts()).toEqual({ Country: created(2), Tag: created(2), Airport: created(2), Runway: created(1), Notice: created(1), airport_tags: created(3) });
    expect(await rightAirports()).toMatchObject([
      { ident: "EDDF", height: "111.25", size: "large", opened, country: { code: "DE" }, hub: null, mainTag: { name: "big" } },
      { ident: "LFPG", height: null, country: { code: "FR" }, hub: { ident: "EDDF" }, mainTag: null },
    ]);
    expect((await rightAirports()).map(({ tags }) => tags.getItems().map(({ name }) => name).toSorted())).toEqual([["big", "old"], ["big"]]);
    expect(await right.em.fork().find(RightNotice, {}, { populate: ["runway.airport"] })).toMatchObject([
      { text: "closed", runway: { number: 7, surfaces: ["asphalt", "grass, short"], airport: { ident: "EDDF" } } },
    ]);
    expect(await counts()).toEqual(idle);
    expect(await sync.verify()).toMatchObject({ equal: true });
  });

  test("edits on both sides meet: fields, relations and edges", async () => {
    const here = left.em.fork();
    (await here.findOneOrFail(Country, { code: "FR" })).name = "La France";
    const fra = await here.findOneOrFail(Airport, { ident: "EDDF" }, { populate: ["tags"] });
    fra.height = "112";
    fra.tags.remove((tag) => tag.name === "old");
    await here.flush();

    const there = right.em.fork();
    const cdg = await there.findOneOrFail(RightAirport, { ident: "LFPG" }, { populate: ["tags"] });
    const old = await there.findOneOrFail(RightTag, { name: "old" });
    cdg.hub = null;
    cdg.mainTag = old;
    cdg.tags.add(old);
    (await there.findOneOrFail(RightCountry, { code: "DE" })).name = "Deutschland";
    (await there.findOneOrFail(RightNotice, { text: "closed" })).runway = null;
    await there.flush();

    expect(await counts()).toEqual({
      ...idle,
      Country: [none, { left: 1, right: 1 }, none, 0],
      Airport: [none, { left: 1, right: 1 }, none, 0],
      Notice: [none, { left: 1, right: 0 }, none, 0],
      airport_tags: [{ left: 1, right: 0 }, none, { left: 0, right: 1 }, 0],
    });
    const em = left.em.fork();
    expect(await em.find(Country, {}, { orderBy: { code: 1 } })).toMatchObject([{ name: "Deutschland", version: 2 }, { name: "La France" }]);
    expect(await em.find(Notice, {})).toMatchObject([{ runway: null }]);
    const airports = await em.find(Airport, {}, { populate: ["tags", "mainTag"], orderBy: { ident: 1 } });
    expect(airports).toMatchObject([{ height: "112" }, { hub: null, mainTag: { name: "old" } }]);
    expect(airports.map(({ tags }) => tags.getItems().map(({ name }) => name).toSorted())).toEqual([["big"], ["big", "old"]]);
    expect(await rightAirports()).toMatchObject([{ height: "112.00" }, { hub: null, mainTag: { name: "old" } }]);
    expect(await counts()).toEqual(idle);
    expect(await sync.verify()).toMatchObject({ equal: true });
  });

  test("an application that holds an older version of an entity notices that the sync has written it", async () => {
    const em = left.em.fork();
    const germany = await em.findOneOrFail(Country, { code: "DE" });
    await right.em.fork().nativeUpdate(RightCountry, { code: "DE" }, { name: "Allemagne" });
    await sync.run();
    germany.name = "Alemania";
    await expect(em.flush()).rejects.toBeInstanceOf(OptimisticLockError);
    expect(await left.em.fork().findOneOrFail(Country, { code: "DE" })).toMatchObject({ name: "Allemagne" });
  });

  test("what one side deletes goes on the other", async () => {
    await left.em.fork().nativeDelete(Runway, {});
    await right.em.fork().nativeDelete(RightAirport, { ident: "LFPG" });
    expect(await counts()).toMatchObject({ Runway: [none, none, { left: 0, right: 1 }, 0], Airport: [none, none, { left: 1, right: 0 }, 0] });
    expect(await right.em.fork().count(RightRunway)).toBe(0);
    expect(await left.em.fork().find(Airport, {})).toMatchObject([{ ident: "EDDF" }]);
    expect(await counts()).toEqual(idle);
    expect(await sync.verify()).toMatchObject({ equal: true });
  });

  test("a record that the other side refuses waits alone", async () => {
    const em = left.em.fork();
    const country = await em.findOneOrFail(Country, { code: "DE" });
    const rest = { size: "small", opened: new Date(), country } as const;
    em.create(Airport, { ...rest, ident: "HIGH", height: "12345678.5" } as never);
    em.create(Airport, { ...rest, ident: "LOW", height: "1" } as never);
    await em.flush();
    const { models } = await sync.run();
    expect(models.get("Airport")).toMatchObject({ created: { right: 1 }, quarantined: 1 });
    expect(await right.em.fork().find(RightAirport, { ident: "LOW" })).toHaveLength(1);
  });
});

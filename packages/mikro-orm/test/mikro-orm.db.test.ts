import { defineEntity, p } from "@mikro-orm/core";
import type { Collection } from "@mikro-orm/core";
import type { SqlMikroORM } from "@mikro-orm/sql";
import { insert, prepare, rowsOf, valuesOf } from "@sync/test-adapters";
import { describePostgres } from "@sync/test-databases/vitest";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { mikroOrmDatabase } from "../src/index.ts";
import type { MikroOrmDatabaseOptions } from "../src/index.ts";
import { Place, PostgresThing, Thing } from "./support/entities.ts";
import type { Opened } from "./support/open.ts";
import { openNodeSqlite, openOwnPglite, openPgliteDialect, openPool, openSqlite } from "./support/open.ts";

const written = {
  small: -32768,
  whole: 1073741823,
  big: 9007199254740993n,
  safe: -9007199254740991,
  digits: "9007199254740993",
  single: 0.5,
  double: 0.1 + 0.2,
  amount: "12345678901.2345",
  asNumber: 123456789.125,
  active: false,
  text: "é'\"\\\u{1F600}\n?",
  short: "kurz",
  tidy: "tidy",
  fixed: "abc",
  code: "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
  oneOf: "b" as const,
  level: 2,
  at: new Date("1969-12-31T23:59:59.001Z"),
  day: "2024-02-29",
  hour: "23:59:59",
  data: { b: [1, 1.5, "x", null, true], a: { "": "é" } },
  bytes: Buffer.from([0, 1, 254, 255]),
  raw: new Uint8Array([7, 0]),
  tags: ["a", "", "x,y", 'quo"te', "back\\slash", "{}"],
  few: ["x" as const, "y" as const],
  money: 1234,
  stamp: new Date("2026-01-02T03:04:05Z"),
};
const canonical = {
  small: "-32768",
  whole: "1073741823",
  big: "9007199254740993",
  safe: "-9007199254740991",
  digits: "9007199254740993",
  single: "0.5",
  double: "0.30000000000000004",
  amount: "12345678901.2345",
  asNumber: "123456789.125",
  active: "false",
  text: written.text,
  short: "kurz",
  tidy: "tidy",
  fixed: "abc",
  code: written.code,
  oneOf: "b",
  level: "2",
  at: "1969-12-31T23:59:59.001Z",
  day: "2024-02-29",
  hour: "23:59:59",
  data: '{"a":{"":"é"},"b":[1,1.5,"x",null,true]}',
  bytes: "AAH+/w==",
  raw: "BwA=",
  tags: JSON.stringify(written.tags),
  few: '["x","y"]',
  money: "1234",
  stamp: "2026-01-02T03:04:05Z",
};
const postgresWritten = {
  local: new Date("2026-01-02T03:04:05.678Z"),
  exact: new Date("2026-01-02T03:04:05.678Z"),
  span: "1 year 2 mons -3 days +04:05:06.789",
  any: "0.000000000000000000000001",
  counts: [1, -2147483648],
  mood: "Sad and long" as const,
  moods: ["Sad and long" as const, "happy" as const],
};
// An object of the library that pg uses.
const interval: unknown = expect.objectContaining({ years: 1, months: 2, days: -3, hours: 4, minutes: 5, seconds: 6, milliseconds: 789 });
const postgresCanonical = {
  local: "2026-01-02T03:04:05.678Z",
  exact: "2026-01-02T03:04:05.678Z",
  span: "P1Y2M-3DT4H5M6.789S",
  any: "0.000000000000000000000001",
  counts: '["1","-2147483648"]',
  mood: "Sad and long",
  moods: '["Sad and long","happy"]',
};
const options: MikroOrmDatabaseOptions = { kinds: { Thing: { money: { type: "integer", bits: 53 }, stamp: { type: "instant", digits: 0 } } } };

interface Case {
  readonly entity: typeof Thing;
  readonly written: typeof written;
  readonly canonical: Readonly<Record<string, string>>;
  /** What JavaScript does not show of it. */
  readonly rounded?: object;
}
const onPostgres: Case = { entity: PostgresThing as never, written: { ...written, ...postgresWritten }, canonical: { ...canonical, ...postgresCanonical }, rounded: { span: interval } };
// The parsers of PGlite are the application's own affair there.
const onDialect: Case = { ...onPostgres, rounded: { span: interval, day: new Date("2024-02-29") } };
// The driver gives MikroORM big integers as numbers, which are rounded before it sees them; this package reads them as texts.
const onSqlite: Case = { entity: Thing, written, canonical, rounded: { big: 9007199254740992n, digits: "9007199254740992" } };

function tests({ entity, written: values, canonical: texts, rounded }: Case, open: () => Promise<Opened>): void {
  let orm: SqlMikroORM;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ orm, close } = await open());
    await prepare(database());
  });
  afterAll(() => close());
  beforeEach(async () => {
    await orm.em.fork().nativeDelete(entity, {});
    await orm.em.fork().nativeDelete(Place, {});
  });
  const database = () => mikroOrmDatabase(orm, options as MikroOrmDatabaseOptions<never>);
  const write = async (thing: object): Promise<void> => {
    const em = orm.em.fork();
    em.create(entity, thing as never);
    await em.flush();
  };

  test("what MikroORM wrote is read exactly", async () => {
    await write(values);
    const [row] = await rowsOf(database(), "Thing");
    expect(row!.faults).toBeUndefined();
    expect(valuesOf(database(), "Thing", row!)).toMatchObject({ ...texts, twice: "2147483646", made: "made", version: "1" });
  });

  test("what is written is what MikroORM reads", async () => {
    const [key] = await insert(database(), "Thing", [texts]);
    const [thing] = await orm.em.fork().find(entity, {});
    expect({ ...thing, bytes: Buffer.from(thing!.bytes!), raw: new Uint8Array(thing!.raw!) }).toMatchObject({
      ...values, ...rounded, id: BigInt(key![0]!), twice: 2147483646, made: "made", version: 1,
    });
  });

  test("what is written a second time from what was read is equal to the first", async () => {
    await write(values);
    const [row] = await rowsOf(database(), "Thing");
    const { id: _id, text: _text, code: _code, twice: _twice, ...copied } = valuesOf(database(), "Thing", row!);
    await insert(database(), "Thing", [{ ...copied, text: "copy" }]);
    const [first, second] = await orm.em.fork().find(entity, {}, { orderBy: { id: 1 } });
    expect({ ...second, id: 0, text: 0, code: 0 }).toEqual({ ...first, id: 0, text: 0, code: 0 });
  });

  test("nulls and empty lists are told apart", async () => {
    await insert(database(), "Thing", [{ text: "empty", tags: "[]", few: null }]);
    expect(await orm.em.fork().find(entity, {})).toMatchObject([{ tags: [], few: null, big: null, data: null }]);
    expect(valuesOf(database(), "Thing", (await rowsOf(database(), "Thing"))[0]!)).toMatchObject({ tags: "[]", few: null, big: null, data: null });
  });

  test("texts are trimmed and in lower case where MikroORM does that, and what came of it is told", async () => {
    const subject = database();
    const claim = await subject.claim({ holder: "test", runner: "test", seconds: 60 });
    const [key] = await subject.endpoints.get("Thing")!.allocate(1);
    const committed = await subject.commit({ id: "tidy", fence: claim.fence, batches: [{ op: "insert", model: "Thing", fields: ["tidy"], rows: [{ key: key!, cloudId: "tidy", values: ["  LOUD "] }] }] });
    await subject.release(claim.fence, true);
    const names = subject.endpoints.get("Thing")!.model.fields.map(({ name }) => name);
    const [[outcome]] = (committed as unknown as { outcomes: [[{ after: { values: readonly string[] } }]] }).outcomes;
    expect(outcome.after.values[names.indexOf("tidy")]).toBe("loud");
  });

  test("`onUpdate` is done and the version is raised with every update, unless the update brings the value", async () => {
    const subject = database();
    const [key] = await insert(subject, "Thing", [{ text: "new" }]);
    const claim = await subject.claim({ holder: "test", runner: "test", seconds: 60 });
    const update = async (id: string, fields: readonly string[], rowValues: readonly string[]) => {
      const [row] = await rowsOf(subject, "Thing");
      return subject.commit({ id, fence: claim.fence, batches: [{ op: "update", model: "Thing", fields, rows: [{ key: key!, revision: row!.revision, values: rowValues }] }] });
    };
    const stamps = async () => (await orm.em.fork().find(entity, {})).map(({ updatedAt, version }) => [updatedAt?.toISOString(), version])[0];
    expect(await stamps()).toEqual([undefined, 1]);
    expect(await update("1", ["text"], ["changed"])).toMatchObject({ committed: true, outcomes: [[{ status: "written" }]] });
    expect(await stamps()).toEqual(["2026-03-04T05:06:07.000Z", 2]);
    expect(await update("2", ["updatedAt", "version"], ["2001-01-01T00:00:00Z", "7"])).toMatchObject({ committed: true, outcomes: [[{ status: "written" }]] });
    expect(await stamps()).toEqual(["2001-01-01T00:00:00.000Z", 7]);
    await subject.release(claim.fence, true);
  });

  test("a cloudId of the entity is written and read, keys are made as the entity says", async () => {
    const cloudId = "0190f7a4-5d3c-7e2b-8f7a-1c2d3e4f5a6b";
    const subject = database();
    const [key] = await subject.endpoints.get("Place")!.allocate(1);
    const claim = await subject.claim({ holder: "test", runner: "test", seconds: 60 });
    await subject.commit({ id: "1", fence: claim.fence, batches: [{ op: "insert", model: "Place", fields: ["name"], rows: [{ key: key!, cloudId, values: ["here"] }] }] });
    await subject.release(claim.fence, true);
    expect(await orm.em.fork().findOne(Place, { id: key![0]! })).toMatchObject({ cloudId, name: "here" });
    expect((await rowsOf(subject, "Place"))[0]).toMatchObject({ cloudId });
  });

  test("rows of a pivot table are what collections hold", async () => {
    const subject = database();
    const em = orm.em.fork();
    const [a, b] = [em.create(Place, { name: "a" }), em.create(Place, { name: "b" })];
    await em.flush();
    await insert(subject, "place_twins", [{ place_1_id: a.id, place_2_id: b.id }]);
    const twins = (await orm.em.fork().findOneOrFail(Place, { name: "a" }, { populate: ["twins"] })).twins as Collection<{ name: string }>;
    expect(twins.getItems().map(({ name }) => name)).toEqual(["b"]);
    expect(await rowsOf(subject, "place_twins")).toMatchObject([{ key: [a.id, b.id] }]);
  });

  test("a refusal is told", async () => {
    await insert(database(), "Thing", [{ text: "twice" }]);
    await expect(insert(database(), "Thing", [{ text: "twice" }])).rejects.toThrow("WRITE.UNIQUE");
  });
}

// node:sqlite refuses to give them to MikroORM at all.
const safe = { big: 9007199254740991n, digits: "9007199254740991" };
const onNodeSqlite: Case = { entity: Thing, written: { ...written, ...safe }, canonical: { ...canonical, big: "9007199254740991", digits: "9007199254740991" } };

test("what a function makes of the entity is refused when a row needs it", async () => {
  const Slugged = defineEntity({ name: "Slugged", properties: { id: p.integer().primary(), name: p.string(), slug: p.string().onCreate((entity: { name: string }) => entity.name) } });
  const { orm, close } = await openSqlite([Slugged]);
  const database = mikroOrmDatabase(orm);
  await insert(database, "Slugged", [{ name: "A", slug: "a" }]);
  await expect(insert(database, "Slugged", [{ name: "B" }])).rejects.toMatchObject({ code: "MODEL.SQL_DEFAULT", model: "Slugged", field: "slug" });
  await close();
});

describe("SQLite with better-sqlite3", () => tests(onSqlite, openSqlite));
describe("SQLite with node:sqlite", () => tests(onNodeSqlite, openNodeSqlite));
describe("PGlite by MikroORM's driver", () => tests(onPostgres, openOwnPglite));
describe("PGlite by a dialect of Kysely", () => tests(onDialect, openPgliteDialect));
describePostgres("PostgreSQL", (server) => {
  describe("its pool", () => tests(onPostgres, () => openPool(server, `${import.meta.url} pool`)));
  describe("connections that MikroORM sets up each time", () => tests(onPostgres, () => openPool(server, `${import.meta.url} session`, undefined, { sessionContext: "connection" })));

  test("dates in columns without a zone are wall times of this process where MikroORM is told that they are not UTC", async () => {
    const zone = process.env["TZ"];
    process.env["TZ"] = "America/New_York";
    try {
      const { orm, close } = await openPool(server, `${import.meta.url} zone`, undefined, { forceUtcTimezone: false });
      const local = new Date("2026-01-02T03:04:05.678Z");
      const em = orm.em.fork();
      em.create(PostgresThing, { local, data: null });
      await em.flush();
      const database = mikroOrmDatabase(orm);
      await prepare(database);
      expect(valuesOf(database, "Thing", (await rowsOf(database, "Thing"))[0]!)["local"]).toBe("2026-01-02T03:04:05.678Z");
      await insert(database, "Thing", [{ local: "2026-01-02T03:04:05.678Z" }]);
      expect((await orm.em.fork().find(PostgresThing, {})).map((thing) => thing.local)).toEqual([local, local]);
      await close();
    } finally {
      if (zone === undefined) delete process.env["TZ"];
      else process.env["TZ"] = zone;
    }
  });

  test("microseconds and infinities that JavaScript does not see are kept", async () => {
    const { orm, close } = await openPool(server, `${import.meta.url} infinite`);
    const database = mikroOrmDatabase(orm);
    await prepare(database);
    const times = { at: "infinity", local: "2026-01-02T03:04:05.678901Z", asText: "-infinity" };
    await insert(database, "Thing", [times]);
    expect(valuesOf(database, "Thing", (await rowsOf(database, "Thing"))[0]!)).toMatchObject(times);
    await close();
  });
});

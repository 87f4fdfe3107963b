import { insert, prepare, rowsOf, valuesOf } from "@sync/test-adapters";
import { describePostgres } from "@sync/test-databases/vitest";
import { Column, DataSource, DefaultNamingStrategy, Entity, PrimaryGeneratedColumn } from "typeorm";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createSync, leftWins, naturalKey, typeormDatabase } from "../src/index.ts";
import { openPostgres, openSqlite } from "./support/open.ts";
import { boxes, notes, shelves, stamped, things } from "./support/schemas.ts";

class Shouting extends DefaultNamingStrategy {
  override columnName(propertyName: string, customName: string): string {
    return customName || propertyName.toUpperCase();
  }
  override joinTableColumnName(tableName: string, propertyName: string, columnName?: string): string {
    return `${tableName}${columnName ?? propertyName}`.toUpperCase();
  }
}

describePostgres("PostgreSQL", (server) => {
  const written = {
    small: -32768,
    whole: 1073741823,
    big: "9007199254740993",
    single: 0.1,
    double: 0.1 + 0.2,
    amount: "1234567890123456.7891",
    any: "0.000000000000000000000001",
    active: false,
    text: "é'\"\\\u{1F600}\n",
    short: "kurz",
    fixed: "abc",
    code: "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    at: new Date("1969-12-31T23:59:59.001Z"),
    moment: new Date("2026-01-02T03:04:05.678Z"),
    day: "2024-02-29",
    hour: "23:59:59.999",
    data: { b: [1, 1.5, "x", null, true], a: { "": "é" } },
    plainJson: [1, { z: 1, a: 2 }],
    simpleJson: { z: [1.5], a: "é" },
    bytes: Buffer.from([0, 1, 254, 255]),
    mood: "Sad and long",
    level: 2,
    tags: ["a", "", "x,y", 'quo"te', "back\\slash", "NULL", "{}"],
    counts: ["1", "-9007199254740993"],
    moods: ["Sad and long", "happy"],
    times: [new Date("2026-01-02T03:04:05.678Z"), new Date("1900-01-01T00:00:00Z")],
    words: ["a", "", "b c"],
    cents: 1234,
    stamp: new Date("2026-01-02T03:04:05.678Z"),
  };
  const canonical = {
    small: "-32768",
    whole: "1073741823",
    big: "9007199254740993",
    single: "0.1",
    double: "0.30000000000000004",
    amount: "1234567890123456.7891",
    any: "0.000000000000000000000001",
    active: "false",
    text: written.text,
    short: "kurz",
    fixed: "abc",
    code: written.code,
    at: "1969-12-31T23:59:59.001Z",
    moment: "2026-01-02T03:04:05.678Z",
    day: "2024-02-29",
    hour: "23:59:59.999",
    data: '{"a":{"":"é"},"b":[1,1.5,"x",null,true]}',
    plainJson: '[1,{"a":2,"z":1}]',
    simpleJson: '{"a":"é","z":[1.5]}',
    bytes: "AAH+/w==",
    mood: "Sad and long",
    level: "2",
    tags: JSON.stringify(written.tags),
    counts: '["1","-9007199254740993"]',
    moods: '["Sad and long","happy"]',
    times: '["2026-01-02T03:04:05.678Z","1900-01-01T00:00:00Z"]',
    words: '["a","","b c"]',
    cents: "1234",
    stamp: "2026-01-02T03:04:05.678Z",
  };
  const kinds = { Thing: { cents: { type: "integer", bits: 53 }, stamp: { type: "instant", digits: 3 } } } as const;
  let dataSource: DataSource;
  let drop: () => Promise<void>;
  const database = () => typeormDatabase(dataSource, { kinds });
  const repository = () => dataSource.getRepository(things);
  beforeAll(async () => {
    const fresh = await server.freshDatabase(import.meta.url);
    drop = () => fresh.drop();
    dataSource = await openPostgres(fresh.url, [things]);
    await prepare(database());
  });
  afterAll(async () => {
    await dataSource.destroy();
    await drop();
  });
  beforeEach(() => repository().clear());

  test("what TypeORM wrote is read exactly", async () => {
    await repository().save({ ...written });
    const [row] = await rowsOf(database(), "Thing");
    expect(row!.faults).toBeUndefined();
    expect(valuesOf(database(), "Thing", row!)).toEqual({ ...canonical, id: row!.key[0], span: null, twice: "2147483646" });
  });

  test("what is written is what TypeORM reads", async () => {
    const [key] = await insert(database(), "Thing", [{ ...canonical, span: "P1Y2M-3DT4H5M6.789S" }]);
    const [{ corner: _corner, span, ...thing }] = (await repository().find()) as unknown as [Record<string, unknown>];
    expect(thing).toEqual({ ...written, id: key![0], twice: 2147483646 });
    expect(span).toMatchObject({ years: 1, months: 2, days: -3, hours: 4, minutes: 5, seconds: 6, milliseconds: 789 });
  });

  test("microseconds and infinities that JavaScript does not see are kept", async () => {
    const times = { at: "2026-01-02T03:04:05.678901Z", moment: "infinity", times: '["2026-01-02T03:04:05.000001Z",null]' };
    await insert(database(), "Thing", [times]);
    expect(valuesOf(database(), "Thing", (await rowsOf(database(), "Thing"))[0]!)).toMatchObject(times);
  });

  test("a timestamp without a zone holds the time on the wall of this process, as TypeORM writes it", async () => {
    const zone = process.env["TZ"];
    process.env["TZ"] = "America/New_York";
    try {
      await repository().save({ at: new Date("2026-07-02T03:04:05.678Z") });
      await insert(database(), "Thing", [{ at: "2026-01-02T03:04:05.000001Z" }]);
      const stored = await dataSource.query<{ at: string }[]>("select at::text from all_things order by id");
      expect(stored.map(({ at }) => at)).toEqual(["2026-07-01 23:04:05.678", "2026-01-01 22:04:05.000001"]);
      const rows = await rowsOf(database(), "Thing");
      expect(rows.map((row) => valuesOf(database(), "Thing", row)["at"])).toEqual(["2026-07-02T03:04:05.678Z", "2026-01-02T03:04:05.000001Z"]);
      expect((await repository().find({ order: { id: "ASC" } })).map(({ at }) => at)).toEqual([new Date("2026-07-02T03:04:05.678Z"), new Date("2026-01-02T03:04:05.000Z")]);
      // Clocks were set back at six: the hour before comes twice on the wall.
      await insert(database(), "Thing", [{ at: "2026-11-01T05:30:00Z" }]);
      await expect(insert(database(), "Thing", [{ at: "2026-11-01T06:30:00Z" }])).rejects.toThrow('{"code":"WRITE.VALUE","field":"at","model":"Thing"}');
    } finally {
      if (zone === undefined) delete process.env["TZ"];
      else process.env["TZ"] = zone;
    }
  });

  test("a simple array is one text with commas, so that an item with a comma in it is refused", async () => {
    await expect(insert(database(), "Thing", [{ words: '["a,b"]' }])).rejects.toThrow('{"code":"WRITE.VALUE","field":"words","model":"Thing"}');
    await expect(insert(database(), "Thing", [{ words: '[""]' }])).rejects.toThrow("WRITE.VALUE");
    await insert(database(), "Thing", [{ words: "[]" }]);
    expect(await repository().find()).toMatchObject([{ words: [] }]);
  });

  test("a transformer that fails on a value fails for that record alone", async () => {
    await dataSource.query(`insert into all_things (stamp, cents) values ('at nonsense', '1;2'), ('at 2026-01-02T03:04:05.678Z', '3;4')`);
    const rows = await rowsOf(database(), "Thing");
    expect(rows.map((row) => row.faults?.map(({ field, code }) => [field, code]))).toEqual([[["stamp", "VALUE.MALFORMED"]], undefined]);
    expect(rows.map((row) => valuesOf(database(), "Thing", row)["cents"])).toEqual(["102", "304"]);
  });
});

describePostgres("another schema, prefixes and names by a strategy", (server) => {
  test("are found as TypeORM has made them", async () => {
    const fresh = await server.freshDatabase(`${import.meta.url} names`);
    const other = new DataSource({
      type: "postgres", url: fresh.url, schema: "Shop", entityPrefix: "app_", namingStrategy: new Shouting(), entities: [shelves, boxes], installExtensions: false,
    });
    await other.initialize();
    await other.query('create schema "Shop"');
    await other.synchronize();
    await other.getRepository(shelves).save({ name: "upper", moods: ["b", "a"], boxes: [{ id: 1 }] } as never);
    const subject = typeormDatabase(other);
    await prepare(subject);
    expect(await subject.inspect(["Shelf", "Box", "app_shelf_boxes_box"])).toMatchObject({ findings: [] });
    const [row] = await rowsOf(subject, "Shelf");
    expect(valuesOf(subject, "Shelf", row!)).toEqual({ id: "1", name: "upper", mood: "a", moods: '["b","a"]' });
    await insert(subject, "Shelf", [{ name: "lower", mood: "b", moods: "[]" }]);
    await insert(subject, "app_shelf_boxes_box", [{ SHELFID: "2", BOXID: "1" }]);
    expect(await other.getRepository(shelves).find({ relations: { boxes: true }, where: { name: "lower" } })).toMatchObject([{ mood: "b", moods: [], boxes: [{ id: 1 }] }]);
    await other.destroy();
    await fresh.drop();
  });
});

describePostgres("a database that is not as the entities say", (server) => {
  function rated(): Function {
    @Entity()
    class Rated {
      @PrimaryGeneratedColumn("identity", { generatedIdentity: "ALWAYS" }) id!: number;
      @Column({ type: "varchar", unique: true }) code!: string;
    }
    return Rated;
  }
  function withRank(): Function {
    @Entity()
    class Rated {
      @PrimaryGeneratedColumn() id!: number;
      @Column({ type: "varchar", unique: true }) code!: string;
      @Column({ type: "int" }) rank!: number;
    }
    return Rated;
  }

  test("is found out before any write, and so is a user who may only read", async () => {
    const fresh = await server.freshDatabase(`${import.meta.url} lags`);
    const made = await openPostgres(fresh.url, [rated()]);
    await insertIdentity(made);
    const lagging = await new DataSource({ type: "postgres", url: fresh.url, entities: [withRank()], installExtensions: false }).initialize();
    const other = await openSqlite([withRank()]);
    const sync = (left: DataSource) => createSync({ name: "lag", left: typeormDatabase(left), right: typeormDatabase(other), models: { Rated: { match: naturalKey("code") } }, conflicts: leftWins() });
    await expect(sync(lagging).run()).rejects.toMatchObject({ code: "SCHEMA.MISSING_COLUMN" });

    await made.query(`create user "${fresh.name}_reader" password 'pw'`);
    await made.query(`grant select on all tables in schema public to "${fresh.name}_reader"`);
    const url = new URL(fresh.url);
    url.username = `${fresh.name}_reader`;
    url.password = "pw";
    const reader = await new DataSource({ type: "postgres", url: url.href, entities: [rated()], installExtensions: false }).initialize();
    await expect(sync(reader).run()).rejects.toMatchObject({ code: "ENDPOINT.FORBIDDEN" });
    expect(await other.query("select * from rated")).toEqual([]);
    for (const each of [lagging, reader]) await each.destroy();
    await made.query(`drop owned by "${fresh.name}_reader"`);
    await made.query(`drop user "${fresh.name}_reader"`);
    for (const each of [made, other]) await each.destroy();
    await fresh.drop();
  });

  /** Keys of an identity column are taken from its sequence. */
  async function insertIdentity(dataSource: DataSource): Promise<void> {
    expect(await dataSource.query("select is_identity, identity_generation from information_schema.columns where table_name = 'rated' and column_name = 'id'"))
      .toEqual([{ is_identity: "YES", identity_generation: "ALWAYS" }]);
    const subject = typeormDatabase(dataSource);
    await prepare(subject);
    expect(await insert(subject, "Rated", [{ code: "a" }, { code: "b" }])).toEqual([["1"], ["2"]]);
    await dataSource.getRepository("Rated").save({ code: "c" });
    expect(await dataSource.query("select id, code from rated order by id")).toEqual([{ id: 1, code: "a" }, { id: 2, code: "b" }, { id: 3, code: "c" }]);
  }
});

describe("SQLite", () => {
  const note = {
    whole: -9007199254740991,
    big: 42,
    active: true,
    ratio: 0.1 + 0.2,
    amount: 1234.5678,
    bytes: Buffer.from([0, 1, 254, 255]),
    text: "é'\"\\\u{1F600}",
    code: "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    at: new Date("1969-12-31T23:59:59.001Z"),
    day: "2024-02-29",
    hour: "23:59:59",
    data: { z: "é", a: [] },
    binary: { z: [1.5, null], a: 9007199254740991 },
    simpleJson: [1, { z: 1, a: 2 }],
    level: 2,
    words: ["a", "", "b c"],
    cents: 1234,
    made: new Date("2020-01-01T00:00:00.001Z"),
    gone: new Date("2030-01-01T00:00:00Z"),
  };
  const values = {
    whole: "-9007199254740991",
    big: "42",
    active: "true",
    ratio: "0.30000000000000004",
    amount: "1234.5678",
    bytes: "AAH+/w==",
    text: note.text,
    code: note.code,
    at: "1969-12-31T23:59:59.001Z",
    day: "2024-02-29",
    hour: "23:59:59",
    data: '{"a":[],"z":"é"}',
    binary: '{"a":9007199254740991,"z":[1.5,null]}',
    simpleJson: '[1,{"a":2,"z":1}]',
    level: "2",
    words: '["a","","b c"]',
    cents: "1234",
    made: "2020-01-01T00:00:00.001Z",
    gone: "2030-01-01T00:00:00Z",
  };
  let dataSource: DataSource;
  const database = () => typeormDatabase(dataSource, { kinds: { Note: { cents: { type: "integer", bits: 53 } } } });
  const repository = () => dataSource.getRepository(notes);
  const everything = () => repository().find({ withDeleted: true });
  beforeAll(async () => {
    dataSource = await openSqlite([notes]);
    await prepare(database());
  });
  afterAll(() => dataSource.destroy());
  beforeEach(() => repository().clear());

  test("what TypeORM wrote is read exactly", async () => {
    await repository().save({ ...note });
    const [row] = await rowsOf(database(), "Note");
    expect(row!.faults).toBeUndefined();
    expect(valuesOf(database(), "Note", row!)).toEqual({ ...values, id: row!.key[0], version: "1", changed: expect.stringMatching(/Z$/) });
  });

  test("what is written is what TypeORM reads", async () => {
    const [key] = await insert(database(), "Note", [values]);
    expect(await everything()).toEqual([{ ...note, id: Number(key![0]), version: 1, changed: expect.any(Date) }]);
  });

  test("what is written is stored as TypeORM stores it", async () => {
    await repository().save({ ...note });
    await insert(database(), "Note", [{ ...values, text: "copy" }]);
    // Not the JSON columns: the members of an object have no order.
    const columns = ["whole", "big", "active", "ratio", "amount", "bytes", "code", "at", "day", "hour", "level", "words", "cents", "made", "gone", "version"];
    const shapes = columns.map((column) => `typeof(${column})||quote(${column})`);
    expect(await dataSource.query(`select distinct ${shapes.join("||' '||")}, typeof(changed), typeof(data), typeof("binary"), typeof(simpleJson) from all_notes`)).toHaveLength(1);
  });

  test("big integers that JavaScript rounds, bare numbers in JSON and dates made by SQLite are exact", async () => {
    await insert(database(), "Note", [{ big: "9007199254740993", data: "1.5", binary: "9007199254740993" }]);
    await dataSource.query("update all_notes set at = '2026-01-02 03:04:05'");
    const [row] = await rowsOf(database(), "Note");
    expect(valuesOf(database(), "Note", row!)).toMatchObject({ big: "9007199254740993", data: "1.5", binary: "9007199254740993", at: "2026-01-02T03:04:05Z" });
    expect(await everything()).toMatchObject([{ data: 1.5, at: new Date("2026-01-02T03:04:05Z") }]);
  });
});

describe("what TypeORM does by itself with a write", () => {
  async function stamps(dataSource: DataSource): Promise<void> {
    const repository = dataSource.getRepository(stamped);
    const subject = typeormDatabase(dataSource);
    await prepare(subject);
    const began = Date.now();
    const [key] = await insert(subject, "Stamped", [{ text: "new" }]);
    const read = async () => (await repository.find())[0]!;
    const first = await read();
    expect(first.version).toBe(1);
    expect(first.made.getTime()).toBeGreaterThanOrEqual(began);
    expect(first.changed.getTime()).toBeGreaterThanOrEqual(began);
    const claim = await subject.claim({ holder: "test", runner: "test", seconds: 60 });
    const update = async (id: string, values: Record<string, string>) => {
      const [row] = await rowsOf(subject, "Stamped");
      return await subject.commit({
        id, fence: claim.fence,
        batches: [{ op: "update", model: "Stamped", fields: Object.keys(values), rows: [{ key: key!, revision: row!.revision, values: Object.values(values) }] }],
      });
    };
    expect(await update("1", { text: "changed" })).toMatchObject({ committed: true, outcomes: [[{ status: "written" }]] });
    const second = await read();
    expect([second.text, second.version, second.made]).toEqual(["changed", 2, first.made]);
    expect(second.changed.getTime()).toBeGreaterThanOrEqual(first.changed.getTime());
    expect(await update("2", { version: "7", changed: "2000-01-01T00:00:00Z" })).toMatchObject({ committed: true, outcomes: [[{ status: "written" }]] });
    expect(await read()).toMatchObject({ version: 7, changed: new Date("2000-01-01T00:00:00Z") });
    await subject.release(claim.fence, true);
    await dataSource.destroy();
  }

  test("is done on SQLite too: dates are stamped and the version is raised, unless the write brings them", async () => {
    await stamps(await openSqlite([stamped]));
  });

  describePostgres("and", (server) => {
    test("on PostgreSQL", async () => {
      const fresh = await server.freshDatabase(`${import.meta.url} stamps`);
      await stamps(await openPostgres(fresh.url, [stamped]));
      await fresh.drop();
    });

    test("on PostgreSQL also in the hour that comes twice", async () => {
      const fresh = await server.freshDatabase(`${import.meta.url} twice`);
      const dataSource = await openPostgres(fresh.url, [stamped]);
      const subject = typeormDatabase(dataSource, { syncFields: { lastSyncedAt: "synced" } });
      await prepare(subject);
      const zone = process.env["TZ"];
      process.env["TZ"] = "America/New_York";
      vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-11-01T06:30:00Z") });
      try {
        await insert(subject, "Stamped", [{ text: "new", synced: "2026-11-01T06:30:00Z" }]);
        expect(await dataSource.query("select made::text, changed::text, synced::text from stamped")).toEqual([
          { made: "2026-11-01 01:30:00", changed: "2026-11-01 01:30:00", synced: "2026-11-01 01:30:00" },
        ]);
      } finally {
        vi.useRealTimers();
        if (zone === undefined) delete process.env["TZ"];
        else process.env["TZ"] = zone;
      }
      await dataSource.destroy();
      await fresh.drop();
    });
  });
});

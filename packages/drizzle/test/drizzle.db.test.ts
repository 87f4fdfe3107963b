import { PGlite } from "@electric-sql/pglite";
import { insert, prepare, rowsOf, valuesOf } from "@sync/test-adapters";
import { describePostgres } from "@sync/test-databases/vitest";
import Database from "better-sqlite3";
import { eq } from "drizzle-orm";
import { drizzle as betterSqlite } from "drizzle-orm/better-sqlite3";
import { drizzle as nodePostgres } from "drizzle-orm/node-postgres";
import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core";
import { drizzle as pglite } from "drizzle-orm/pglite";
import { Client, Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { DrizzleLike } from "../src/index.ts";
import { drizzleDatabase } from "../src/index.ts";
import { notes, places, postgresSchema, postgresTables, sqliteSchema, sqliteTables, things, words } from "./support/schemas.ts";

type Db = PgDatabase<PgQueryResultHKT> & DrizzleLike;

const written = {
  small: -32768,
  whole: 2147483647,
  big: 9007199254740993n,
  safe: -9007199254740991,
  single: 0.1,
  double: 0.1 + 0.2,
  amount: "1234567890123456.7891",
  any: "0.000000000000000000000001",
  asNumber: 1.5,
  asBigint: 123456789012345678901234567890n,
  active: false,
  text: "é'\"\\\u{1F600}\n",
  oneOf: "b" as const,
  short: "kurz",
  fixed: "abc",
  code: "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
  at: new Date("1969-12-31T23:59:59.001Z"),
  atText: "2026-01-02 03:04:05.678901",
  moment: new Date("2026-01-02T03:04:05.678Z"),
  momentText: "2026-01-02 03:04:05.678901+00",
  day: "2024-02-29",
  dayDate: new Date("2024-02-29"),
  hour: "23:59:59.999",
  span: "1 year 2 mons -3 days +04:05:06.789",
  data: { b: [1, 1.5, "x", null, true], a: { "": "é" } },
  plainJson: [1, { z: 1, a: 2 }],
  bytes: new Uint8Array([0, 1, 254, 255]),
  mood: "Sad and long" as const,
  tags: ["a", "", "x,y", 'quo"te', "back\\slash", "NULL", "{}"],
  counts: [1n, -9007199254740993n],
  moods: ["Sad and long" as const, "happy" as const],
  times: [new Date("2026-01-02T03:04:05.678Z"), new Date("1900-01-01T00:00:00Z")],
  cents: 1234,
};
const canonical = {
  small: "-32768",
  whole: "2147483647",
  big: "9007199254740993",
  safe: "-9007199254740991",
  single: "0.1",
  double: "0.30000000000000004",
  amount: "1234567890123456.7891",
  any: "0.000000000000000000000001",
  asNumber: "1.5",
  asBigint: "123456789012345678901234567890",
  active: "false",
  text: written.text,
  oneOf: "b",
  short: "kurz",
  fixed: "abc",
  code: written.code,
  at: "1969-12-31T23:59:59.001Z",
  atText: "2026-01-02T03:04:05.678901",
  moment: "2026-01-02T03:04:05.678Z",
  momentText: "2026-01-02T03:04:05.678901Z",
  day: "2024-02-29",
  dayDate: "2024-02-29",
  hour: "23:59:59.999",
  span: "P1Y2M-3DT4H5M6.789S",
  data: '{"a":{"":"é"},"b":[1,1.5,"x",null,true]}',
  plainJson: '[1,{"a":2,"z":1}]',
  bytes: "AAH+/w==",
  mood: "Sad and long",
  tags: JSON.stringify(written.tags),
  counts: '["1","-9007199254740993"]',
  moods: '["Sad and long","happy"]',
  times: '["2026-01-02T03:04:05.678Z","1900-01-01T00:00:00Z"]',
  cents: "12;34",
};
// Two columns whose type is only the sum of two others.
const twice = { whole: 1073741823, twice: 2147483646 };

function postgresTests(open: () => Promise<{ db: Db; close(): Promise<void> }>): void {
  let db: Db;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ db, close } = await open());
    await prepare(database());
  });
  afterAll(() => close());
  beforeEach(async () => {
    await db.delete(things);
    await db.delete(places);
  });
  const database = () => drizzleDatabase(db, { schema: postgresSchema });

  test("what Drizzle wrote is read exactly", async () => {
    await db.insert(things).values({ ...written, whole: twice.whole });
    const [row] = await rowsOf(database(), "things");
    expect(row!.faults).toBeUndefined();
    expect(valuesOf(database(), "things", row!)).toMatchObject({ ...canonical, whole: "1073741823", twice: "2147483646", made: "made" });
  });

  test("what is written is what Drizzle reads", async () => {
    const [key] = await insert(database(), "things", [{ ...canonical, whole: "1073741823" }]);
    const [{ corner: _corner, ...thing }] = (await db.select().from(things)) as [typeof things.$inferSelect];
    const at = new Date("2026-03-04T05:06:07Z");
    expect({ ...thing, bytes: new Uint8Array(thing.bytes!), momentText: new Date(thing.momentText!).toISOString() }).toEqual({
      ...written, ...twice, id: BigInt(key![0]!), made: "made", updatedAt: at, momentText: "2026-01-02T03:04:05.678Z",
    });
  });

  test("what is written a second time from what was read is equal to the first", async () => {
    await db.insert(things).values({ ...written, whole: twice.whole });
    const [row] = await rowsOf(database(), "things");
    const { id: _id, text: _text, code: _code, whole: _whole, twice: _twice, ...copied } = valuesOf(database(), "things", row!);
    await insert(database(), "things", [{ ...copied, text: "copy" }]);
    const [first, second] = await db.select().from(things).orderBy(things.id);
    expect({ ...second, id: 0, text: 0, code: 0, whole: 0, twice: 0 }).toEqual({ ...first, id: 0, text: 0, code: 0, whole: 0, twice: 0 });
  });

  test("microseconds and infinities that JavaScript does not see are kept", async () => {
    const times = { at: "2026-01-02T03:04:05.678901Z", moment: "infinity", atText: "-infinity", times: '["2026-01-02T03:04:05.000001Z",null]' };
    await insert(database(), "things", [times]);
    const [row] = await rowsOf(database(), "things");
    expect(valuesOf(database(), "things", row!)).toMatchObject(times);
  });

  test("a custom type travels by its own values where their kind is declared", async () => {
    const declared = drizzleDatabase(db, { schema: postgresSchema, kinds: { things: { cents: { type: "integer", bits: 53 } } } });
    await insert(declared, "things", [{ cents: "995" }]);
    expect((await db.select().from(things))[0]!.cents).toBe(995);
    expect(valuesOf(declared, "things", (await rowsOf(declared, "things"))[0]!)["cents"]).toBe("995");
  });

  test("`$onUpdate` is done with every update, unless the update brings the value", async () => {
    const subject = database();
    const [key] = await insert(subject, "things", [{ text: "new", updatedAt: "2000-01-01T00:00:00Z" }]);
    const claim = await subject.claim({ holder: "test", runner: "test", seconds: 60 });
    const update = async (id: string, fields: readonly string[], values: readonly string[]) => {
      const [row] = await rowsOf(subject, "things");
      return subject.commit({ id, fence: claim.fence, batches: [{ op: "update", model: "things", fields, rows: [{ key: key!, revision: row!.revision, values }] }] });
    };
    const stamp = async () => (await db.select().from(things))[0]!.updatedAt!.toISOString();
    expect(await stamp()).toBe("2000-01-01T00:00:00.000Z");
    expect(await update("1", ["text"], ["changed"])).toMatchObject({ committed: true, outcomes: [[{ status: "written" }]] });
    expect(await stamp()).toBe("2026-03-04T05:06:07.000Z");
    expect(await update("2", ["updatedAt"], ["2001-01-01T00:00:00Z"])).toMatchObject({ committed: true, outcomes: [[{ status: "written" }]] });
    expect(await stamp()).toBe("2001-01-01T00:00:00.000Z");
    await subject.release(claim.fence, true);
  });

  test("a cloudId of the model is written and read", async () => {
    const cloudId = "0190f7a4-5d3c-7e2b-8f7a-1c2d3e4f5a6b";
    const subject = database();
    const [key] = await subject.endpoints.get("places")!.allocate(1);
    const claim = await subject.claim({ holder: "test", runner: "test", seconds: 60 });
    await subject.commit({ id: "1", fence: claim.fence, batches: [{ op: "insert", model: "places", fields: ["name"], rows: [{ key: key!, cloudId, values: ["here"] }] }] });
    await subject.release(claim.fence, true);
    expect(await db.select().from(places).where(eq(places.id, key![0]!))).toMatchObject([{ cloudId, name: "here" }]);
    expect((await rowsOf(subject, "places"))[0]).toMatchObject({ cloudId });
  });

  test("a refusal names model and field", async () => {
    await insert(database(), "places", [{ name: "once" }]).catch(() => {});
    await db.insert(places).values({ name: "twice" });
    await expect(insert(database(), "places", [{ name: "twice" }])).rejects.toThrow("refused");
  });
}

describe("PGlite", () => {
  postgresTests(async () => {
    const client = await PGlite.create();
    await client.exec(postgresTables);
    return { db: pglite(client) as unknown as Db, close: () => client.close() };
  });
});

describePostgres("node-postgres", (server) => {
  describe("a pool", () => {
    postgresTests(async () => {
      const fresh = await server.freshDatabase(`${import.meta.url} pool`);
      const pool = new Pool({ connectionString: fresh.url });
      await pool.query(postgresTables);
      return {
        db: nodePostgres(pool) as unknown as Db,
        async close() {
          await pool.end();
          await fresh.drop();
        },
      };
    });
  });

  describe("one client", () => {
    postgresTests(async () => {
      const fresh = await server.freshDatabase(`${import.meta.url} client`);
      const client = new Client({ connectionString: fresh.url });
      await client.connect();
      await client.query(postgresTables);
      return {
        db: nodePostgres(client) as unknown as Db,
        async close() {
          await client.end();
          await fresh.drop();
        },
      };
    });
  });
});

describe("better-sqlite3", () => {
  const client = new Database(":memory:");
  const db = betterSqlite(client);
  const database = drizzleDatabase(db, { schema: sqliteSchema });
  beforeAll(async () => {
    client.exec(sqliteTables);
    await prepare(database);
  });
  beforeEach(() => void client.exec("delete from words; delete from all_notes"));
  afterAll(() => void client.close());

  const note = {
    whole: -9007199254740991,
    seconds: new Date("1969-12-31T23:59:59Z"),
    millis: new Date("2026-01-02T03:04:05.678Z"),
    active: true,
    ratio: 0.1 + 0.2,
    amount: "1234.5678",
    asNumber: 1.5,
    asBigint: 9007199254740993n,
    big: 123456789012345678901234567890n,
    bytes: Buffer.from([0, 1, 254, 255]),
    blobJson: { b: 1, a: [1.5, null] },
    text: "é'\"\\\u{1F600}",
    oneOf: "a" as const,
    data: { z: "é", a: [] },
    flag: true,
  };
  const values = {
    whole: "-9007199254740991",
    seconds: "1969-12-31T23:59:59Z",
    millis: "2026-01-02T03:04:05.678Z",
    active: "true",
    ratio: "0.30000000000000004",
    amount: "1234.5678",
    asNumber: "1.5",
    asBigint: "9007199254740993",
    big: "123456789012345678901234567890",
    bytes: "AAH+/w==",
    blobJson: '{"a":[1.5,null],"b":1}',
    text: note.text,
    oneOf: "a",
    data: '{"a":[],"z":"é"}',
    flag: "yes",
  };

  test("what Drizzle wrote is read exactly", async () => {
    db.insert(notes).values(note).run();
    const [row] = await rowsOf(database, "notes");
    expect(row!.faults).toBeUndefined();
    expect(valuesOf(database, "notes", row!)).toMatchObject({ ...values, double: "-18014398509481982" });
  });

  test("what is written is what Drizzle reads", async () => {
    const [key] = await insert(database, "notes", [values]);
    const [read] = db.select().from(notes).all();
    // Drizzle gets this column from the driver as a rounded number.
    expect({ ...read!, asBigint: note.asBigint }).toEqual({ ...note, id: Number(key![0]), double: -18014398509481982 });
  });

  test("what is written is stored as Drizzle stores it", async () => {
    db.insert(notes).values(note).run();
    await insert(database, "notes", [{ ...values, text: "copy" }]);
    // Not the JSON columns: the members of an object have no order.
    const columns = ["whole", "seconds", "millis", "active", "ratio", "amount", "as_number", "as_bigint", "big", "bytes", "one_of", "flag"];
    const stored = client.prepare(`select distinct ${columns.map((column) => `typeof(${column})||quote(${column})`).join("||' '||")} from all_notes`).all();
    expect(stored).toHaveLength(1);
  });

  test("keys that a record brings are written as they are", async () => {
    const [key] = await insert(database, "notes", [{ text: "parent" }]);
    await insert(database, "words", [{ word: "é", of: key![0]! }]);
    expect(db.select().from(words).all()).toEqual([{ word: "é", of: Number(key![0]) }]);
  });
});

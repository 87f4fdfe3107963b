import { PrismaPg } from "@prisma/adapter-pg";
import { insert, prepare, rowsOf, valuesOf } from "@sync/test-adapters";
import { describePostgres } from "@sync/test-databases/vitest";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { prismaDatabase } from "../src/index.ts";
import { PrismaClient as PostgresClient } from "./postgres/generated/client.ts";
import type { SqliteSession } from "./support/sqlite.ts";
import { openSqlite } from "./support/sqlite.ts";

describe("SQLite", () => {
  let session: SqliteSession;
  beforeAll(async () => {
    session = await openSqlite();
    await prepare(prismaDatabase(session.prisma));
  });
  afterAll(() => session.close());

  const full = {
    email: "é'\"\\\u{1F600}",
    age: -2147483648,
    big: 9007199254740993n,
    amount: "12345.6789",
    ratio: 0.1 + 0.2,
    active: false,
    bornAt: new Date("1969-12-31T23:59:59.001Z"),
    settings: { b: [1, 1.5, "x", null, true], a: { "": "é" } },
    picture: new Uint8Array([0, 1, 254, 255]),
    color: "RED" as const,
  };
  const canonical = {
    email: "é'\"\\\u{1F600}",
    age: "-2147483648",
    big: "9007199254740993",
    amount: "12345.6789",
    ratio: "0.30000000000000004",
    active: "false",
    bornAt: "1969-12-31T23:59:59.001Z",
    settings: '{"a":{"":"é"},"b":[1,1.5,"x",null,true]}',
    picture: "AAH+/w==",
    color: "RED",
  };

  test("what Prisma wrote is read exactly", async () => {
    const { prisma } = session;
    await prisma.user.deleteMany();
    const database = prismaDatabase(prisma);
    await prisma.user.create({ data: full });
    await prisma.user.create({ data: { email: "empty" } });
    const rows = (await rowsOf(database, "User")).map((row) => valuesOf(database, "User", row));
    expect(rows.find((row) => row["age"] !== null)).toMatchObject(canonical);
    expect(rows.find((row) => row["age"] === null)).toMatchObject({ email: "empty", big: null, amount: null, settings: null, picture: null, color: "GREEN", active: "true" });
    expect((await rowsOf(database, "User")).flatMap((row) => row.faults ?? [])).toEqual([]);
  });

  test("what is written is what Prisma reads", async () => {
    const { prisma } = session;
    await prisma.user.deleteMany();
    const [key] = await insert(prismaDatabase(prisma), "User", [canonical]);
    const { updatedAt, amount, ...user } = await prisma.user.findUniqueOrThrow({ where: { id: key![0]! } });
    expect(user).toEqual({ ...full, id: key![0], amount: undefined });
    expect(amount!.toString()).toBe("12345.6789");
    expect(Math.abs(updatedAt.getTime() - Date.now())).toBeLessThan(60_000);
  });

  test.each(["iso8601", "unixepoch-ms"] as const)("what is written is stored as Prisma stores it (%s)", async (timestampFormat) => {
    const { prisma, close } = await openSqlite({ timestampFormat });
    const database = prismaDatabase(prisma, { timestampFormat });
    await prepare(database);
    await prisma.user.create({ data: full });
    const [row] = await rowsOf(database, "User");
    const { id: _id, email: _email, ...copied } = valuesOf(database, "User", row!);
    await insert(database, "User", [{ ...copied, email: "copy" }]);
    const columns = ["age", "big", "amount", "ratio", "active", "born_at", "updated_at", "picture", "color"];
    const stored = await prisma.$queryRawUnsafe<{ text: string }[]>(`select distinct ${columns.map((column) => `quote(${column})`).join("||' '||")} as text from users`);
    expect(stored).toHaveLength(1);
    await close();
  });

  test.each(["5", "1.5", "true", "null", '"text"', "[]", "{}", "0.30000000000000004"])("JSON may be %s", async (settings) => {
    const { prisma } = session;
    await prisma.user.deleteMany();
    const database = prismaDatabase(prisma);
    await insert(database, "User", [{ email: "json", settings }]);
    const [row] = await rowsOf(database, "User");
    expect(valuesOf(database, "User", row!)["settings"]).toBe(settings);
    expect((await prisma.user.findFirstOrThrow()).settings).toEqual(JSON.parse(settings));
  });

  test("a JSON document that SQLite would round is refused", async () => {
    const database = prismaDatabase(session.prisma);
    await insert(database, "User", [{ settings: "9007199254740993" }]);
    await expect(insert(database, "User", [{ settings: "12345678901234567890" }])).rejects.toThrow("WRITE.VALUE");
    await insert(database, "User", [{ settings: "[12345678901234567890]" }]);
  });

  test("a decimal of more than 15 digits does not fit", async () => {
    const { fits } = await import("@sync/core");
    const amount = prismaDatabase(session.prisma).endpoints.get("User")!.model.fields.find((field) => field.name === "amount")!;
    expect(fits(amount.kind, "123456789012.345")).toBeUndefined();
    expect(fits(amount.kind, "123456789012.3456")).toBe("VALUE.TOO_PRECISE");
  });

  test("numbered keys go on where Prisma's own stand, and Prisma goes on after them", async () => {
    const { prisma } = session;
    const first = await prisma.post.create({ data: { title: "by Prisma" } });
    const keys = await insert(prismaDatabase(prisma), "Post", [{ title: "one" }, { title: "two" }]);
    expect(keys).toEqual([[String(first.id + 1)], [String(first.id + 2)]]);
    expect(await prisma.post.findUnique({ where: { id: first.id + 2 } })).toMatchObject({ title: "two", cloudId: `Post-${first.id + 2}` });
    expect((await prisma.post.create({ data: { title: "later" } })).id).toBe(first.id + 3);
  });

  test("an extended client works like its base", async () => {
    const seen: string[] = [];
    const extended = session.prisma.$extends({
      query: {
        $allModels: {
          async $allOperations({ operation, args, query }) {
            seen.push(operation);
            return query(args);
          },
        },
      },
    });
    const database = prismaDatabase(extended);
    expect([...database.endpoints.keys()]).toEqual(["User", "Post", "Grant"]);
    await rowsOf(database, "User");
    expect(seen).toEqual([]);
  });
});

describePostgres("PostgreSQL", (server) => {
  let prisma: PostgresClient;
  let url: string;
  let drop: () => Promise<void>;
  const ddl = readFileSync(new URL("./postgres/generated/schema.sql", import.meta.url), "utf8").split(";").filter((statement) => statement.trim() !== "");
  beforeAll(async () => {
    const fresh = await server.freshDatabase(import.meta.url);
    ({ url } = fresh);
    prisma = new PostgresClient({ adapter: new PrismaPg({ connectionString: url }) });
    for (const statement of ddl) await prisma.$executeRawUnsafe(statement);
    await prepare(prismaDatabase(prisma));
    drop = async () => {
      await prisma.$disconnect();
      await fresh.drop();
    };
  });
  afterAll(() => drop());

  const full = {
    small: -32768,
    big: 9007199254740993n,
    single: 0.1,
    double: 0.1 + 0.2,
    amount: "12345678901234567890.123456789012345678901234567891",
    price: "-12345678.9",
    active: false,
    text: "é'\"\\\u{1F600}\n",
    short: "kurz",
    fixed: "abc",
    code: "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    at: new Date("1969-12-31T23:59:59.001Z"),
    atMicros: new Date("2026-01-02T03:04:05.678Z"),
    moment: new Date("2026-01-02T03:04:05.678Z"),
    day: new Date("2024-02-29"),
    hour: new Date("1970-01-01T23:59:59.999Z"),
    data: { b: [1, 1.5, "x", null, true], a: { "": "é" } },
    plainJson: [1, { z: 1, a: 2 }],
    bytes: new Uint8Array([0, 1, 254, 255]),
    mood: "happy" as const,
    plain: "Two" as const,
    tags: ["a", "", "x,y", 'quo"te', "back\\slash", "NULL", "{}"],
    counts: [1n, -9007199254740993n],
    moods: ["sad" as const, "happy" as const],
    times: [new Date("2026-01-02T03:04:05.678Z"), new Date("1900-01-01T00:00:00Z")],
  };
  const canonical = {
    small: "-32768",
    big: "9007199254740993",
    single: "0.1",
    double: "0.30000000000000004",
    amount: "12345678901234567890.123456789012345678901234567891",
    price: "-12345678.9",
    active: "false",
    text: full.text,
    short: "kurz",
    fixed: "abc",
    code: full.code,
    at: "1969-12-31T23:59:59.001Z",
    atMicros: "2026-01-02T03:04:05.678Z",
    moment: "2026-01-02T03:04:05.678Z",
    day: "2024-02-29",
    hour: "23:59:59.999",
    data: '{"a":{"":"é"},"b":[1,1.5,"x",null,true]}',
    plainJson: '[1,{"a":2,"z":1}]',
    bytes: "AAH+/w==",
    mood: "happy",
    plain: "Two",
    tags: JSON.stringify(full.tags),
    counts: '["1","-9007199254740993"]',
    moods: '["sad","happy"]',
    times: '["2026-01-02T03:04:05.678Z","1900-01-01T00:00:00Z"]',
  };

  test("what Prisma wrote is read exactly", async () => {
    await prisma.thing.deleteMany();
    const database = prismaDatabase(prisma);
    await prisma.thing.create({ data: full });
    const [row] = await rowsOf(database, "Thing");
    expect(row!.faults).toBeUndefined();
    expect(valuesOf(database, "Thing", row!)).toMatchObject(canonical);
  });

  test("what is written is what Prisma reads", async () => {
    await prisma.thing.deleteMany();
    const [key] = await insert(prismaDatabase(prisma), "Thing", [canonical]);
    const { updatedAt, amount, price, ...thing } = await prisma.thing.findUniqueOrThrow({ where: { id: Number(key![0]) } });
    const { amount: _amount, price: _price, ...expected } = full;
    expect(thing).toEqual({ ...expected, id: Number(key![0]), money: null });
    expect([amount!.toFixed(), price!.toFixed()]).toEqual([canonical.amount, canonical.price]);
    expect(Math.abs(updatedAt.getTime() - Date.now())).toBeLessThan(60_000);
  });

  test("microseconds that JavaScript does not see are kept", async () => {
    await prisma.thing.deleteMany();
    const database = prismaDatabase(prisma);
    const times = { atMicros: "2026-01-02T03:04:05.678901Z", moment: "2026-01-02T03:04:05.000001Z" };
    await insert(database, "Thing", [times]);
    const [row] = await rowsOf(database, "Thing");
    expect(valuesOf(database, "Thing", row!)).toMatchObject(times);
  });

  test("a field that takes no part is a finding of the check before a run", async () => {
    const { findings } = await prismaDatabase(prisma).inspect(["Thing"]);
    expect(findings).toContainEqual(expect.objectContaining({ code: "MODEL.FIELD_LEFT_OUT", model: "Thing", field: "money", severity: "warning" }));
  });

  test("a list that is null is empty, as Prisma reads it", async () => {
    await prisma.thing.deleteMany();
    const database = prismaDatabase(prisma);
    await prisma.$executeRawUnsafe('insert into "Thing" ("updatedAt", tags, counts, moods, times) values (now(), null, null, null, null)');
    expect(await prisma.thing.findFirst()).toMatchObject({ tags: [], counts: [], moods: [], times: [] });
    const [row] = await rowsOf(database, "Thing");
    expect(row!.faults).toBeUndefined();
    expect(valuesOf(database, "Thing", row!)).toMatchObject({ tags: "[]", counts: "[]", moods: "[]", times: "[]", big: null });
  });

  test("a list may be left out of a new row", async () => {
    await prisma.thing.deleteMany();
    const database = prismaDatabase(prisma);
    await insert(database, "Thing", [{ text: "no lists" }]);
    expect(await prisma.thing.findFirst()).toMatchObject({ text: "no lists", tags: [], moods: [] });
  });

  test("uuids that the database would make are made by us; references to itself are known", async () => {
    const database = prismaDatabase(prisma);
    const [parent] = await insert(database, "Place", [{ name: "outer", within: null }]);
    const [child] = await insert(database, "Place", [{ name: "inner", within: parent![0]! }]);
    expect(await prisma.place.findUnique({ where: { id: child![0]! }, include: { parent: true } })).toMatchObject({ name: "inner", parent: { name: "outer" } });
  });

  test("tables and enums are those that Prisma means, whatever the search path says", async () => {
    await prisma.$executeRawUnsafe("create schema apart");
    const elsewhere = new PostgresClient({ adapter: new PrismaPg({ connectionString: url }, { schema: "apart" }) });
    await elsewhere.$transaction(async (transaction) => {
      await transaction.$executeRawUnsafe("set local search_path = apart");
      for (const statement of ddl) await transaction.$executeRawUnsafe(statement);
    });
    const away = new PostgresClient({ adapter: new PrismaPg({ connectionString: url, options: "-c search_path=apart" }) });
    await prisma.thing.deleteMany();
    await insert(prismaDatabase(elsewhere, { sideTables: { schema: "public" } }), "Thing", [{ text: "apart", mood: "sad", moods: '["happy"]' }]);
    expect(await elsewhere.thing.findMany()).toMatchObject([{ text: "apart", mood: "sad", moods: ["happy"] }]);
    expect([await prisma.thing.count(), await away.thing.count()]).toEqual([0, 0]);
    expect(await rowsOf(prismaDatabase(away, { sideTables: { schema: "public" } }), "Thing")).toEqual([]);
    expect((await prismaDatabase(elsewhere).inspect(["Thing", "Place"])).findings.filter(({ severity }) => severity === "error")).toEqual([]);
    await Promise.all([elsewhere.$disconnect(), away.$disconnect()]);
  });

  test("numbered keys come from the sequence that Prisma uses", async () => {
    const database = prismaDatabase(prisma);
    const [key] = await database.endpoints.get("Thing")!.allocate(1);
    expect((await prisma.thing.create({ data: {} })).id).toBe(Number(key![0]) + 1);
  });
});

import { readFileSync } from "node:fs";
import { PrismaPg } from "@prisma/adapter-pg";
import { insert, prepare, refused, rowsOf, valuesOf } from "@sync/test-adapters";
import { describePostgres } from "@sync/test-databases/vitest";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createSync, leftWins, naturalKey, prismaDatabase, synced } from "../src/index.ts";
import type { Sync } from "../src/index.ts";
import { Prisma, PrismaClient } from "./postgres/generated/client.ts";
import type { SqliteSession } from "./support/sqlite.ts";
import { openSqlite } from "./support/sqlite.ts";

// The other side knows nothing of extensions.
const source = `datasource db {\n  provider = "sqlite"\n}
model Region {\n  id Int @id @default(autoincrement())\n  code String @unique\n  countries Country[]\n}
model Country {\n  id Int @id @default(autoincrement())\n  code String @unique\n  name String\n  slug String?\n  facts Json?\n  regionId Int?\n  region Region? @relation(fields: [regionId], references: [id])\n  tags Tag[]\n}
model Tag {\n  code String @id\n  countries Country[]\n}`;
const tables = [
  "create table Region (id integer primary key autoincrement, code text not null unique)",
  "create table Country (id integer primary key autoincrement, code text not null unique, name text not null, slug text, facts jsonb, regionId integer references Region (id))",
  "create table Tag (code text primary key not null)",
  "create table _CountryToTag (A integer not null references Country (id) on delete cascade, B text not null references Tag (code) on delete cascade, unique (A, B))",
];

describePostgres("through the client", (server) => {
  const events: string[] = [];
  const open = async (name: string): Promise<{ prisma: PrismaClient; close: () => Promise<void> }> => {
    const fresh = await server.freshDatabase(`${import.meta.url} ${name}`);
    const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: fresh.url }) });
    const ddl = readFileSync(new URL("./postgres/generated/schema.sql", import.meta.url), "utf8");
    for (const statement of ddl.split(";")) if (statement.trim() !== "") await prisma.$executeRawUnsafe(statement);
    return {
      prisma,
      async close() {
        await prisma.$disconnect();
        await fresh.drop();
      },
    };
  };
  const hooked = (prisma: PrismaClient) => prisma.$extends({
    query: {
      country: {
        async create({ args, query }) {
          const { name, code } = args.data;
          if (name === "") throw new Error("a country has a name");
          if (name === "late") throw new Prisma.PrismaClientKnownRequestError("transaction closed", { code: "P2028", clientVersion: "7" });
          events.push(`create ${code}`);
          return await query({ ...args, data: { ...args.data, name: name.trim(), slug: `/${code.toLowerCase()}` } });
        },
        async update({ args, query }) {
          events.push(`update ${JSON.stringify(args.where.id)}`);
          return await query(args);
        },
        async delete({ args, query }) {
          const { code } = await prisma.country.findUniqueOrThrow({ where: args.where });
          if (code === "VA") return await prisma.country.findUniqueOrThrow({ where: args.where });
          if (code === "MC") return await prisma.country.update({ where: args.where, data: { slug: "archived" } });
          events.push(`delete ${JSON.stringify(args.where.id)}`);
          return await query(args);
        },
      },
      async $allOperations({ model, args, query }) {
        if (model === undefined) events.push("statements of the sync go below extensions");
        return await query(args);
      },
    },
  });

  let left: SqliteSession;
  let prisma: PrismaClient;
  let close: () => Promise<void>;
  let sync: Sync;
  const models = { Region: { match: naturalKey("code") }, Country: { match: naturalKey("code") }, Tag: { match: naturalKey("code") } };
  beforeAll(async () => {
    left = await openSqlite();
    for (const table of tables) await left.prisma.$executeRawUnsafe(table);
    ({ prisma, close } = await open("hooks"));
    const declared = left.prisma.$extends(synced(models));
    const right = hooked(prisma).$extends(synced(models));
    sync = createSync({ name: "hooks", left: prismaDatabase(declared, { schema: source }), right: prismaDatabase(right, { writes: "orm", patience: 500 }), conflicts: leftWins(), firstLink: "left" });
  });
  afterAll(async () => {
    await left.close();
    await close();
  });
  const exec = async (...statements: string[]): Promise<void> => {
    for (const statement of statements) await left.prisma.$executeRawUnsafe(statement);
  };
  const countries = () => prisma.country.findMany({ orderBy: { code: "asc" }, include: { region: true, tags: true } });

  test("query extensions run; what they alter is reported once and does not travel back", async () => {
    await exec(
      "insert into Region (code) values ('EU')", "insert into Tag values ('big')",
      "insert into Country (code, name, facts, regionId) values ('DE', ' Germany ', '{\"area\": 357}', 1), ('FR', 'France', null, null)", "insert into _CountryToTag values (1, 'big')",
    );
    const first = await sync.run();
    expect(first.models.get("Country")).toMatchObject({ created: { left: 0, right: 2 }, updated: { left: 0, right: 0 }, altered: 2 });
    expect(events.splice(0).sort()).toEqual(["create DE", "create FR"]);
    expect(await countries()).toMatchObject([
      { name: "Germany", slug: "/de", facts: { area: 357 }, region: { code: "EU" }, tags: [{ code: "big" }] }, { name: "France", slug: "/fr", facts: null, region: null, tags: [] },
    ]);
    expect(await prisma.country.count({ where: { facts: { equals: Prisma.DbNull } } })).toBe(1);
    expect(await left.prisma.$queryRawUnsafe("select name, slug from Country order by code")).toEqual([{ name: " Germany ", slug: null }, { name: "France", slug: null }]);
    const second = await sync.run();
    expect(second.written).toEqual({ left: 0, right: 0 });
    expect(second.models.get("Country")).toMatchObject({ altered: 0 });
  });

  test("updates and deletes go through the client, too", async () => {
    const [germany, france] = await countries();
    await exec("update Country set name = 'Deutschland', regionId = null, facts = null where code = 'DE'", "delete from Country where code = 'FR'");
    expect((await sync.run()).models.get("Country")).toMatchObject({ updated: { right: 1 }, deleted: { right: 1 } });
    expect(events.splice(0).sort()).toEqual([`delete ${france!.id}`, `update ${germany!.id}`]);
    const now = await countries();
    expect(now).toMatchObject([{ code: "DE", name: "Deutschland", slug: "/de", facts: null, region: null }]);
    expect(now[0]!.updatedAt > germany!.updatedAt).toBe(true);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });

  test("a record that an extension refuses waits alone", async () => {
    await exec("insert into Country (code, name) values ('IT', 'Italy'), ('XX', '')");
    expect((await sync.run()).models.get("Country")).toMatchObject({ created: { right: 1 }, quarantined: 1 });
    expect((await countries()).map(({ code }) => code)).toEqual(["DE", "IT"]);
    const waiting = [];
    for await (const record of sync.quarantine()) waiting.push(record);
    expect(waiting).toMatchObject([{ model: "Country", side: "left", code: "WRITE.REFUSED" }]);
  });

  test("a record that an extension keeps, where it was to be deleted, waits and stays linked", async () => {
    await exec("insert into Country (code, name) values ('VA', 'Vatican')");
    await sync.run();
    await exec("delete from Country where code = 'VA'");
    expect((await sync.run()).models.get("Country")).toMatchObject({ deleted: { right: 0 }, open: 1 });
    expect((await sync.run()).models.get("Country")).toMatchObject({ created: { left: 0 }, deleted: { right: 0 } });
    expect(await prisma.country.count({ where: { code: "VA" } })).toBe(1);
  });

  test("an extension that waits for what the sync has locked is not waited for", async () => {
    await exec("insert into Country (code, name) values ('MC', 'Monaco')");
    await sync.run();
    await exec("delete from Country where code = 'MC'");
    expect((await sync.run()).models.get("Country")).toMatchObject({ deleted: { right: 0 }, open: 1 });
  });

  test("an error about the connection is no refusal of the record that met it", async () => {
    const database = prismaDatabase(hooked(prisma), { writes: "orm" });
    const { fence } = await database.claim({ holder: "test", runner: "test", seconds: 60, takeOver: true });
    const [key] = await database.endpoints.get("Country")!.allocate(1);
    const batch = { op: "insert", model: "Country", fields: ["code", "name"], rows: [{ key: key!, cloudId: "late", values: ["LA", "late"] }] } as const;
    await expect(database.commit({ id: "late", fence, batches: [batch] })).rejects.toMatchObject({ code: "ENDPOINT.UNAVAILABLE", retryable: true });
  });

  test("the same stands there as in bulk, for every kind of value, and under keys of several fields", async () => {
    const other = await open("same");
    const record = {
      small: "-32768", big: "9007199254740993", single: "0.1", double: "0.30000000000000004", amount: "12345678901234567890.123456789012345678901234567891", price: "-12345678.9",
      active: "false", text: "é'\"\\\u{1F600}\n", short: "kurz", fixed: "abc", at: "1969-12-31T23:59:59.001Z", moment: "2026-01-02T03:04:05.678Z", day: "2024-02-29", hour: "23:59:59.999",
      data: '{"a":{"":"é"},"b":[1,1.5,"x",null,true]}', plainJson: '[1,{"a":2,"z":1}]', bytes: "AAH+/w==", mood: "happy", plain: "Two", tags: '["a","","x,y"]',
      counts: '["1","-9007199254740993"]', moods: '["sad","happy"]', times: '["2026-01-02T03:04:05.678Z"]', updatedAt: "2026-01-02T03:04:05.678Z",
    };
    const exotic = { ...record, atMicros: "2026-01-02T03:04:05.678901Z", data: '{"a":9007199254740993}', double: "NaN", day: "infinity", plainJson: "null" };
    for (const writes of ["bulk", "orm"] as const) {
      const subject = prismaDatabase(other.prisma, { writes });
      await prepare(subject);
      for (const each of [record, exotic, { ...record, data: "null", plainJson: null }]) await insert(subject, "Thing", [{ ...each }]);
      await insert(subject, "Grant", [{ role: writes, right: "read", note: "1" }]);
      const [row] = (await rowsOf(subject, "Grant")).filter(({ key }) => key[0] === writes);
      const { fence } = await subject.claim({ holder: "test", runner: "test", seconds: 60, takeOver: true });
      const change = { op: "update", model: "Grant", fields: ["note"], rows: [{ key: row!.key, revision: row!.revision, values: ["2"] }] } as const;
      expect(await subject.commit({ id: writes, fence, batches: [change] })).toMatchObject({ committed: true, outcomes: [[{ status: "written" }]] });
      expect(await other.prisma.grant.findFirst({ where: { role: writes } })).toMatchObject({ note: "2" });
      const [changed] = (await rowsOf(subject, "Grant")).filter(({ key }) => key[0] === writes);
      const removal = { op: "delete", model: "Grant", rows: [{ key: changed!.key, revision: changed!.revision }] } as const;
      expect(await subject.commit({ id: writes, fence, batches: [removal] })).toMatchObject({ committed: true, outcomes: [[{ status: "written" }]] });
    }
    const reader = prismaDatabase(other.prisma);
    const rows = (await rowsOf(reader, "Thing")).map((row) => ({ ...valuesOf(reader, "Thing", row), id: 0 }));
    expect(rows).toHaveLength(6);
    expect(rows.slice(3)).toEqual(rows.slice(0, 3));
    await other.close();
  });

  test("records are created one by one where an extension hears of each, else together", async () => {
    const other = await open("together");
    const heard: string[] = [];
    const client = other.prisma.$extends({
      query: {
        region: {
          createMany({ args, query }) {
            heard.push("regions");
            return query(args);
          },
        },
        country: {
          create({ args, query }) {
            heard.push(args.data.code);
            return query(args);
          },
        },
      },
      model: {
        tag: {
          create({ data }: { data: { code: string } }) {
            heard.push(`tag ${data.code}`);
            return (Prisma.getExtensionContext(this) as unknown as PrismaClient["tag"]).createMany({ data });
          },
        },
      },
    });
    const subject = prismaDatabase(client, { writes: "orm" });
    await prepare(subject);
    await insert(subject, "Region", [{ code: "EU" }, { code: "AF" }]);
    await insert(subject, "Country", Array.from({ length: 40 }, (_, n) => ({ code: `C${n}`, name: "" })));
    await insert(subject, "Tag", [{ code: "a" }, { code: "b" }]);
    expect(heard).toEqual(["regions", ...Array.from({ length: 40 }, (_, n) => `C${n}`), "tag a", "tag b"]);
    expect(await Promise.all([client.region.count(), client.country.count(), client.tag.count()])).toEqual([2, 40, 2]);
    await other.close();
  });

  test("a client whose extensions hide what that needs is refused", () => {
    const hidden = prisma.$extends({ model: { country: { delete: undefined as never } } });
    const { code, message } = refused(() => prismaDatabase(hidden, { writes: "orm" }));
    expect([code, message]).toEqual(["OPTIONS.WRONG_CLIENT", expect.stringContaining("`client.country.delete`")]);
  });
});

test("SQLite has no connection of its own for that, so it is refused", async () => {
  const { prisma, close } = await openSqlite();
  expect(refused(() => prismaDatabase(prisma, { writes: "orm" }))).toMatchObject({ code: "OPTIONS.ENGINE", message: expect.stringContaining('`writes: "orm"`') });
  expect(refused(() => prismaDatabase(prisma, { writes: "odm" as "orm" }))).toMatchObject({ code: "OPTIONS.VALUE" });
  await close();
});

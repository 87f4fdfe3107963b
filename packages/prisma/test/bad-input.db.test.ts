import { join } from "node:path";
import { PrismaBetterSqlite3 } from "@prisma/adapter-better-sqlite3";
import { PrismaPg } from "@prisma/adapter-pg";
import { refused } from "@sync/test-adapters";
import { temporaryFolder } from "@sync/test-databases";
import { describePostgres } from "@sync/test-databases/vitest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSync, leftWins, prismaDatabase } from "../src/index.ts";
import type { PrismaClientLike, Sync } from "../src/index.ts";
import { PrismaClient as PostgresClient } from "./postgres/generated/client.ts";
import { PrismaClient as SqliteClient } from "./sqlite/generated/client.ts";
import type { SqliteSession } from "./support/sqlite.ts";
import { openSqlite } from "./support/sqlite.ts";

const item = (fields = "", attributes = ""): string =>
  `datasource db {\n  provider = "sqlite"\n}\n/// @sync(match: code)\nmodel Item {\n  id Int @id @default(autoincrement())\n  code String @unique\n${fields}\n${attributes}\n}`;
const table = "create table Item (id integer primary key autoincrement, code text not null unique)";

let session: SqliteSession;
let other: SqliteSession;
beforeAll(async () => {
  [session, other] = [await openSqlite(), await openSqlite()];
  for (const { prisma } of [session, other]) await prisma.$executeRawUnsafe(table);
  await session.prisma.$executeRawUnsafe("insert into Item (code) values ('a')");
});
afterAll(async () => {
  await session.close();
  await other.close();
});

const codesOf = async (client: PrismaClientLike): Promise<unknown[]> => await client.$queryRawUnsafe("select code from Item");
function syncWith(left: PrismaClientLike, schema: string): Sync {
  return createSync({ name: "bad", left: prismaDatabase(left, { schema }), right: prismaDatabase(session.prisma, { schema: item() }), conflicts: leftWins(), firstLink: "left" });
}

describe("before anything is written", () => {
  test("a schema that lags behind the code is a finding with its column", async () => {
    await expect(syncWith(other.prisma, item("  name String?")).run()).rejects.toMatchObject({ message: expect.stringContaining('has no column "name"') });
    expect(await codesOf(other.prisma)).toEqual([]);
  });

  test("a model whose table is not there is a finding", async () => {
    await expect(syncWith(other.prisma, item("", '  @@map("items")')).run()).rejects.toMatchObject({ message: expect.stringContaining('no table "items"') });
    expect(await codesOf(other.prisma)).toEqual([]);
  });

  test("a database that takes no writes is refused by its name", async () => {
    const folder = temporaryFolder("read-only");
    const url = `file:${join(folder.path, "test.sqlite")}`;
    const writer = new SqliteClient({ adapter: new PrismaBetterSqlite3({ url }) });
    await writer.$executeRawUnsafe(table);
    await writer.$disconnect();
    const reader = new SqliteClient({ adapter: new PrismaBetterSqlite3({ url, readonly: true }) });
    await expect(syncWith(reader, item()).run()).rejects.toMatchObject({ code: "ENDPOINT.READ_ONLY", cause: expect.any(Error) });
    expect(await reader.$queryRawUnsafe("select count(*) as c from Item")).toEqual([{ c: 0n }]);
    await reader.$disconnect();
    folder.remove();
  });

  test("a client that was disconnected connects again, as Prisma itself does", async () => {
    const { prisma, close } = await openSqlite();
    await prisma.$executeRawUnsafe(table);
    await prisma.$disconnect();
    expect((await prismaDatabase(prisma, { schema: item() }).inspect(["Item"])).findings.filter(({ severity }) => severity === "error")).toEqual([]);
    await close();
  });

  test("a client within a transaction is refused: what the sync keeps would not be rolled back with it", async () => {
    await session.prisma.$transaction(async (transaction) => {
      expect(refused(() => prismaDatabase(transaction as never))).toMatchObject({ code: "OPTIONS.WRONG_CLIENT", message: expect.stringContaining("$transaction") });
    });
    const extended = session.prisma.$extends({ client: { hello: () => "hello" } });
    await extended.$transaction(async (transaction) => {
      expect(refused(() => prismaDatabase(transaction as never))).toMatchObject({ code: "OPTIONS.WRONG_CLIENT", message: expect.stringContaining("$transaction") });
    });
  });

  test("a wrapper that hides what a client says of itself is refused", () => {
    const wrapper = new Proxy(session.prisma, { get: (client, name): unknown => (typeof name === "string" && name.startsWith("_") ? undefined : Reflect.get(client, name)) });
    expect(refused(() => prismaDatabase(wrapper))).toMatchObject({ code: "OPTIONS.WRONG_CLIENT", message: expect.stringContaining("not a wrapper") });
  });

  test("a client of another major version is refused with what to do", () => {
    const older = new Proxy(session.prisma, { get: (client, name): unknown => (name === "_clientVersion" ? "6.19.0" : Reflect.get(client, name)) });
    expect(refused(() => prismaDatabase(older))).toMatchObject({ code: "OPTIONS.VERSION", message: expect.stringMatching(/6\.19\.0.*npm ls prisma/) });
  });
});

describe("what Prisma's client does not have", () => {
  const of = (schema: string, models?: string[]) => prismaDatabase(session.prisma, { schema, ...(models ? { models: models as never } : {}) });

  test("is named: a field of a type that is not supported, and one that is ignored", () => {
    const { leftOut, endpoints } = of(item('  shape Unsupported("polygon")?\n  words Unsupported("tsvector") @default(dbgenerated("x"))\n  note String? @ignore\n  text String @default("@ignore") // Unsupported("no")'));
    expect([...endpoints.keys()]).toEqual(["Item"]);
    expect([...leftOut.keys()]).toEqual(["Item.shape", "Item.words", "Item.note"]);
    expect(leftOut.get("Item.shape")).toContain('Unsupported("polygon")');
  });

  test("is no relation: that has no column of its own", () => {
    const { leftOut } = of(`${item("  boxId Int\n  box Box @relation(fields: [boxId], references: [id]) @ignore")}\nmodel Box {\n  id Int @id\n  items Item[] @ignore\n}`);
    expect([...leftOut]).toEqual([]);
  });

  test("keeps its model out where no new row can do without it", () => {
    const { code, message } = refused(() => of(item('  shape Unsupported("polygon")'), ["Item"]));
    expect([code, message]).toEqual(["OPTIONS.MODEL", expect.stringContaining('`shape` is required, and a value of type Unsupported("polygon")')]);
  });

  test("keeps its model out where the schema ignores it, as it does without a key", () => {
    const schema = `${item()}\nmodel Log {\n  at DateTime\n\n  @@ignore\n}`;
    expect(refused(() => of(schema, ["Log"]))).toMatchObject({ code: "OPTIONS.MODEL", message: expect.stringContaining("@@ignore") });
    expect(refused(() => of(schema.replace("@@ignore", "")))).toMatchObject({ code: "OPTIONS.SCHEMA", cause: expect.anything() });
  });
});

describePostgres("on a server", (server) => {
  const schema = item().replace("sqlite", "postgresql");

  test("a user that may only read is refused by its name, before anything is written", async () => {
    const fresh = await server.freshDatabase(import.meta.url);
    const owner = new PostgresClient({ adapter: new PrismaPg({ connectionString: fresh.url }) });
    const user = `reader_${process.pid}`;
    for (const statement of [
      'create table "Item" (id serial primary key, code text not null unique)', `create role ${user} login password 'pw'`, `grant select on "Item" to ${user}`,
    ]) await owner.$executeRawUnsafe(statement);
    const url = new URL(fresh.url);
    [url.username, url.password] = [user, "pw"];
    const reader = new PostgresClient({ adapter: new PrismaPg({ connectionString: url.href }) });
    await expect(syncWith(reader, schema).run()).rejects.toMatchObject({ code: "ENDPOINT.FORBIDDEN", cause: expect.any(Error) });
    expect(await owner.$queryRawUnsafe('select count(*)::text as c from "Item"')).toEqual([{ c: "0" }]);
    await reader.$disconnect();
    await owner.$executeRawUnsafe(`drop owned by ${user}`);
    await owner.$executeRawUnsafe(`drop role ${user}`);
    await owner.$disconnect();
    await fresh.drop();
  });

  test("a server that is not there, and a login that it refuses, are told apart", async () => {
    const fresh = await server.freshDatabase(`${import.meta.url} login`);
    const wrong = new URL(fresh.url);
    wrong.username = "nobody_of_that_name";
    const nowhere = new URL(fresh.url);
    nowhere.port = "1";
    for (const [url, error] of [[wrong, { code: "ENDPOINT.FORBIDDEN", retryable: false }], [nowhere, { code: "ENDPOINT.UNAVAILABLE", retryable: true }]] as const) {
      const client = new PostgresClient({ adapter: new PrismaPg({ connectionString: url.href }) });
      await expect(prismaDatabase(client, { schema }).inspect(["Item"])).rejects.toMatchObject({ ...error, cause: expect.any(Error) });
      await client.$disconnect();
    }
    await fresh.drop();
  });
});

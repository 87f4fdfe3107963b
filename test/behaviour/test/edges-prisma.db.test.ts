import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PrismaBetterSqlite3 } from "@prisma/adapter-better-sqlite3";
import { PrismaPg } from "@prisma/adapter-pg";
import { createSync, leftWins, naturalKey, type Database as SyncDatabase } from "@sync/core";
import { prismaDatabase, synced } from "@sync/prisma";
import { temporaryFolder } from "@sync/test-databases";
import { describePostgres } from "@sync/test-databases/vitest";
import Database from "better-sqlite3";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { PrismaClient as PostgresClient } from "../prisma/edges-postgres/generated/client.ts";
import { PrismaClient as SqliteClient } from "../prisma/edges-sqlite/generated/client.ts";
import { openSqlite, untyped } from "../src/databases.ts";
import { cascades, edges, insert, records, where } from "../src/edges.ts";
import { freshUrl } from "../src/fresh.ts";
import { listOf } from "../src/lists.ts";

const ddl = (engine: "sqlite" | "postgres"): string => readFileSync(new URL(`../prisma/edges-${engine}/generated/schema.sql`, import.meta.url), "utf8");
const codes = { Post: { match: naturalKey("code") }, Tag: { match: naturalKey("code") } } as const;

function onSqlite(): SqliteClient {
  const folder = temporaryFolder("behaviour");
  const path = join(folder.path, "prisma.sqlite");
  new Database(path).exec(ddl("sqlite")).close();
  const prisma = new SqliteClient({ adapter: new PrismaBetterSqlite3({ url: `file:${path}` }) });
  onTestFinished(async () => {
    await prisma.$disconnect();
    folder.remove();
  });
  return prisma;
}

async function onPostgres(url: string): Promise<PostgresClient> {
  const application = new pg.Client({ connectionString: url });
  await application.connect();
  await application.query(ddl("postgres"));
  await application.end();
  const prisma = new PostgresClient({ adapter: new PrismaPg({ connectionString: url }) });
  onTestFinished(() => prisma.$disconnect());
  return prisma;
}

/** `post tag` of every edge, as the application's own client sees them. */
async function seen(prisma: SqliteClient): Promise<string[]> {
  const posts = await prisma.post.findMany({ include: { tags: true } });
  return posts.flatMap((post) => post.tags.map((tag) => `${post.code} ${tag.code}`)).sort();
}

const post = (prisma: SqliteClient, code: string, ...tags: readonly string[]): Promise<unknown> => prisma.post.create({
  data: { code, tags: { connectOrCreate: tags.map((tag) => ({ where: { code: tag }, create: { code: tag } })) } },
});

function syncOf(left: SyncDatabase, right: SyncDatabase, models: object): ReturnType<typeof createSync> {
  return createSync({ name: "pair", left, right, conflicts: leftWins(), firstLink: "left", models });
}

describePostgres("an implicit many-to-many relation of Prisma", (server) => {
  const clients: [string, () => Promise<SqliteClient>][] = [
    ["SQLite", async () => onSqlite()],
    ["PostgreSQL", async () => (await onPostgres(await freshUrl(server, import.meta.url))) as unknown as SqliteClient],
  ];

  test.each(clients)("on %s is kept the same as the join table of another library", async (_, open) => {
    const prisma = await open();
    const drizzle = openSqlite(cascades.ddl.sqlite, { schema: cascades.schema.sqlite });
    onTestFinished(() => drizzle.close());
    const sync = syncOf(drizzle.database, untyped(prismaDatabase(prisma)), { ...codes, PostTag: { right: "_PostToTag", omit: ["note"] } });
    await post(prisma, "a", "x", "y");
    await post(prisma, "c");
    await drizzle.exec(records("z b a y") + insert("a", "y") + insert("b", "z"));
    const run = await sync.run();
    expect(run.models.get("PostTag")).toMatchObject({ linked: 1, created: { left: 1, right: 1 } });
    expect(await seen(prisma)).toEqual(["a x", "a y", "b z"]);
    expect(await edges(drizzle)).toEqual(await seen(prisma));
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });

    await prisma.post.update({ where: { code: "a" }, data: { tags: { disconnect: { code: "x" }, connect: { code: "z" } } } });
    await drizzle.exec(`delete from post_tag ${where("b", "z")}; ${insert("c", "x")}`);
    await sync.run();
    expect(await seen(prisma)).toEqual(["a y", "a z", "c x"]);
    expect(await edges(drizzle)).toEqual(await seen(prisma));

    await prisma.post.delete({ where: { code: "a" } });
    await drizzle.exec("delete from tag where code = 'x'");
    await sync.run();
    expect(await seen(prisma)).toEqual([]);
    expect(await edges(drizzle)).toEqual([]);
    expect([await listOf(sync.conflicts()), await listOf(sync.quarantine())]).toEqual([[], []]);
    expect(await sync.verify()).toMatchObject({ equal: true });
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });

  test("is kept the same as itself on another engine", async () => {
    const left = onSqlite();
    const right = await onPostgres(await freshUrl(server, import.meta.url));
    const sync = createSync({
      name: "pair", left: prismaDatabase(left), right: prismaDatabase(right), conflicts: leftWins(), firstLink: "left", models: { ...codes, _PostToTag: {} },
    });
    await post(left, "a", "x", "y");
    await right.post.create({ data: { code: "b", tags: { create: { code: "x" } } } });
    await sync.run();
    expect(await seen(left)).toEqual(["a x", "a y", "b x"]);
    expect(await seen(right as unknown as SqliteClient)).toEqual(await seen(left));
    await right.post.update({ where: { code: "a" }, data: { tags: { set: [{ code: "y" }] } } });
    await sync.run();
    expect(await seen(left)).toEqual(["a y", "b x"]);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
    expect((await sync.verify()).equal).toBe(true);
  });

  test("goes with its models where both of them say that they are synced", async () => {
    const [left, right] = [onSqlite(), onSqlite()];
    const declared = (prisma: SqliteClient) => prismaDatabase(prisma.$extends(synced<SqliteClient>(codes)) as unknown as SqliteClient);
    const sync = createSync({ name: "pair", left: declared(left), right: declared(right), conflicts: leftWins(), firstLink: "left" });
    await post(left, "a", "x", "y");
    await sync.run();
    expect(await seen(right)).toEqual(["a x", "a y"]);
  });
});

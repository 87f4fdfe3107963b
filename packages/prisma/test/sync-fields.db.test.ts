import { PrismaPg } from "@prisma/adapter-pg";
import { describePostgres } from "@sync/test-databases/vitest";
import { expect, test } from "vitest";
import { addSyncColumns, createSync, leftWins, prismaDatabase, syncFields } from "../src/index.ts";
import type { PrismaClientLike } from "../src/index.ts";
import { PrismaClient as PostgresClient } from "./postgres/generated/client.ts";
import { openSqlite } from "./support/sqlite.ts";

type Provider = "postgresql" | "sqlite";
const names = { cloudId: "cloud_id" };
const schema = (provider: Provider): string =>
  `datasource db {\n  provider = "${provider}"\n}\n/// @sync(match: code)\nmodel Country {\n  id Int @id @default(autoincrement())\n  code String @unique\n${syncFields(provider, names)}\n}`;

/** A table as it was before, with a row in it, and then the migration. */
async function migrated(client: PrismaClientLike, provider: Provider, codes: readonly string[]): Promise<PrismaClientLike> {
  const id = provider === "sqlite" ? "integer primary key autoincrement" : "serial primary key";
  const statements = [`create table "Country" (id ${id}, code text not null unique)`, ...codes.map((code) => `insert into "Country" (code) values ('${code}')`)];
  for (const statement of [...statements, ...addSyncColumns(provider, "Country", names).split(";\n").filter((text) => text !== "")]) await client.$queryRawUnsafe(statement);
  return client;
}

async function syncs(client: PrismaClientLike, provider: Provider): Promise<void> {
  const { prisma, close } = await openSqlite();
  const left = await migrated(client, provider, ["CH", "DE"]);
  const right = await migrated(prisma, "sqlite", []);
  const sync = createSync({
    name: "fields", left: prismaDatabase(left, { schema: schema(provider) }), right: prismaDatabase(right, { schema: schema("sqlite") }),
    conflicts: leftWins(),
  });
  expect((await sync.run()).written).toEqual({ left: 2, right: 2 });
  const stored = (on: PrismaClientLike): PromiseLike<Record<string, unknown>[]> => on.$queryRawUnsafe('select code, cloud_id, "syncStatus", "lastSyncedAt" from "Country" order by code');
  const [there, here] = [await stored(right), await stored(left)];
  expect(there).toMatchObject([{ code: "CH", cloud_id: expect.stringMatching(/^[0-9a-f-]{36}$/), syncStatus: "synced" }, { code: "DE", syncStatus: "synced" }]);
  expect(here.map((row) => row["cloud_id"])).toEqual(there.map((row) => row["cloud_id"]));
  expect(there.every((row) => row["lastSyncedAt"] !== null)).toBe(true);
  await expect(client.$queryRawUnsafe(`update "Country" set cloud_id = (select max(cloud_id${provider === "sqlite" ? "" : "::text"})${provider === "sqlite" ? "" : "::uuid"} from "Country")`)).rejects.toThrow(/unique/i);
  expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  await close();
}

test("a migration gives a table on SQLite the fields that the model has", async () => {
  const { prisma, close } = await openSqlite();
  await syncs(prisma, "sqlite");
  await close();
});

describePostgres("and", (server) => {
  test("on PostgreSQL", async () => {
    const { url, drop } = await server.freshDatabase(import.meta.url);
    const prisma = new PostgresClient({ adapter: new PrismaPg({ connectionString: url }) });
    await syncs(prisma, "postgresql");
    await prisma.$disconnect();
    await drop();
  });
});

test("their texts are those of Prisma's own migrations; a field may be left out", () => {
  expect(syncFields("postgresql")).toBe("  cloudId String? @unique @db.Uuid\n  lastSyncedAt DateTime?\n  syncStatus String?");
  expect(addSyncColumns("postgresql", "Country")).toBe(
    '-- AlterTable\nALTER TABLE "Country" ADD COLUMN "cloudId" UUID,\nADD COLUMN "lastSyncedAt" TIMESTAMP(3),\nADD COLUMN "syncStatus" TEXT;\n'
    + '\n-- CreateIndex\nCREATE UNIQUE INDEX "Country_cloudId_key" ON "Country"("cloudId");\n',
  );
  expect(syncFields("sqlite", { cloudId: false, syncStatus: "state" })).toBe('  lastSyncedAt DateTime?\n  syncStatus String? @map("state")');
  expect(addSyncColumns("sqlite", "Country", { cloudId: false, lastSyncedAt: false })).toBe('-- AlterTable\nALTER TABLE "Country" ADD COLUMN "syncStatus" TEXT;\n');
});

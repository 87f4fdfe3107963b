// #region example
import { createSync, naturalKey, newest, prismaDatabase } from "@sync/prisma";
import type { PrismaClient } from "./sqlite/generated/client.ts"; // yours

export async function keepTheSame(office: PrismaClient, cloud: PrismaClient): Promise<void> {
  const sync = createSync({
    name: "crm",
    left: prismaDatabase(office), // on one side, or on both: any two adapters go together
    right: prismaDatabase(cloud),
    models: { User: { match: naturalKey("email") } },
    conflicts: newest("updatedAt"),
    firstLink: "left", // who is right where records that differ were on both sides before the first run
  });
  await sync.run();
}
// #endregion
import { expect, test } from "vitest";
import { openSqlite } from "./support/sqlite.ts";

test("the README's example runs", async () => {
  const [office, cloud] = [await openSqlite(), await openSqlite()];
  await office.prisma.user.create({ data: { email: "a@example.org", age: 7 } });
  await cloud.prisma.user.create({ data: { email: "b@example.org", age: 8 } });
  await keepTheSame(office.prisma, cloud.prisma);
  for (const { prisma, close } of [office, cloud]) {
    expect(await prisma.user.findMany({ orderBy: { email: "asc" } })).toMatchObject([{ email: "a@example.org", age: 7 }, { email: "b@example.org", age: 8 }]);
    await close();
  }
});

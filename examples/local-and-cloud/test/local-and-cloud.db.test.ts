import { readFileSync } from "node:fs";
import { join } from "node:path";
import { prismaDatabase } from "@sync/prisma";
import { temporaryFolder } from "@sync/test-databases";
import { describePostgres } from "@sync/test-databases/vitest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recognised } from "../src/account.ts";
import { openCloud, openLocal, type Client, type Variant } from "../src/databases.ts";
import { fill } from "../src/fill.ts";
import * as records from "../src/records.ts";
import { localAndCloud } from "../src/sync.ts";

const models = ["role", "user", "permission", "product", "customer", "proposal", "content"] as const;

const tables = ["Role", "User", "Permission", "Product", "Customer", "Proposal", "Content"];

/** Everything of one side, read by its own Prisma client, with parents by what people call them and without ids. */
async function everything(client: Client): Promise<Record<(typeof models)[number], string[]>> {
  const parent = { select: { email: true } };
  const text = (rows: readonly object[]): string[] =>
    rows.map((row) => JSON.stringify(row, (name, value: unknown) => (own.has(name) ? undefined : inOrder(value)))).sort();
  return {
    role: text(await client.role.findMany()),
    user: text(await client.user.findMany({ include: { role: { select: { name: true } } } })),
    permission: text(await client.permission.findMany()),
    product: text(await client.product.findMany()),
    customer: text(await client.customer.findMany({ include: { owner: parent } })),
    proposal: text(await client.proposal.findMany({ include: { customer: { select: { name: true } }, product: { select: { sku: true } } } })),
    content: text(await client.content.findMany({ include: { author: parent } })),
  };
}
/** PostgreSQL does not keep the order in which a JSON object names its keys. */
const inOrder = (value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

/** Fields that each side has for itself. */
const own = new Set(["id", "roleId", "ownerId", "customerId", "productId", "authorId", "updatedAt", "cloudId", "lastSyncedAt", "syncStatus"]);

const idsOf = async (client: Client): Promise<string[]> =>
  (await Promise.all(models.map((model) => (client[model] as unknown as { findMany(): Promise<{ id: string }[]> }).findMany()))).flat().map(({ id }) => id);

const rowsOf = async (client: Client): Promise<unknown[]> =>
  Promise.all(models.map((model) => (client[model] as unknown as { findMany(query: object): Promise<object[]> }).findMany({ orderBy: { id: "asc" } })));

test("all four schemas have the same models", () => {
  const schema = (variant: Variant, side: string): string =>
    readFileSync(new URL(`../prisma/${variant}/${side}.prisma`, import.meta.url), "utf8").replaceAll(/^(\/\/|.*(output|provider) ).*$/gm, "");
  const withoutFields = (text: string): string => text.replaceAll(/^ +(cloudId|lastSyncedAt|syncStatus) .*\n/gm, "").replaceAll(/ +/g, " ");
  expect(schema("with-fields", "cloud")).toBe(schema("with-fields", "local"));
  expect(schema("side-tables", "cloud")).toBe(schema("side-tables", "local"));
  expect(withoutFields(schema("with-fields", "local"))).toBe(withoutFields(schema("side-tables", "local")));
});

describePostgres("a local and a cloud database that both hold records", (server) => {
  describe.each(["with-fields", "side-tables"] as const)("%s", (variant) => {
    const folder = temporaryFolder("local-and-cloud");
    let local: Client;
    let cloud: Client;

    beforeAll(async () => {
      const { url } = await server.freshDatabase(`${import.meta.url} ${variant}`);
      local = openLocal(variant, join(folder.path, "local.sqlite"));
      cloud = await openCloud(variant, url);
      await fill(local, "local");
      await fill(cloud, "cloud");
    });
    afterAll(async () => {
      await Promise.all([local?.$disconnect(), cloud?.$disconnect()]);
      folder.remove();
    });

    const count = (where: (where: records.Where) => boolean): number =>
      [records.roles, records.users, records.permissions, records.products, records.customers, records.proposals, records.content]
        .flat().filter((record) => where(record.where)).length;

    test("no id is on both sides", async () => {
      const [left, right] = [await idsOf(local), await idsOf(cloud)];
      expect([left.length, right.length]).toEqual([count((where) => where !== "cloud"), count((where) => where !== "local")]);
      expect(new Set([...left, ...right]).size).toBe(left.length + right.length);
      expect([count(() => true), count((where) => where === "both")]).toEqual([98, 65]);
    });

    test("the plan says how every record on both sides is recognised, and writes nothing", async () => {
      const before = [await rowsOf(local), await rowsOf(cloud)];
      const rules = await recognised(await localAndCloud(local, cloud).plan());
      expect(Object.fromEntries([...rules].map(([model, found]) => [model, Object.fromEntries(found)]))).toEqual({
        Role: { "natural key name": 4 },
        User: { "natural key email": 7 },
        Permission: { "natural key resource, action, scope": 41 },
        Product: { "natural key sku": 4 },
        Customer: { "natural key email": 2, "fallback name, city": 1 },
        Proposal: { "fallback title, customerId": 3 },
        Content: { "fallback kind, title, authorId": 3 },
      });
      expect([await rowsOf(local), await rowsOf(cloud)]).toEqual(before);
    });

    test("the first sync makes both sides the same, by ids of their own", async () => {
      const before = [await idsOf(local), await idsOf(cloud)];
      const sync = localAndCloud(local, cloud);
      const run = await sync.run();
      expect(run.status).toBe("done");
      expect(run.check.differing).toBe(0);
      const counts = Object.fromEntries([...run.models].map(([model, { linked, created, quarantined, unsettled }]) =>
        [model, [linked, created.right, created.left, quarantined + unsettled]]));
      expect(counts).toEqual({
        Role: [4, 1, 1, 0], User: [7, 2, 1, 0], Permission: [41, 10, 10, 0], Product: [4, 1, 1, 0], Customer: [3, 1, 1, 0], Proposal: [3, 1, 1, 0], Content: [3, 1, 1, 0],
      });

      const [left, right] = [await everything(local), await everything(cloud)];
      expect(right).toEqual(left);
      expect(Object.fromEntries(models.map((model) => [model, left[model].length]))).toEqual({
        role: 6, user: 10, permission: 61, product: 6, customer: 5, proposal: 5, content: 5,
      });
      expect(new Set(models.flatMap((model) => left[model].map((text) => model + text))).size).toBe(98);
      const after = [await idsOf(local), await idsOf(cloud)];
      for (const side of [0, 1]) expect(after[side]).toEqual(expect.arrayContaining(before[side]!));
      expect(new Set(after.flat()).size).toBe(2 * 98);
    });

    test("of what differed, the newer stands, and the log has both", async () => {
      const logged: unknown[] = [];
      for await (const { model, fields, left, right, decision, kind, rule } of localAndCloud(local, cloud).conflicts()) {
        logged.push([model, fields.join(), left, right, decision, kind, rule]);
      }
      expect(logged).toEqual(expect.arrayContaining([
        ["Customer", "city", [null], ["Porto"], "right", "first-link", "newest(updatedAt)"],
        ["Product", "price", ["229.9"], ["219.9"], "left", "first-link", "newest(updatedAt)"],
        ["User", "name", ["Barbara Huberman"], ["Barbara Liskov"], "right", "first-link", "newest(updatedAt)"],
      ]));
      expect(logged).toHaveLength(3);
      for (const client of [local, cloud]) {
        expect(await client.customer.findFirstOrThrow({ where: { name: "Blue Door" } })).toMatchObject({ city: "Porto" });
        expect(Number((await client.product.findUniqueOrThrow({ where: { sku: "CHAIR-7" } })).price)).toBe(229.9);
        expect(await client.user.findUniqueOrThrow({ where: { email: "barbara@example.com" } })).toMatchObject({ name: "Barbara Liskov" });
      }
    });

    test("references point at the side's own parents", async () => {
      for (const client of [local, cloud]) {
        const stool = await client.proposal.findFirstOrThrow({ where: { title: "Something to sit on" }, include: { customer: { include: { owner: true } }, product: true } });
        expect([stool.customer.name, stool.customer.owner?.email, stool.product.sku]).toEqual(["Dora's Garage", "radia@example.com", "STOOL-1"]);
        const school = await client.proposal.findFirstOrThrow({ where: { title: "A class room" }, include: { customer: { include: { owner: { include: { role: true } } } } } });
        expect([school.customer.email, school.customer.owner?.role.name]).toEqual(["post@elm.example", "auditor"]);
      }
    });

    test("verify says equal", async () => {
      const proof = await localAndCloud(local, cloud).verify();
      expect(proof).toMatchObject({ equal: true, explained: true, differences: [] });
      expect([...proof.models.values()].reduce((sum, { equal }) => sum + equal, 0)).toBe(98);
    });

    test("a second run writes nothing", async () => {
      const before = [await rowsOf(local), await rowsOf(cloud)];
      const run = await localAndCloud(local, cloud).run();
      expect(run.written).toEqual({ left: 0, right: 0 });
      expect([await rowsOf(local), await rowsOf(cloud)]).toEqual(before);
    });

    test("created locally, changed in the cloud, the same on both", async () => {
      const sync = localAndCloud(local, cloud);
      const owner = await local.user.findUniqueOrThrow({ where: { email: "alan@example.com" } });
      const product = await local.product.findUniqueOrThrow({ where: { sku: "DESK-180" } });
      const customer = await local.customer.create({ data: { name: "Fern Café", ownerId: owner.id } });
      await local.proposal.create({ data: { title: "One long desk", quantity: 1, total: "489", customerId: customer.id, productId: product.id } });
      expect((await sync.run()).written).toMatchObject({ right: 2 });

      const there = await cloud.proposal.findFirstOrThrow({ where: { title: "One long desk" }, include: { customer: true } });
      expect(there.customer.name).toBe("Fern Café");
      await cloud.proposal.update({ where: { id: there.id }, data: { quantity: 2, total: "978.00" } });
      await cloud.customer.update({ where: { id: there.customerId }, data: { email: "hello@fern.example" } });
      expect((await sync.run()).written).toEqual({ left: 2, right: 0 });

      const back = await local.proposal.findFirstOrThrow({ where: { title: "One long desk" }, include: { customer: true } });
      expect([back.quantity, Number(back.total), back.customer.id, back.customer.email]).toEqual([2, 978, customer.id, "hello@fern.example"]);
      expect(await everything(cloud)).toEqual(await everything(local));
      expect((await sync.verify()).equal).toBe(true);
      expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
    });

    test("what was synced stands in the models' own fields, where they have any", async () => {
      const { cloudId, lastSyncedAt, syncStatus }: Record<string, unknown> = await cloud.customer.findFirstOrThrow({ where: { name: "Fern Café" } });
      expect({ cloudId, lastSyncedAt, syncStatus }).toEqual({
        "with-fields": { cloudId: expect.stringMatching(/^[0-9a-f-]{36}$/), lastSyncedAt: expect.any(Date), syncStatus: "synced" },
        "side-tables": {},
      }[variant]);
    });

    test("everything the sync added goes on request", async () => {
      const names = async (): Promise<string[]> => [
        ...(await local.$queryRawUnsafe<{ name: string }[]>("select name from sqlite_schema where type = 'table'")),
        ...(await cloud.$queryRawUnsafe<{ name: string }[]>("select table_name::text as name from information_schema.tables where table_schema = 'public'")),
      ].map(({ name }) => name);
      expect(await names()).toEqual(expect.arrayContaining(["sync_database", "sync_identity", "sync_base"]));
      await Promise.all([prismaDatabase(local).uninstall(), prismaDatabase(cloud).uninstall()]);
      expect((await names()).sort()).toEqual([...tables, ...tables].sort());
    });
  });
});

import { defineEntity, p } from "@mikro-orm/core";
import type { SqlEntityManager } from "@mikro-orm/sql";
import { describePostgres } from "@sync/test-databases/vitest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSync, leftWins, mikroOrmDatabase, naturalKey, synced } from "../src/index.ts";
import type { MikroOrmDatabase, RunResult, Sync } from "../src/index.ts";
import type { Opened } from "./support/open.ts";
import { openOwnPglite, openPool, openSqlite } from "./support/open.ts";

const Owner = synced(defineEntity({
  name: "Owner",
  properties: { id: p.uuid().primary().onCreate(() => crypto.randomUUID()), code: p.string().unique(), cloudId: p.uuid().nullable().unique() },
}), { match: naturalKey("code") });
const Item = synced(defineEntity({
  name: "Item",
  properties: { id: p.integer().primary(), code: p.string().unique(), name: p.string(), owner: () => p.manyToOne(Owner).nullable().deleteRule("cascade") },
}), { match: naturalKey("code") });
const Tag = synced(defineEntity({ name: "Tag", properties: { name: p.string().primary(), items: () => p.manyToMany(Item).owner() } }), { match: naturalKey("name") });
/** Its key is a relation and a number. */
const Part = synced(defineEntity({ name: "Part", properties: { item: () => p.manyToOne(Item).primary().deleteRule("cascade"), number: p.integer().primary(), note: p.string() } }), {
  match: naturalKey(["item", "number"]),
});
const entities = [Owner, Item, Tag, Part];

function hintsOf(open: (entities: readonly object[]) => Promise<Opened>, isOneConnection: boolean): void {
  let left: Opened;
  let right: Opened;
  let database: MikroOrmDatabase;
  let sync: Sync;
  beforeAll(async () => {
    left = await open(entities);
    right = await openSqlite(entities);
    database = mikroOrmDatabase(left.orm, { hints: true });
    sync = createSync({ name: "hints", left: database, right: mikroOrmDatabase(right.orm), conflicts: leftWins(), firstLink: "left" });
    await edit((em) => {
      const people = ["A", "B", "C"].map((code) => em.create(Owner, { code }));
      for (const n of [1, 2, 3, 4, 5, 6]) em.create(Item, { code: `c${n}`, name: "same", owner: people[n % 3]! });
    });
    await sync.run();
  });
  afterAll(async () => {
    await right.close();
    await left.close();
  });
  async function edit(work: (em: SqlEntityManager) => unknown): Promise<void> {
    const em = left.orm.em.fork();
    await work(em);
    await em.flush();
  }
  const hinted = (): Promise<RunResult> => sync.run({ hinted: true, confirmDeletes: true });
  const read = ({ models }: RunResult, model: string): number | undefined => models.get(model)?.read.left;
  const copied = (code: string) => right.orm.em.fork().findOne(Item, { code });
  const rename = (code: string, name: string) => async (em: SqlEntityManager) => void ((await em.findOneOrFail(Item, { code })).name = name);

  test("what is flushed goes across, and nothing else is read", async () => {
    await edit(async (em) => {
      await rename("c1", "one")(em);
      const item = em.create(Item, { code: "c7", name: "seven" });
      em.create(Part, { item, number: 1, note: "first" });
    });
    await left.orm.em.fork().upsert(Item, { code: "c8", name: "eight" });
    const run = await hinted();
    expect([read(run, "Item"), run.models.get("Item")]).toMatchObject([3, { updated: { right: 1 }, created: { right: 2 } }]);
    expect([read(run, "Part"), run.models.get("Part")]).toMatchObject([1, { created: { right: 1 } }]);
    expect([await copied("c1"), await copied("c7"), await copied("c8")]).toMatchObject([{ name: "one" }, { name: "seven" }, { name: "eight" }]);
    expect((await hinted()).models.size).toBe(0);
  });

  test("removed entities go, whether their cloudId is a property or in the side table, and take along what the database takes along", async () => {
    await edit(async (em) => {
      em.remove(await em.findOneOrFail(Item, { code: "c7" }));
      em.remove(await em.findOneOrFail(Owner, { code: "B" }));
    });
    const run = await hinted();
    expect([run.models.get("Item")!.deleted.right, run.models.get("Owner")!.deleted.right, run.models.get("Part")!.deleted.right]).toEqual([3, 1, 1]);
    expect((await right.orm.em.fork().find(Item, {}, { orderBy: { code: 1 } })).map(({ code }) => code)).toEqual(["c2", "c3", "c5", "c6", "c8"]);
  });

  test("a collection that was changed is a hint for its pivot table", async () => {
    const codes = async (): Promise<string[]> => {
      const tag = await right.orm.em.fork().findOneOrFail(Tag, { name: "new" }, { populate: ["items"] });
      return tag.items.getItems().map(({ code }) => code).toSorted();
    };
    await edit(async (em) => em.create(Tag, { name: "new", items: await em.find(Item, { code: ["c2", "c3"] }) }));
    expect(read(await hinted(), "tag_items")).toBe(2);
    expect(await codes()).toEqual(["c2", "c3"]);
    await edit(async (em) => (await em.findOneOrFail(Tag, { name: "new" }, { populate: ["items"] })).items.remove((item) => item.code === "c2"));
    await hinted();
    expect(await codes()).toEqual(["c3"]);
  });

  test("what a transaction writes is told once it has committed, savepoints with it", async () => {
    const reads: unknown[] = [];
    await left.orm.em.fork().transactional(async (em) => {
      await em.transactional(rename("c2", "inner"));
      await rename("c3", "outer")(em);
      await em.flush();
      // On one connection the sync would wait for this transaction, which waits here.
      if (!isOneConnection) reads.push((await hinted()).models.size);
    });
    reads.push(read(await hinted(), "Item"));
    await left.orm.em.fork().transactional(async (em) => {
      await em.transactional(rename("c2", "undone"));
      throw new Error("undone");
    }).catch(() => undefined);
    reads.push((await hinted()).models.size);
    expect(reads).toEqual([...(isOneConnection ? [] : [0]), 2, 0]);
    expect([await copied("c2"), await copied("c3")]).toMatchObject([{ name: "inner" }, { name: "outer" }]);
  });

  test("what is written past the entities is not heard; a whole run finds it", async () => {
    await left.orm.em.fork().nativeUpdate(Item, { code: "c2" }, { name: "native" });
    expect((await hinted()).models.size).toBe(0);
    await sync.run();
    expect(await copied("c2")).toMatchObject({ name: "native" });
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
    expect((await sync.verify()).equal).toBe(true);
  });

  test("nothing is heard any more once the database is closed, and the ORM stays open", async () => {
    await database.close();
    await edit(rename("c2", "unheard"));
    expect((await hinted()).models.size).toBe(0);
  });
}

describe("hints on SQLite", () => hintsOf(openSqlite, true));
describe("hints on PGlite", () => hintsOf(openOwnPglite, true));
describePostgres("hints on PostgreSQL", (server) => hintsOf((each) => openPool(server, import.meta.url, each), false));

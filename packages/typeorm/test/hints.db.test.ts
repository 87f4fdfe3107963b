import { describePostgres } from "@sync/test-databases/vitest";
import { EntitySchema } from "typeorm";
import type { DataSource } from "typeorm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSync, leftWins, naturalKey, synced, typeormDatabase } from "../src/index.ts";
import type { RunResult, Sync, TypeormDatabase } from "../src/index.ts";
import { openPostgres, openSqlite } from "./support/open.ts";

interface Item {
  id: number;
  code: string;
  name: string;
  owner: Owner | null;
  deletedAt: Date | null;
}
interface Owner {
  id: string;
  code: string;
  cloudId: string | null;
}
interface Tag {
  name: string;
  items: Item[];
}

const owner = synced(new EntitySchema<Owner>({
  name: "Owner",
  columns: { id: { type: "uuid", primary: true, generated: "uuid" }, code: { type: String, unique: true }, cloudId: { type: String, unique: true, nullable: true } },
}), { match: naturalKey("code") });
const item = synced(new EntitySchema<Item>({
  name: "Item",
  columns: { id: { type: Number, primary: true, generated: true }, code: { type: String, unique: true }, name: { type: String }, deletedAt: { type: Date, deleteDate: true, nullable: true } },
  relations: { owner: { type: "many-to-one", target: "Owner", nullable: true, onDelete: "CASCADE" } },
}), { match: naturalKey("code") });
const tag = synced(new EntitySchema<Tag>({
  name: "Tag", columns: { name: { type: String, primary: true } }, relations: { items: { type: "many-to-many", target: "Item", joinTable: true } },
}), { match: naturalKey("name") });
const entities = [owner, item, tag];

describe("hints on SQLite", () => hintsOf(() => openSqlite(entities)));
describePostgres("hints on PostgreSQL", (server) => hintsOf(async (again) => {
  const { url, drop } = await server.freshDatabase(`${import.meta.url} ${again}`);
  return Object.assign(await openPostgres(url, entities), { drop });
}));

function hintsOf(open: (name: string) => Promise<DataSource & { drop?: () => Promise<void> }>): void {
  let left: Awaited<ReturnType<typeof open>>;
  let right: DataSource;
  let database: TypeormDatabase;
  let sync: Sync;
  beforeAll(async () => {
    left = await open("left");
    right = await openSqlite(entities);
    database = typeormDatabase(left, { hints: true });
    sync = createSync({ name: "hints", left: database, right: typeormDatabase(right), conflicts: leftWins(), firstLink: "left" });
    const people = await left.getRepository(owner).save([{ code: "A" }, { code: "B" }, { code: "C" }]);
    await left.getRepository(item).save([1, 2, 3, 4, 5, 6].map((n) => ({ code: `c${n}`, name: "same", owner: people[n % 2]! })));
    await sync.run();
  });
  afterAll(async () => {
    await right.destroy();
    await left.destroy();
    await left.drop?.();
  });
  const hinted = (): Promise<RunResult> => sync.run({ hinted: true, confirmDeletes: true });
  const read = ({ models }: RunResult, model: string): number | undefined => models.get(model)?.read.left;
  const copied = (code: string): Promise<Item | null> => right.getRepository(item).findOne({ where: { code }, relations: { owner: true }, withDeleted: true });

  test("what entities are saved as goes across, and nothing else is read", async () => {
    await left.getRepository(item).save({ id: 1, name: "one" });
    await left.getRepository(item).insert({ code: "c7", name: "seven" });
    const run = await hinted();
    expect([read(run, "Item"), run.models.get("Item")]).toMatchObject([2, { updated: { right: 1 }, created: { right: 1 } }]);
    expect([await copied("c1"), await copied("c7")]).toMatchObject([{ name: "one" }, { name: "seven" }]);
    expect((await hinted()).models.size).toBe(0);
  });

  test("removed entities go, whether their cloudId is a field or in the side table, and take along what the database takes along", async () => {
    const items = left.getRepository(item);
    await items.remove(await items.findOneByOrFail({ code: "c7" }));
    await left.getRepository(owner).remove(await left.getRepository(owner).findOneByOrFail({ code: "B" }));
    const run = await hinted();
    expect([run.models.get("Item")!.deleted.right, run.models.get("Owner")!.deleted.right]).toEqual([4, 1]);
    expect(await right.getRepository(item).find({ select: { code: true }, order: { code: "ASC" } })).toMatchObject([{ code: "c2" }, { code: "c4" }, { code: "c6" }]);
  });

  test("a soft delete and its end are updates", async () => {
    const items = left.getRepository(item);
    await items.softRemove(await items.findOneByOrFail({ code: "c2" }));
    await hinted();
    expect(await right.getRepository(item).countBy({ code: "c2" })).toBe(0);
    await items.recover(await items.findOneOrFail({ where: { code: "c2" }, withDeleted: true }));
    expect(read(await hinted(), "Item")).toBe(1);
    expect(await right.getRepository(item).countBy({ code: "c2" })).toBe(1);
  });

  test("the rows of a join table are told by their two keys", async () => {
    const [c2, c4] = await left.getRepository(item).find({ order: { code: "ASC" } });
    await left.getRepository(tag).save({ name: "new", items: [c2!, c4!] });
    const edges = `${tag.options.name.toLowerCase()}_items_item`;
    expect(read(await hinted(), edges)).toBe(2);
    const codes = async (): Promise<string[]> =>
      (await right.getRepository(tag).findOneOrFail({ where: { name: "new" }, relations: { items: true } })).items.map(({ code }) => code).sort();
    expect(await codes()).toEqual(["c2", "c4"]);
    await left.getRepository(tag).save({ name: "new", items: [c4!] });
    await hinted();
    expect(await codes()).toEqual(["c4"]);
  });

  test("what a transaction writes is told once it has committed, savepoints with it", async () => {
    const reads: unknown[] = [];
    const items = left.getRepository(item);
    await left.transaction(async (manager) => {
      await manager.transaction((inner) => inner.save(item, { id: 2, name: "inner" }));
      await manager.save(item, { id: 4, name: "outer" });
      // On SQLite the sync would wait for this transaction, which waits here.
      if (left.options.type === "postgres") reads.push((await hinted()).models.size);
    });
    reads.push(read(await hinted(), "Item"));
    await left.transaction(async (manager) => {
      await manager.save(item, { id: 2, name: "undone" });
      throw new Error("undone");
    }).catch(() => undefined);
    reads.push((await hinted()).models.size);
    expect(reads).toEqual([...(left.options.type === "postgres" ? [0] : []), 2, 0]);
    expect([await copied("c2"), await copied("c4"), await items.findOneBy({ id: 2 })]).toMatchObject([{ name: "inner" }, { name: "outer" }, { name: "inner" }]);
  });

  test("an update or delete by criteria is one of the whole model", async () => {
    await left.getRepository(item).update({ code: "c4" }, { name: "by criteria" });
    await left.getRepository(item).delete({ code: "c6" });
    await hinted();
    expect([await copied("c4"), await copied("c6")]).toMatchObject([{ name: "by criteria" }, null]);
  });

  test("SQL is not heard; a whole run finds it", async () => {
    await left.query("update item set name = 'raw' where code = 'c2'");
    expect((await hinted()).models.size).toBe(0);
    await sync.run();
    expect(await copied("c2")).toMatchObject({ name: "raw" });
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
    expect((await sync.verify()).equal).toBe(true);
  });

  test("the subscriber is taken back when the database is closed", async () => {
    const before = left.subscribers.length;
    await database.close();
    expect([before, left.subscribers.length, left.isInitialized]).toEqual([1, 0, true]);
  });
}

test("a data source that was initialised again is listened to again, and all of it may have changed", async () => {
  const left = await openSqlite(entities);
  const database = typeormDatabase(left, { hints: true });
  const { position } = database.hints!;
  await left.destroy();
  await left.initialize();
  expect(database.hints!.position).not.toBe(position);
  expect([...(await database.hints!.since(position)).values()].every(({ keys }) => keys === "all")).toBe(true);
  expect(left.subscribers).toHaveLength(1);
  await left.destroy();
});

describePostgres("through entities", (server) => {
  test("what the sync itself writes does no more than a look", async () => {
    const { url, drop } = await server.freshDatabase(`${import.meta.url} own`);
    const [left, right] = [await openSqlite(entities), await openPostgres(url, entities)];
    const sync = createSync({
      name: "own", left: typeormDatabase(left, { hints: true }), right: typeormDatabase(right, { writes: "orm", hints: true }), conflicts: leftWins(), firstLink: "left",
    });
    await left.getRepository(item).save({ code: "c1", name: "one" });
    await sync.run();
    expect((await sync.run({ hinted: true })).written).toEqual({ left: 0, right: 0 });
    expect((await sync.run({ hinted: true })).models.size).toBe(0);
    await left.destroy();
    await right.destroy();
    await drop();
  });
});

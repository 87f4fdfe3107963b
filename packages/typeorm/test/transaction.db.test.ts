import { refused } from "@sync/test-adapters";
import { describePostgres } from "@sync/test-databases/vitest";
import { EntitySchema } from "typeorm";
import type { DataSource, EntityManager } from "typeorm";
import { afterAll, beforeEach, expect, test } from "vitest";
import { createSync, isSyncError, leftWins, naturalKey, sqliteState, synced, typeormDatabase } from "../src/index.ts";
import type { RunOptions, RunResult, Sync } from "../src/index.ts";
import { openPostgres, openSqlite } from "./support/open.ts";

interface Item {
  id: number;
  code: string;
  name: string;
  parent: Item | null;
  friend: Item | null;
}

const item = synced(new EntitySchema<Item>({
  name: "Item",
  columns: { id: { type: Number, primary: true, generated: true }, code: { type: String, unique: true }, name: { type: String } },
  relations: {
    parent: { type: "many-to-one", target: "Item", nullable: true, onDelete: "SET NULL" },
    friend: { type: "many-to-one", target: "Item", nullable: true, onDelete: "SET NULL" },
  },
}), { match: naturalKey("code") });

describePostgres("in a transaction of the application's", (server) => {
  const open: { readonly left: DataSource; readonly right: DataSource; readonly drop: () => Promise<void> }[] = [];
  let left: DataSource;
  let right: DataSource;
  let outside: Sync;
  beforeEach(async ({ task }) => {
    const fresh = await server.freshDatabase(`${import.meta.url} ${task.name}`);
    left = await openPostgres(fresh.url, [item]);
    right = await openSqlite([item]);
    open.push({ left, right, drop: () => fresh.drop() });
    outside = createSync({ ...pair, left: typeormDatabase(left), right: typeormDatabase(right) });
    await items(right).save(["a", "b", "c", "d"].map((code) => ({ code, name: "same" })));
    await outside.run();
  });
  afterAll(async () => {
    for (const { left: one, right: other, drop } of open) {
      await one.destroy();
      await other.destroy();
      await drop();
    }
  });

  const pair = { name: "pair", conflicts: leftWins(), firstLink: "left", deleteGuard: { count: 100, share: 1 } } as const;
  const items = (on: DataSource | EntityManager): ReturnType<DataSource["getRepository"]> => on.getRepository(item);
  const names = async (on: DataSource | EntityManager): Promise<Record<string, string>> =>
    Object.fromEntries((await items(on).find({ order: { code: "ASC" } })).map(({ code, name }) => [code, name]));
  const inside = (manager: EntityManager, more = {}): Sync =>
    createSync({ ...pair, left: typeormDatabase(manager), right: typeormDatabase(right), direction: "right-to-left", ...more });
  const rolledBack = async (work: (manager: EntityManager) => Promise<unknown>): Promise<void> =>
    expect(left.transaction(async (manager) => {
      await work(manager);
      throw new Error("rolled back");
    })).rejects.toThrow("rolled back");

  async function editRight(): Promise<void> {
    await items(right).save({ code: "e", name: "new", parent: await items(right).save({ code: "f", name: "its parent" }) });
    await items(right).update({ code: "a" }, { name: "edited" });
    await items(right).delete({ code: "b" });
  }
  async function expectSettled(): Promise<void> {
    expect((await outside.run()).written).toEqual({ left: 0, right: 0 });
    expect((await outside.verify()).equal).toBe(true);
  }

  test("a run writes there, and what the application does stands or goes with it", async () => {
    await editRight();
    const run = await left.transaction(async (manager) => {
      await items(manager).update({ code: "c" }, { name: "mine" });
      const done = await inside(manager).run();
      expect(await names(manager)).toEqual({ a: "edited", c: "mine", d: "same", e: "new", f: "its parent" });
      expect(await names(left)).toEqual({ a: "same", b: "same", c: "same", d: "same" });
      return done;
    });
    expect(run.models.get("Item")).toMatchObject({ created: { left: 2, right: 0 }, updated: { left: 1, right: 0 }, deleted: { left: 1, right: 0 }, drift: 1 });
    expect((await outside.run()).models.get("Item")).toMatchObject({ updated: { left: 0, right: 1 }, created: { left: 0, right: 0 }, deleted: { left: 0, right: 0 } });
    expect(await names(right)).toEqual(await names(left));
    await expectSettled();
  });

  test("the README's example runs", async () => {
    await editRight();
    const [office, cloud] = [left, right];
    // #region inside
    await office.transaction(async (manager) => {
      const sync = createSync({ ...pair, left: typeormDatabase(manager), right: typeormDatabase(cloud), direction: "right-to-left" });
      await sync.run();
      // and what has to stand or fall together with it
    });
    // #endregion
    expect(await names(office)).toMatchObject({ a: "edited", e: "new" });
  });

  test("rolled back, the next run finds all as it was before, and no delete", async () => {
    await editRight();
    await rolledBack(async (manager) => {
      await items(manager).insert({ code: "mine", name: "never committed" });
      await items(manager).delete({ code: "d" });
      expect((await inside(manager).run()).models.get("Item")!.created.left).toBe(2);
    });
    expect(await names(left)).toEqual({ a: "same", b: "same", c: "same", d: "same" });
    const next = await outside.run();
    // The only delete is the one that somebody made on the right before.
    expect(next.models.get("Item")).toMatchObject({ created: { left: 2, right: 0 }, updated: { left: 1, right: 0 }, deleted: { left: 1, right: 0 } });
    expect(await names(left)).toEqual({ a: "edited", c: "same", d: "same", e: "new", f: "its parent" });
    expect(await names(right)).toEqual(await names(left));
    await expectSettled();
  });

  test("a record that the database refuses costs itself alone, and not the transaction", async () => {
    await left.query(`alter table item add constraint short check (length(name) < 10)`);
    await items(right).save([{ code: "g", name: "much too long" }, { code: "h", name: "short" }]);
    await left.transaction(async (manager) => {
      await items(manager).insert({ code: "before", name: "before" });
      expect((await inside(manager).run()).models.get("Item")).toMatchObject({ created: { left: 1 }, quarantined: 1 });
    });
    expect(await names(left)).toMatchObject({ before: "before", h: "short" });
    expect(await names(left)).not.toHaveProperty("g");
  });

  test("records that refer to each other in a circle, and many pages of them", async () => {
    const [one, other] = await items(right).save([{ code: "x1", name: "x" }, { code: "x2", name: "x" }]);
    await items(right).save([{ id: one!.id, friend: other }, { id: other!.id, friend: one }]);
    await items(right).save(Array.from({ length: 300 }, (_, n) => ({ code: `n${n}`, name: "many", friend: one })), { chunk: 50 });
    await left.transaction(async (manager) => void (await inside(manager, { pageSize: 50 }).run()));
    const circle = await items(left).find({ where: [{ code: "x1" }, { code: "x2" }], relations: { friend: true }, order: { code: "ASC" } });
    expect(circle).toMatchObject([{ friend: { code: "x2" } }, { friend: { code: "x1" } }]);
    expect(await items(left).count()).toBe(306);
    await expectSettled();
  });

  test("what the application sends meanwhile is swallowed by no unit that is refused", async () => {
    await left.query(`alter table item add constraint short check (name <> 'refused')`);
    await items(right).save(Array.from({ length: 40 }, (_, n) => ({ code: `r${n}`, name: n % 2 === 0 ? "refused" : "fine" })));
    let acknowledged = 0;
    const under = { way: true };
    await left.transaction(async (manager) => {
      const run: Promise<RunResult> = inside(manager, { pageSize: 10 }).run().finally(() => (under.way = false));
      while (under.way) {
        const sent = await manager.query("insert into item (code, name) values ($1, 'mine')", [`mine${acknowledged}`]).then(() => true, () => false);
        if (sent) acknowledged++;
      }
      await run;
    });
    expect(acknowledged).toBeGreaterThan(0);
    expect(await left.query("select count(*)::int as count from item where name = 'mine'")).toEqual([{ count: acknowledged }]);
  });

  test("what a rollback would not take back whole is refused before anything is read", async () => {
    const codes: unknown[] = [];
    const codeOf = async (work: () => unknown): Promise<void> => {
      const outcome = await Promise.resolve().then(work).catch((error: unknown) => error);
      codes.push(isSyncError(outcome) ? outcome.code : "nothing was refused");
    };
    await rolledBack(async (manager) => {
      const options = { takeOver: true } as RunOptions;
      await codeOf(() => inside(manager, { direction: "both" }));
      await codeOf(() => inside(manager, { direction: "left-to-right" }));
      await codeOf(() => inside(manager, { state: sqliteState(":memory:") }));
      await codeOf(() => inside(manager, { right: typeormDatabase(manager) }));
      await codeOf(() => inside(manager, { name: "another pair" }).run());
      for (const change of [(sync: Sync) => sync.undo("run"), (sync: Sync) => sync.adopt(options), (sync: Sync) => sync.forget()]) await codeOf(() => change(inside(manager)));
      await codeOf(() => typeormDatabase(manager, { writes: "orm" }));
      await codeOf(() => typeormDatabase(manager, { hints: true }));
    });
    expect(codes).toEqual(codes.map(() => "OPTIONS.TRANSACTION"));
    await right.transaction((manager) => codeOf(() => typeormDatabase(manager)));
    expect(codes.pop()).toBe("OPTIONS.TRANSACTION");
    await expectSettled();
  });

  test("a transaction that has ended, and a manager without one, are refused", async () => {
    const sync = await left.transaction(async (manager) => inside(manager));
    await expect(sync.run()).rejects.toMatchObject({ code: "ENDPOINT.CLOSED" });
    expect(refused(() => typeormDatabase(left.manager))).toMatchObject({ code: "OPTIONS.WRONG_CLIENT" });
  });
});

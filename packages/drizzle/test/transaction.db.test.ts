import { openPglite } from "@sync/test-databases";
import { describePostgres } from "@sync/test-databases/vitest";
import { refused } from "@sync/test-adapters";
import Database from "better-sqlite3";
import { asc, eq, sql } from "drizzle-orm";
import { drizzle as betterSqlite } from "drizzle-orm/better-sqlite3";
import { drizzle as nodePostgres } from "drizzle-orm/node-postgres";
import { drizzle as pglite } from "drizzle-orm/pglite";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import { Client, Pool } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createSync, drizzleDatabase, leftWins, naturalKey } from "../src/index.ts";
import type { Sync, TransactionLike } from "../src/index.ts";

const postgres = { items: pg.pgTable("items", { id: pg.serial().primaryKey(), code: pg.text().notNull().unique(), name: pg.text().notNull() }) };
const sqlite = { items: lite.sqliteTable("items", { id: lite.integer().primaryKey(), code: lite.text().notNull().unique(), name: lite.text().notNull() }) };
const pair = { name: "pair", conflicts: leftWins(), firstLink: "left", deleteGuard: { count: 100, share: 1 }, models: { items: { match: naturalKey("code") } } } as const;

describePostgres("in a transaction of the application's", (server) => {
  let fresh: Awaited<ReturnType<typeof server.freshDatabase>>;
  let pool: Pool;
  let file: Database.Database;
  beforeAll(async () => {
    fresh = await server.freshDatabase(import.meta.url);
    pool = new Pool({ connectionString: fresh.url, max: 4 });
  });
  afterAll(async () => {
    await pool.end();
    await fresh.drop();
  });
  let outside: Sync;
  beforeEach(async () => {
    await pool.query("create table items (id serial primary key, code text not null unique, name text not null)");
    file = new Database(":memory:");
    file.exec("create table items (id integer primary key autoincrement, code text not null unique, name text not null); insert into items (code, name) values ('a', 'same'), ('b', 'same'), ('c', 'same')");
    outside = createSync({ ...pair, left: drizzleDatabase(nodePostgres(pool), { schema: postgres }), right: right() });
    await outside.run();
    file.exec("insert into items (code, name) values ('e', 'new'); update items set name = 'edited' where code = 'a'; delete from items where code = 'b'");
  });
  afterEach(async () => {
    file.close();
    await pool.query("drop schema public cascade; create schema public");
  });

  const right = () => drizzleDatabase(betterSqlite(file), { schema: sqlite });
  const inside = (on: TransactionLike, more = {}): Sync =>
    createSync({ ...pair, left: drizzleDatabase(on, { schema: postgres }), right: right(), direction: "right-to-left", ...more });
  const names = async (on: Pick<ReturnType<typeof nodePostgres>, "select">): Promise<object> =>
    Object.fromEntries((await on.select().from(postgres.items).orderBy(asc(postgres.items.code))).map(({ code, name }) => [code, name]));

  test("a run writes there, and what the application does stands or goes with it", async () => {
    const db = nodePostgres(pool);
    await db.transaction(async (transaction) => {
      await transaction.update(postgres.items).set({ name: "mine" }).where(eq(postgres.items.code, "c"));
      expect((await inside(transaction).run()).models.get("items")).toMatchObject({ created: { left: 1 }, updated: { left: 1 }, deleted: { left: 1 } });
      expect(await names(transaction)).toEqual({ a: "edited", c: "mine", e: "new" });
      expect(await names(db)).toEqual({ a: "same", b: "same", c: "same" });
    });
    expect((await outside.run()).models.get("items")).toMatchObject({ updated: { left: 0, right: 1 }, created: { left: 0, right: 0 }, deleted: { left: 0, right: 0 } });
    expect((await outside.run()).written).toEqual({ left: 0, right: 0 });
    expect(await outside.verify()).toMatchObject({ equal: true });
  });

  test("rolled back, the next run finds all as it was before, and no delete", async () => {
    const db = nodePostgres(pool);
    const run = db.transaction(async (transaction) => {
      await transaction.delete(postgres.items).where(eq(postgres.items.code, "c"));
      expect((await inside(transaction).run()).models.get("items")).toMatchObject({ created: { left: 1 } });
      transaction.rollback();
    });
    await expect(run).rejects.toThrow("Rollback");
    expect(await names(db)).toEqual({ a: "same", b: "same", c: "same" });
    // The only delete is the one that somebody made on the right before.
    expect((await outside.run()).models.get("items")).toMatchObject({ created: { left: 1, right: 0 }, updated: { left: 1, right: 0 }, deleted: { left: 1, right: 0 } });
    expect(file.prepare("select count(*) from items").pluck().get()).toBe(3);
    expect((await outside.run()).written).toEqual({ left: 0, right: 0 });
  });

  test("a record that the database refuses costs itself alone, and not the transaction", async () => {
    await pool.query("alter table items add constraint short check (length(name) < 10)");
    file.exec("insert into items (code, name) values ('g', 'much too long')");
    const db = nodePostgres(pool);
    await db.transaction(async (transaction) => {
      await transaction.execute(sql`insert into items (code, name) values ('before', 'before')`);
      expect((await inside(transaction).run()).models.get("items")).toMatchObject({ created: { left: 1 }, quarantined: 1 });
    });
    expect(await names(db)).toMatchObject({ before: "before", e: "new" });
  });

  test("a transaction that has ended is refused, also when its connection is in another", async () => {
    const one = new Pool({ connectionString: fresh.url, max: 1 });
    const db = nodePostgres(one);
    const sync = await db.transaction(async (transaction) => inside(transaction));
    await expect(sync.run()).rejects.toMatchObject({ code: "ENDPOINT.CLOSED" });
    await db.transaction(async () => expect(sync.run()).rejects.toMatchObject({ code: "ENDPOINT.CLOSED" }));
    await one.end();
  });

  test("what a rollback would not take back whole, and other handles, are refused", async () => {
    await nodePostgres(pool).transaction(async (transaction) => {
      expect(refused(() => inside(transaction, { direction: "both" }))).toMatchObject({ code: "OPTIONS.TRANSACTION" });
      expect(refused(() => drizzleDatabase(transaction, { schema: postgres, writes: "orm" }))).toMatchObject({ code: "OPTIONS.TRANSACTION" });
    });
    const client = new Client({ connectionString: fresh.url });
    await client.connect();
    await nodePostgres(client).transaction(async (transaction) => expect(refused(() => inside(transaction))).toMatchObject({ code: "OPTIONS.TRANSACTION" }));
    await client.end();
  });
});

test("PGlite's and SQLite's are refused by name", async () => {
  const client = await openPglite();
  await pglite(client).transaction(async (transaction) =>
    expect(refused(() => drizzleDatabase(transaction, { schema: postgres }))).toMatchObject({ code: "OPTIONS.TRANSACTION", message: expect.stringContaining("a Pool of node-postgres") as string }));
  await client.close();
  const file = new Database(":memory:");
  const { code } = betterSqlite(file).transaction((transaction) => refused(() => drizzleDatabase(transaction, { schema: sqlite })));
  expect(code).toBe("OPTIONS.TRANSACTION");
  file.close();
});

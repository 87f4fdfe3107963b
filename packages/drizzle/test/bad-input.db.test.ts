import { refused } from "@sync/test-adapters";
import { openPglite } from "@sync/test-databases";
import { describePostgres } from "@sync/test-databases/vitest";
import Database from "better-sqlite3";
import { drizzle as betterSqlite } from "drizzle-orm/better-sqlite3";
import { drizzle as nodePostgres } from "drizzle-orm/node-postgres";
import * as pg from "drizzle-orm/pg-core";
import { drizzle as pglite } from "drizzle-orm/pglite";
import * as lite from "drizzle-orm/sqlite-core";
import { Client, Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createSync, drizzleDatabase, leftWins, naturalKey } from "../src/index.ts";
import type { DrizzleLike } from "../src/index.ts";

// What an application can get wrong: each is said with a code and the way out, before anything is written.

const postgres = {
  countries: pg.pgTable("countries", { id: pg.serial().primaryKey(), code: pg.text().notNull().unique(), name: pg.text() }),
};
const sqlite = {
  countries: lite.sqliteTable("countries", { id: lite.integer().primaryKey(), code: lite.text().notNull().unique(), name: lite.text() }),
};
const matched = { countries: { match: naturalKey("code") } } as const;

let other: Database.Database;
beforeAll(() => {
  other = new Database(":memory:");
  other.exec("create table countries (id integer primary key, code text not null unique, name text); insert into countries (code) values ('CH')");
});
afterAll(() => void other.close());

/** A run against it fails with this. */
async function failing(db: DrizzleLike, schema: object, wanted: { code: string; message: RegExp }): Promise<void> {
  const right = drizzleDatabase(db, { schema: schema as typeof postgres, patience: 100 });
  const sync = createSync({ name: "bad", left: drizzleDatabase(betterSqlite(other), { schema: sqlite }), right, models: matched, conflicts: leftWins() });
  await expect(sync.run()).rejects.toMatchObject({ code: wanted.code, message: expect.stringMatching(wanted.message) as string });
  expect(other.prepare("select count(*) from countries").pluck().get()).toBe(1);
}

test("a model that is not there, a table without a key, a required column of a type that cannot be carried", () => {
  const db = betterSqlite(other);
  expect(refused(() => drizzleDatabase(db, { schema: sqlite, models: ["country" as "countries"] })).message).toBe("There is no model `country`. Known: countries.");
  const keyless = { notes: lite.sqliteTable("notes", { text: lite.text() }) };
  expect(refused(() => drizzleDatabase(db, { schema: keyless, models: ["notes"] }))).toMatchObject({ code: "OPTIONS.MODEL", message: expect.stringContaining("neither a primary key nor a unique key") as string });
  const places = { places: pg.pgTable("places", { id: pg.serial().primaryKey(), at: pg.point().notNull() }) };
  const error = refused(() => drizzleDatabase(nodePostgres(new Pool()), { schema: places, models: ["places"] }));
  expect(error).toMatchObject({ code: "OPTIONS.MODEL", message: expect.stringContaining("`at` is required, and a value of type point cannot be carried") as string });
});

test("tables of another version of Drizzle", () => {
  const table = pg.pgTable("things", { id: pg.integer().primaryKey(), data: pg.jsonb() });
  Object.assign(table.data, { dataType: "object json" });
  expect(refused(() => drizzleDatabase(nodePostgres(new Pool()), { schema: { things: table } }))).toMatchObject({ code: "OPTIONS.VERSION", message: expect.stringContaining("keep one copy") as string });
});

test("a SQLite database that is closed, one that takes no writes, and a schema that lags behind the code", async () => {
  const closed = new Database(":memory:");
  const db = betterSqlite(closed);
  closed.close();
  await failing(db, sqlite, { code: "ENDPOINT.CLOSED", message: /run the sync while it is open/ });
  const lagging = new Database(":memory:");
  await failing(betterSqlite(lagging), sqlite, { code: "SCHEMA.MISSING_TABLE", message: /the database has no table/ });
  lagging.exec("create table countries (id integer primary key, code text not null unique)");
  await failing(betterSqlite(lagging), sqlite, { code: "SCHEMA.MISSING_COLUMN", message: /name/ });
  lagging.pragma("query_only = on");
  await failing(betterSqlite(lagging), sqlite, { code: "ENDPOINT.READ_ONLY", message: /takes no writes/ });
  lagging.close();
});

test("a PGlite that is closed", async () => {
  const client = await openPglite();
  await client.close();
  await failing(pglite(client), postgres, { code: "ENDPOINT.CLOSED", message: /run the sync while it is open/ });
});

describePostgres("node-postgres", (server) => {
  let fresh: Awaited<ReturnType<typeof server.freshDatabase>>;
  beforeAll(async () => {
    fresh = await server.freshDatabase(import.meta.url);
  });
  afterAll(() => fresh.drop());

  test("a pool that has ended, a client that is not connected or has ended", async () => {
    const pool = new Pool({ connectionString: fresh.url });
    await pool.end();
    await failing(nodePostgres(pool), postgres, { code: "ENDPOINT.CLOSED", message: /run the sync while it is open/ });
    const client = new Client({ connectionString: fresh.url });
    await failing(nodePostgres(client), postgres, { code: "ENDPOINT.CLOSED", message: /`await client.connect\(\)` before the sync runs/ });
    await client.connect();
    await client.end();
    await failing(nodePostgres(client), postgres, { code: "ENDPOINT.CLOSED", message: /run the sync while it is open/ });
  });

  test("a user who may only read", async () => {
    const owner = new Client({ connectionString: fresh.url });
    await owner.connect();
    const user = `reader_${process.pid}`;
    await owner.query("create table countries (id serial primary key, code text not null unique, name text)");
    await owner.query(`create role ${user} login; grant select on countries to ${user}`);
    const pool = new Pool({ connectionString: fresh.url, options: `-c role=${user}` });
    await failing(nodePostgres(pool), postgres, { code: "ENDPOINT.FORBIDDEN", message: /lacks a privilege/ });
    await pool.end();
    expect((await owner.query("select count(*)::int as n from pg_class where relname like 'sync%'")).rows).toEqual([{ n: 0 }]);
    await owner.query(`drop table countries; drop role ${user}`);
    await owner.end();
  });
});

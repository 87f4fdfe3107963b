import { prepare, rowsOf, valuesOf } from "@sync/test-adapters";
import { openPglite } from "@sync/test-databases";
import { describePostgres } from "@sync/test-databases/vitest";
import Database from "better-sqlite3";
import { sql } from "drizzle-orm";
import type { Table } from "drizzle-orm";
import { drizzle as betterSqlite } from "drizzle-orm/better-sqlite3";
import { drizzle as nodePostgres } from "drizzle-orm/node-postgres";
import * as pg from "drizzle-orm/pg-core";
import { drizzle as pglite } from "drizzle-orm/pglite";
import * as lite from "drizzle-orm/sqlite-core";
import { Client, Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSync, drizzleDatabase, leftWins, naturalKey } from "../src/index.ts";
import type { DrizzleLike, Sync } from "../src/index.ts";

const refuseEmpty = (name: string): string => {
  if (name === "") throw new Error("a country has a name");
  return name.trim();
};
const pgName = pg.customType<{ data: string }>({ dataType: () => "text", toDriver: refuseEmpty });
const liteName = lite.customType<{ data: string }>({ dataType: () => "text", toDriver: refuseEmpty });
const [defaults, updates] = [() => sql`lower('NEW')`, () => sql`lower('DRIZZLE')`];
const postgres = {
  countries: pg.pgTable("countries", {
    id: pg.serial().primaryKey(), code: pg.text().notNull().unique(), name: pgName().notNull(), by: pg.text().$onUpdate(updates), slug: pg.text().$defaultFn(defaults),
    within: pg.integer().references((): pg.AnyPgColumn => postgres.countries.id),
  }),
};
const sqlite = {
  countries: lite.sqliteTable("countries", {
    id: lite.integer().primaryKey(), code: lite.text().notNull().unique(), name: liteName().notNull(), by: lite.text().$onUpdate(updates), slug: lite.text().$defaultFn(defaults),
    within: lite.integer().references((): lite.AnySQLiteColumn => sqlite.countries.id),
  }),
};
// The other side knows nothing of it.
const plain = {
  countries: lite.sqliteTable("countries", {
    id: lite.integer().primaryKey(), code: lite.text().notNull().unique(), name: lite.text().notNull(), by: lite.text(), within: lite.integer().references((): lite.AnySQLiteColumn => plain.countries.id),
  }),
};
const columns = "code text not null unique, name text not null, by text, slug text, within integer references countries";
const kinds = { countries: { name: { type: "text" } } } as const;

interface Opened {
  readonly db: DrizzleLike;
  readonly schema: { readonly countries: Table };
  query(text: string): Promise<unknown[]>;
  close(): Promise<void>;
}

function throughDrizzle(open: () => Promise<Opened>): void {
  let right: Opened;
  const left = new Database(":memory:");
  let sync: Sync;
  beforeAll(async () => {
    right = await open();
    left.exec("create table countries (id integer primary key, code text not null unique, name text not null, by text, within integer references countries)");
    sync = createSync({
      name: "orm", left: drizzleDatabase(betterSqlite(left), { schema: plain }), right: drizzleDatabase(right.db, { schema: right.schema, kinds, writes: "orm" }),
      models: { countries: { match: naturalKey("code"), fields: { by: "by" } } }, conflicts: leftWins(),
    });
  });
  afterAll(async () => {
    left.close();
    await right.close();
  });
  const stored = () => right.query("select c.code, c.name, c.by, c.slug, p.code as within from countries c left join countries p on p.id = c.within order by c.code");

  test("defaults and mappers run in Drizzle; what they alter is reported once and does not travel back", async () => {
    left.exec("insert into countries (id, code, name, within) values (7, 'EU', 'Europe', null), (8, 'DE', ' Germany ', 7), (9, 'FR', 'France', 7)");
    const first = await sync.run();
    expect(first.models.get("countries")).toMatchObject({ created: { left: 0, right: 3 }, updated: { left: 0, right: 0 }, altered: 1 });
    expect(await stored()).toMatchObject([
      { code: "DE", name: "Germany", by: null, slug: "new", within: "EU" }, { code: "EU", name: "Europe", within: null }, { code: "FR", name: "France", slug: "new", within: "EU" },
    ]);
    const second = await sync.run();
    expect(second.written).toEqual({ left: 0, right: 0 });
    expect(second.models.get("countries")).toMatchObject({ altered: 0 });
    expect(left.prepare("select name from countries where code = 'DE'").pluck().get()).toBe(" Germany ");
  });

  test("updates and deletes go through it, too; what `$onUpdate` alters is reported once", async () => {
    left.exec("update countries set name = 'La France', within = null where code = 'FR'; delete from countries where code = 'DE'");
    expect((await sync.run()).models.get("countries")).toMatchObject({ updated: { left: 0, right: 1 }, deleted: { right: 1 }, altered: 1 });
    expect(await stored()).toMatchObject([{ code: "EU", by: null }, { code: "FR", name: "La France", by: "drizzle", slug: "new", within: null }]);
    const next = await sync.run();
    expect(next.written).toEqual({ left: 0, right: 0 });
    expect(next.models.get("countries")).toMatchObject({ altered: 0 });
    expect(left.prepare("select by from countries where code = 'FR'").pluck().get()).toBeNull();
  });

  test("a record that a mapper refuses waits alone", async () => {
    left.exec("insert into countries (code, name) values ('IT', 'Italy'), ('XX', '')");
    expect((await sync.run()).models.get("countries")).toMatchObject({ created: { right: 1 }, quarantined: 1 });
    expect((await stored()).map((row) => (row as { code: string }).code)).toEqual(["EU", "FR", "IT"]);
  });

  test("a record that somebody changed meanwhile is left alone", async () => {
    const database = drizzleDatabase(right.db, { schema: right.schema, kinds, writes: "orm" });
    await prepare(database);
    const read = (await rowsOf(database, "countries")).find((row) => valuesOf(database, "countries", row)["code"] === "EU");
    await right.query("update countries set name = 'Elsewhere' where code = 'EU'");
    const { fence } = await database.claim({ holder: "test", runner: "test", seconds: 60 });
    const { key, revision } = read!;
    const answer = await database.commit({
      id: "stale", fence,
      batches: [
        { op: "update", model: "countries", fields: ["name"], rows: [{ key, revision, values: ["Europe again"] }] },
        { op: "delete", model: "countries", rows: [{ key, revision }] },
      ],
    });
    await database.release(fence, true);
    expect(answer).toMatchObject({ committed: true, outcomes: [[{ status: "stale" }], [{ status: "stale" }]] });
    expect((await stored())[0]).toMatchObject({ code: "EU", name: "Elsewhere" });
  });
}

async function openSqlite(): Promise<Opened> {
  const client = new Database(":memory:");
  client.pragma("foreign_keys = on");
  client.exec(`create table countries (id integer primary key, ${columns})`);
  const query = async (text: string): Promise<unknown[]> => {
    const statement = client.prepare(text);
    return statement.reader ? statement.all() : [statement.run()];
  };
  return { db: betterSqlite(client), schema: sqlite, query, close: async () => void client.close() };
}

async function openLite(): Promise<Opened> {
  const client = await openPglite();
  await client.exec(`create table countries (id serial primary key, ${columns})`);
  return { db: pglite(client), schema: postgres, query: async (text) => (await client.query(text)).rows, close: () => client.close() };
}

describe("through Drizzle on better-sqlite3", () => throughDrizzle(openSqlite));
describe("through Drizzle on PGlite", () => throughDrizzle(openLite));
describePostgres("through Drizzle on a pool", (server) => throughDrizzle(async () => {
  const fresh = await server.freshDatabase(import.meta.url);
  const pool = new Pool({ connectionString: fresh.url });
  await pool.query(`create table countries (id serial primary key, ${columns})`);
  return {
    db: nodePostgres(pool), schema: postgres, query: async (text) => (await pool.query(text)).rows,
    async close() {
      await pool.end();
      await fresh.drop();
    },
  };
}));

test("one client has no connection of its own for that, so it is refused", () => {
  expect(() => drizzleDatabase(nodePostgres(new Client()), { schema: postgres, writes: "orm" })).toThrow("give Drizzle a Pool instead of one Client");
  expect(() => drizzleDatabase(nodePostgres(new Client()), { schema: postgres, writes: "odm" as "orm" })).toThrow('`writes` is "bulk" or "orm".');
});

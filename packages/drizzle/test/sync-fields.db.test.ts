import { createSync, drizzleDatabase, leftWins, naturalKey, pgSyncColumns, sqliteSyncColumns } from "@sync/drizzle";
import type { DrizzleLike } from "@sync/drizzle";
import { openPglite } from "@sync/test-databases";
import { describePostgres } from "@sync/test-databases/vitest";
import Database from "better-sqlite3";
import { generateDrizzleJson, generateMigration, generateSQLiteDrizzleJson, generateSQLiteMigration } from "drizzle-kit/api";
import { drizzle as betterSqlite } from "drizzle-orm/better-sqlite3";
import { drizzle as nodePostgres } from "drizzle-orm/node-postgres";
import * as pg from "drizzle-orm/pg-core";
import { drizzle as pglite } from "drizzle-orm/pglite";
import * as lite from "drizzle-orm/sqlite-core";
import { Pool } from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";

const postgresColumns = () => ({ id: pg.serial().primaryKey(), code: pg.text().notNull().unique() });
const sqliteColumns = () => ({ id: lite.integer().primaryKey(), code: lite.text().notNull().unique() });
// Two tables of each: what one gets may not stick to the other's.
const postgres = {
  before: { countries: pg.pgTable("countries", postgresColumns()), towns: pg.pgTable("towns", postgresColumns()) },
  after: {
    countries: pg.pgTable("countries", { ...postgresColumns(), ...pgSyncColumns() }),
    towns: pg.pgTable("towns", { ...postgresColumns(), ...pgSyncColumns() }),
  },
};
const sqlite = {
  before: { countries: lite.sqliteTable("countries", sqliteColumns()), towns: lite.sqliteTable("towns", sqliteColumns()) },
  after: {
    countries: lite.sqliteTable("countries", { ...sqliteColumns(), ...sqliteSyncColumns() }),
    towns: lite.sqliteTable("towns", { ...sqliteColumns(), ...sqliteSyncColumns() }),
  },
};

/** What drizzle-kit writes for `casing: "snake_case"`: the tables first, then the columns. */
async function postgresMigrations(): Promise<readonly [readonly string[], readonly string[]]> {
  const [nothing, before, after] = [{}, postgres.before, postgres.after].map((schema) => generateDrizzleJson(schema, undefined, undefined, "snake_case"));
  return [await generateMigration(nothing, before), await generateMigration(before, after)];
}

let file: Database.Database;
beforeEach(async () => {
  const [nothing, before, after] = await Promise.all([{}, sqlite.before, sqlite.after].map((schema) => generateSQLiteDrizzleJson(schema, undefined, "snake_case")));
  file = new Database(":memory:");
  for (const statement of await generateSQLiteMigration(nothing, before)) file.exec(statement);
  file.exec("insert into countries (code) values ('CH')");
  for (const statement of await generateSQLiteMigration(before, after)) file.exec(statement);
});
afterEach(() => void file.close());

type Postgres = pg.PgDatabase<pg.PgQueryResultHKT> & DrizzleLike;

async function synced(db: Postgres): Promise<void> {
  const left = drizzleDatabase(betterSqlite(file, { casing: "snake_case" }), { schema: sqlite.after });
  const right = drizzleDatabase(db, { schema: postgres.after });
  const sync = createSync({ name: "fields", left, right, models: { countries: { match: naturalKey("code") } }, conflicts: leftWins() });
  expect((await sync.run()).written).toMatchObject({ right: 1 });
  expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  const [here] = betterSqlite(file, { casing: "snake_case" }).select().from(sqlite.after.countries).all();
  const [there] = await db.select().from(postgres.after.countries);
  expect(here!.cloudId).toMatch(/^[0-9a-f-]{36}$/);
  expect(there).toMatchObject({ code: "CH", cloudId: here!.cloudId, syncStatus: "synced" });
  expect(Math.abs(there!.lastSyncedAt!.getTime() - Date.now())).toBeLessThan(60_000);
  // No table beside it is needed.
  expect(file.prepare("select count(*) from sync_identity").pluck().get()).toBe(0);
}

test("drizzle-kit migrates tables on SQLite and PGlite to the columns, and the sync uses them", async () => {
  const client = await openPglite();
  const [tables, columns] = await postgresMigrations();
  for (const statement of [...tables, ...columns]) await client.exec(statement);
  expect(columns.join()).toMatch(/CONSTRAINT "countries_cloudId_unique" UNIQUE.*CONSTRAINT "towns_cloudId_unique" UNIQUE/s);
  await synced(pglite(client, { casing: "snake_case" }));
  await client.close();
});

describePostgres("and", (server) => {
  test("on PostgreSQL, where rows are there already", async () => {
    const fresh = await server.freshDatabase(import.meta.url);
    const pool = new Pool({ connectionString: fresh.url });
    const [tables, columns] = await postgresMigrations();
    for (const statement of tables) await pool.query(statement);
    await pool.query("insert into towns (code) values ('BRN')");
    for (const statement of columns) await pool.query(statement);
    const db = nodePostgres(pool, { casing: "snake_case" });
    await synced(db);
    expect((await db.select().from(postgres.after.towns))[0]).toMatchObject({ code: "BRN", cloudId: null, lastSyncedAt: null, syncStatus: null });
    await pool.end();
    await fresh.drop();
  });
});

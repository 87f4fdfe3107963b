import type { Executor, Statement, TextRow, TurnWriter } from "@sync/sql";
import { hammer, tables, throughRecords } from "@sync/test-adapters";
import { openPglite } from "@sync/test-databases";
import { describePostgres } from "@sync/test-databases/vitest";
import Database from "better-sqlite3";
import { drizzle as betterSqlite } from "drizzle-orm/better-sqlite3";
import { drizzle as nodePostgres } from "drizzle-orm/node-postgres";
import * as pg from "drizzle-orm/pg-core";
import { drizzle as pglite } from "drizzle-orm/pglite";
import * as lite from "drizzle-orm/sqlite-core";
import { Pool } from "pg";
import { expect, test } from "vitest";
import { drizzleExecutor } from "../src/executor.ts";
import type { DrizzleLike } from "../src/index.ts";
import { postgresRecords, sqliteRecords } from "../src/records.ts";
import { tablesOf } from "../src/tables.ts";
import { postgresApplication, sqliteApplication } from "./support/application.ts";

/** What records are written by is what a unit runs in: the hammer's statements, its inserts through Drizzle. */
const hammered = { ours: { postgres: { ours: pg.pgTable("ours", { id: pg.text().primaryKey() }) }, sqlite: { ours: lite.sqliteTable("ours", { id: lite.text().primaryKey() }) } } };
const model = { model: { name: "ours", fields: [{ name: "id", kind: { type: "text" } }] } } as never;

function inTurn(executor: Executor, writer: TurnWriter): Executor {
  const step = (query: (statement: Statement) => readonly TextRow[], statement: Statement) => {
    if (!statement.sql.startsWith("insert")) return query(statement);
    writer.insert("ours", [{ id: statement.params[0]! }]);
    return [];
  };
  return { ...executor, atomic: async (statements) => await executor.inTurn!((query) => statements.map((statement) => step(query, statement))) };
}

test("on better-sqlite3, records and the application's transactions do not touch each other", async () => {
  const client = new Database(":memory:");
  for (const table of tables) client.exec(table);
  const db = betterSqlite(client);
  const writer = sqliteRecords(db, tablesOf(hammered.ours.sqlite, "sqlite").tables, [model], {});
  await hammer(inTurn(drizzleExecutor(db, 10_000), writer), sqliteApplication(client), 100);
  client.close();
});

type Postgres = pg.PgDatabase<pg.PgQueryResultHKT> & DrizzleLike;

async function hammeredPostgres(db: Postgres, rounds: number): Promise<void> {
  const writer = postgresRecords(db, tablesOf(hammered.ours.postgres, "postgres").tables, [model], {});
  await hammer(throughRecords(drizzleExecutor(db, 10_000), writer, "ours"), postgresApplication(db, false), rounds);
}

test("on PGlite, records and the application's transactions do not touch each other", async () => {
  const client = await openPglite();
  for (const table of tables) await client.exec(table);
  await hammeredPostgres(pglite(client), 40);
  await client.close();
});

describePostgres("node-postgres", (server) => {
  test("on a pool, records and the application's transactions do not touch each other", async () => {
    const fresh = await server.freshDatabase(`${import.meta.url} pool`);
    const pool = new Pool({ connectionString: fresh.url, max: 4 });
    for (const table of tables) await pool.query(table);
    await hammeredPostgres(nodePostgres(pool), 60);
    expect(pool.idleCount).toBe(pool.totalCount);
    await pool.end();
    await fresh.drop();
  });
});

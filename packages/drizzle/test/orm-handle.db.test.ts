import type { Executor, RecordWriter, Statement, TurnWriter } from "@sync/sql";
import { hammer, tables } from "@sync/test-adapters";
import { openPglite } from "@sync/test-databases";
import { describePostgres } from "@sync/test-databases/vitest";
import Database from "better-sqlite3";
import { sql } from "drizzle-orm";
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

/** What records are written by is what a unit runs in: the hammer's statements, its inserts through Drizzle. */
const hammered = { ours: { postgres: { ours: pg.pgTable("ours", { id: pg.text().primaryKey() }) }, sqlite: { ours: lite.sqliteTable("ours", { id: lite.text().primaryKey() }) } } };
const model = { model: { name: "ours", fields: [{ name: "id", kind: { type: "text" } }] } } as never;
const isInsert = ({ sql: text }: Statement): boolean => text.startsWith("insert");
const idOf = ({ params }: Statement): ReadonlyMap<string, string> => new Map([["id", params[0]!]]);

function inTurn(executor: Executor, writer: TurnWriter): Executor {
  const step = (query: (statement: Statement) => readonly (readonly (string | null)[])[], statement: Statement) => {
    if (!isInsert(statement)) return query(statement);
    writer.insert("ours", [idOf(statement)]);
    return [];
  };
  return { ...executor, atomic: async (statements) => await executor.inTurn!((query) => statements.map((statement) => step(query, statement))) };
}

function inTransactions(executor: Executor, writer: RecordWriter): Executor {
  return {
    ...executor,
    atomic: (statements) => writer.transaction(async (session) => {
      const answers: (readonly (readonly (string | null)[])[])[] = [];
      for (const statement of statements) {
        if (isInsert(statement)) {
          await session.insert("ours", [idOf(statement)]);
          answers.push([]);
        } else answers.push(await session.query(statement));
      }
      return answers;
    }),
  };
}

test("on better-sqlite3, records and the application's transactions do not touch each other", async () => {
  const client = new Database(":memory:");
  for (const table of tables) client.exec(table);
  const db = betterSqlite(client);
  const write = (id: string): void => void db.run(sql`insert into application (id) values (${id})`);
  const writer = sqliteRecords(db, tablesOf(hammered.ours.sqlite, "sqlite").tables, [model], {});
  await hammer(inTurn(drizzleExecutor(db, 10_000), writer), {
    takesTurns: true,
    write: async (id) => write(id),
    async transaction([a, b], commit, pause) {
      client.exec("begin");
      write(a);
      await pause();
      write(b);
      await pause();
      client.exec(commit ? "commit" : "rollback");
    },
    ids: async () => client.prepare("select id from application").pluck().all() as string[],
  }, 100);
  client.close();
});

type Postgres = pg.PgDatabase<pg.PgQueryResultHKT> & DrizzleLike;

async function hammeredPostgres(db: Postgres, rounds: number): Promise<void> {
  const stop = new Error("rolled back on purpose");
  const writer = postgresRecords(db, tablesOf(hammered.ours.postgres, "postgres").tables, [model], {});
  await hammer(inTransactions(drizzleExecutor(db, 10_000), writer), {
    takesTurns: false,
    write: async (id) => void (await db.execute(sql`insert into application (id) values (${id})`)),
    async transaction(ids, commit, pause) {
      await db.transaction(async (transaction) => {
        for (const id of ids) {
          await transaction.execute(sql`insert into application (id) values (${id})`);
          await pause();
        }
        if (!commit) throw stop;
      }).catch((error: unknown) => {
        if (error !== stop) throw error;
      });
    },
    ids: async () => ((await db.execute<{ id: string }>(sql`select id from application`)) as { rows: { id: string }[] }).rows.map(({ id }) => id),
  }, rounds);
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

import { PGlite } from "@electric-sql/pglite";
import { hammer, tables } from "@sync/test-adapters";
import { describePostgres } from "@sync/test-databases/vitest";
import Database from "better-sqlite3";
import { drizzle as betterSqlite } from "drizzle-orm/better-sqlite3";
import { drizzle as nodePostgres } from "drizzle-orm/node-postgres";
import { drizzle as pglite } from "drizzle-orm/pglite";
import { Client, Pool } from "pg";
import { describe, expect, test } from "vitest";
import { drizzleExecutor } from "../src/executor.ts";
import { postgresApplication, sqliteApplication } from "./support/application.ts";

describe("better-sqlite3", () => {
  test("units and the application's transactions on one handle do not touch each other", async () => {
    const client = new Database(":memory:");
    for (const table of tables) client.exec(table);
    await hammer(drizzleExecutor(betterSqlite(client), 10_000), sqliteApplication(client), 100);
    client.close();
  });

  test("a transaction of the application that stays open is waited for, then reported as worth another try", async () => {
    const client = new Database(":memory:");
    client.exec("begin");
    const executor = drizzleExecutor(betterSqlite(client), 20);
    await expect(executor.query({ sql: "select 1 as c0", params: [] })).rejects.toMatchObject({ code: "ENDPOINT.BUSY", retryable: true });
    client.exec("rollback");
    expect(await executor.query({ sql: "select '1' as c0", params: [] })).toEqual([["1"]]);
    client.close();
  });

  test("a result that the application iterates over is reported as worth another try", async () => {
    const client = new Database(":memory:");
    for (const table of tables) client.exec(table);
    client.exec("insert into application (id) values ('a'), ('b')");
    const executor = drizzleExecutor(betterSqlite(client), 20);
    const insert = { sql: "insert into ours (id) values (?)", params: ["once"] };
    const rows = client.prepare("select id from application").iterate();
    rows.next();
    await expect(executor.atomic([insert])).rejects.toMatchObject({ code: "ENDPOINT.BUSY", retryable: true });
    rows.return!();
    await executor.atomic([insert]);
    expect(client.prepare("select id from ours").pluck().all()).toEqual(["once"]);
    client.close();
  });
});

describe("pglite", () => {
  test("units and the application's transactions on one handle do not touch each other", async () => {
    const client = await PGlite.create();
    for (const table of tables) await client.exec(table);
    const db = pglite(client);
    await hammer(drizzleExecutor(db, 10_000), postgresApplication(db, false), 40);
    await client.close();
  });
});

describePostgres("node-postgres", (server) => {
  test("on a pool, units and the application's transactions do not touch each other", async () => {
    const database = await server.freshDatabase(`${import.meta.url} pool`);
    const pool = new Pool({ connectionString: database.url, max: 4 });
    for (const table of tables) await pool.query(table);
    const db = nodePostgres(pool);
    await hammer(drizzleExecutor(db, 10_000), postgresApplication(db, false), 100);
    expect(pool.idleCount).toBe(pool.totalCount);
    await pool.end();
    await database.drop();
  });

  test("on one shared client, units and the application's transactions do not touch each other", async () => {
    const database = await server.freshDatabase(`${import.meta.url} client`);
    const client = new Client({ connectionString: database.url });
    await client.connect();
    for (const table of tables) await client.query(table);
    const db = nodePostgres(client);
    await hammer(drizzleExecutor(db, 10_000), postgresApplication(db, true), 100);
    await client.end();
    await database.drop();
  });

  test("on one shared client, several statements carry their parameters", async () => {
    const client = new Client({ connectionString: server.url });
    await client.connect();
    const { atomic } = drizzleExecutor(nodePostgres(client), 1_000);
    const texts = ["it's", "back\\slash", "$2::text", "é\n\"", ""];
    const answers = await atomic([
      { sql: "select $1::text as c0, $2::text as c1, $3::text as c2, $4::text as c3, $5::text as c4", params: texts },
      { sql: "select $1::text as c0, 1 as c1, true as c2", params: [null] },
    ]);
    expect(answers).toEqual([[texts], [[null, "1", "t"]]]);
    expect(await atomic([{ sql: "select $1::text as c0", params: ["one"] }])).toEqual([[["one"]]]);
    await expect(atomic([{ sql: "create table half (id int)", params: [] }, { sql: "select 1 / 0", params: [] }])).rejects.toMatchObject({ code: "22012" });
    expect(await atomic([{ sql: "select to_regclass('half')::text as c0", params: [] }])).toEqual([[[null]]]);
    await client.end();
  });

  test("on one shared client, an open transaction is waited for, then reported as worth another try", async () => {
    const client = new Client({ connectionString: server.url });
    await client.connect();
    const executor = drizzleExecutor(nodePostgres(client), 50);
    await client.query("begin");
    await expect(executor.query({ sql: "select 1 as c0", params: [] })).rejects.toMatchObject({ code: "ENDPOINT.BUSY", retryable: true });
    await client.query("rollback");
    expect(await executor.query({ sql: "select 1 as c0", params: [] })).toEqual([["1"]]);
    await client.end();
  });

  test("COPY takes rows in, or nothing when its guard finds none", async () => {
    const database = await server.freshDatabase(`${import.meta.url} copy`);
    const pool = new Pool({ connectionString: database.url });
    for (const table of tables) await pool.query(table);
    const { copyTransaction, query } = drizzleExecutor(nodePostgres(pool), 10_000);
    const copy = { copy: "copy ours (id) from stdin", chunks: ["a\nb\n", "c\n"] };
    const guard = (where: string) => ({ sql: `select '1' as c0 where ${where}`, params: [] });
    expect(await copyTransaction!(guard("false"), [copy])).toBeUndefined();
    expect(await copyTransaction!(guard("true"), [copy, { sql: "delete from ours where id = $1::text returning id as c0", params: ["b"] }])).toEqual([[["1"]], [], [["b"]]]);
    await expect(copyTransaction!(guard("true"), [{ ...copy, chunks: ["d\n", "a\n"] }])).rejects.toMatchObject({ code: "23505" });
    expect(await query({ sql: "select id as c0 from ours order by id", params: [] })).toEqual([["a"], ["c"]]);
    expect(pool.idleCount).toBe(pool.totalCount);
    await pool.end();
    await database.drop();
  });
});

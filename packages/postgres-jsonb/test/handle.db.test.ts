import { postgresDriver, postgresExecutor } from "@sync/sql";
import { hammer, tables, type Application } from "@sync/test-adapters";
import { openPglite } from "@sync/test-databases";
import { describePostgres } from "@sync/test-databases/vitest";
import { Client, Pool } from "pg";
import { expect, test } from "vitest";
import type { PostgresLike } from "../src/index.ts";

/** As `jsonbDatabase` does it. */
const executorOn = (client: PostgresLike): ReturnType<typeof postgresExecutor> => postgresExecutor(client, postgresDriver(client)!, 10_000);

/** An application that writes in transactions and alone; `begin` gives it what a transaction goes through. */
function application(client: { query(sql: string, params?: string[]): Promise<{ rows: unknown[] }> }, transaction: Application["transaction"], takesTurns: boolean): Application {
  return {
    takesTurns, transaction,
    write: async (id) => void (await client.query(insert, [id])),
    ids: async () => (await client.query("select id from application")).rows.map((row) => (row as { id: string }).id),
  };
}
const insert = "insert into application (id) values ($1)";

test("on PGlite, units and the application's transactions do not touch each other", async () => {
  const client = await openPglite();
  for (const table of tables) await client.exec(table);
  const transaction: Application["transaction"] = ([a, b], commit, pause) => client.transaction(async (open) => {
    await open.query(insert, [a]);
    await pause();
    await open.query(insert, [b]);
    await pause();
    if (!commit) await open.rollback();
  });
  await hammer(executorOn(client), application(client, transaction, false), 40);
  await client.close();
});

describePostgres("node-postgres", (server) => {
  const steps = async (client: Pick<Client, "query">, [a, b]: readonly [string, string], commit: boolean, pause: () => Promise<void>): Promise<void> => {
    await client.query("begin");
    await client.query(insert, [a]);
    await pause();
    await client.query(insert, [b]);
    await pause();
    await client.query(commit ? "commit" : "rollback");
  };

  test("on a pool, units and the application's transactions do not touch each other", async () => {
    const database = await server.freshDatabase(`${import.meta.url} pool`);
    const pool = new Pool({ connectionString: database.url, max: 4 });
    for (const table of tables) await pool.query(table);
    const transaction: Application["transaction"] = async (ids, commit, pause) => {
      const client = await pool.connect();
      await steps(client, ids, commit, pause);
      client.release();
    };
    await hammer(executorOn(pool), application(pool, transaction, false), 100);
    expect(pool.idleCount).toBe(pool.totalCount);
    await pool.end();
    await database.drop();
  });

  test("on one shared client, units and the application's transactions do not touch each other", async () => {
    const database = await server.freshDatabase(`${import.meta.url} client`);
    const client = new Client({ connectionString: database.url });
    await client.connect();
    for (const table of tables) await client.query(table);
    const transaction: Application["transaction"] = (ids, commit, pause) => steps(client, ids, commit, pause);
    await hammer(executorOn(client), application(client, transaction, true), 100);
    await client.end();
    await database.drop();
  });
});

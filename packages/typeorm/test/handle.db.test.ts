import { hammer, tables, type Application } from "@sync/test-adapters";
import { describePostgres } from "@sync/test-databases/vitest";
import type { DataSource } from "typeorm";
import { describe, expect, test } from "vitest";
import { typeormExecutor } from "../src/executor.ts";
import { openPostgres, openSqlite } from "./support/open.ts";

function applicationOn(dataSource: DataSource, takesTurns: boolean): Application {
  const insert = dataSource.options.type === "postgres" ? "insert into application (id) values ($1)" : "insert into application (id) values (?)";
  const stop = new Error("rolled back on purpose");
  return {
    takesTurns,
    ids: async () => (await dataSource.query<{ id: string }[]>("select id from application")).map((row) => row.id),
    write: async (id) => void (await dataSource.query(insert, [id])),
    async transaction([a, b], commit, pause) {
      await dataSource
        .transaction(async (manager) => {
          await manager.query(insert, [a]);
          await pause();
          await manager.query(insert, [b]);
          await pause();
          if (!commit) throw stop;
        })
        .catch((error: unknown) => {
          if (error !== stop) throw error;
        });
    },
  };
}

describe("better-sqlite3", () => {
  test("units and the application's transactions on one data source do not touch each other", async () => {
    const dataSource = await openSqlite([]);
    for (const table of tables) await dataSource.query(table);
    await hammer(typeormExecutor(dataSource, 10_000), applicationOn(dataSource, true), 100);
    await dataSource.destroy();
  });

  test("a transaction of the application that stays open is waited for, then reported as worth another try", async () => {
    const dataSource = await openSqlite([]);
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    const executor = typeormExecutor(dataSource, 20);
    await expect(executor.query({ sql: "select 1 as c0", params: [] })).rejects.toMatchObject({ code: "ENDPOINT.BUSY", retryable: true });
    await runner.rollbackTransaction();
    expect(await executor.query({ sql: "select '1' as c0", params: [] })).toEqual([["1"]]);
    await runner.release();
    await dataSource.destroy();
  });
});

test("a data source that was destroyed is reported, and works again once it is initialised again", async () => {
  const dataSource = await openSqlite([]);
  const executor = typeormExecutor(dataSource, 20);
  const one = { sql: "select '1' as c0", params: [] };
  await dataSource.destroy();
  await expect(executor.query(one)).rejects.toMatchObject({ code: "ENDPOINT.CLOSED", retryable: false });
  await expect(executor.atomic([one])).rejects.toMatchObject({ code: "ENDPOINT.CLOSED" });
  await dataSource.initialize();
  expect(await executor.query(one)).toEqual([["1"]]);
  await dataSource.destroy();
});

describePostgres("node-postgres", (server) => {
  test("on the data source's pool, units and the application's transactions do not touch each other", async () => {
    const fresh = await server.freshDatabase(import.meta.url);
    const dataSource = await openPostgres(fresh.url, []);
    for (const table of tables) await dataSource.query(table);
    await hammer(typeormExecutor(dataSource, 10_000), applicationOn(dataSource, false), 100);
    const pool = (dataSource.driver as unknown as { master: { totalCount: number; idleCount: number } }).master;
    expect(pool.idleCount).toBe(pool.totalCount);
    await dataSource.destroy();
    await fresh.drop();
  });
});

import { defineEntity, p } from "@mikro-orm/core";
import type { SqlMikroORM } from "@mikro-orm/sql";
import { hammer, tables, throughRecords } from "@sync/test-adapters";
import type { Application } from "@sync/test-adapters";
import type { Executor } from "@sync/sql";
import { describePostgres } from "@sync/test-databases/vitest";
import { describe, expect, test } from "vitest";
import { factsOf } from "../src/client.ts";
import { mikroOrmExecutor } from "../src/executor.ts";
import { modelsOf } from "../src/models.ts";
import { recordWriter } from "../src/records.ts";
import type { Opened } from "./support/open.ts";
import { openNodeSqlite, openOwnPglite, openPgliteDialect, openPool, openSqlite } from "./support/open.ts";

const Row = defineEntity({ name: "Row", tableName: "application", properties: { id: p.string().primary() } });
const Ours = defineEntity({ name: "Ours", tableName: "ours", properties: { id: p.string().primary() } });
const entities = [Row, Ours];

const executorOf = (orm: SqlMikroORM, patience = 10_000): Executor => mikroOrmExecutor(factsOf(orm), patience);

/** Units through entity managers: what the hammer inserts is an entity. */
function throughEntities(orm: SqlMikroORM): Executor {
  const writer = recordWriter(orm as never, modelsOf(orm.getMetadata().getAll().values(), { ...factsOf(orm), syncFields: {}, kinds: {}, keys: {} }).models, 10_000);
  return throughRecords(executorOf(orm), writer, "Ours");
}

/** Entity managers of an application, each flushing what is its own. */
function application(orm: SqlMikroORM): Application {
  const stop = new Error("rolled back on purpose");
  return {
    // MikroORM keeps an application's lone queries out of its transactions, whatever the driver.
    takesTurns: false,
    async write(id) {
      const em = orm.em.fork();
      em.create(Row, { id });
      await em.flush();
    },
    async transaction([a, b], commit, pause) {
      await orm.em
        .fork()
        .transactional(async (em) => {
          await em.insert(Row, { id: a });
          await pause();
          await em.insert(Row, { id: b });
          await pause();
          if (!commit) throw stop;
        })
        .catch((error: unknown) => {
          if (error !== stop) throw error;
        });
    },
    ids: async () => (await orm.em.fork().find(Row, {})).map(({ id }) => id),
  };
}

function tests(open: () => Promise<Opened>, rounds: number): void {
  test("units and the application's transactions on one ORM do not touch each other", async () => {
    const { orm, close } = await open();
    await hammer(executorOf(orm), application(orm), rounds);
    await close();
  });

  test("units through entities and the application's transactions do not touch each other either", async () => {
    const { orm, close } = await open();
    await hammer(throughEntities(orm), application(orm), rounds / 2);
    await close();
  });

  test("nothing is read or written once the ORM is closed, and it is not opened again", async () => {
    const { orm, close } = await open();
    const executor = executorOf(orm);
    const look = { sql: "select '1' as c0", params: [] };
    expect(await executor.query(look)).toEqual([["1"]]);
    await close();
    await expect(executor.query(look)).rejects.toMatchObject({ code: "ENDPOINT.CLOSED" });
    await expect(executor.atomic([look])).rejects.toMatchObject({ code: "ENDPOINT.CLOSED" });
    expect(await orm.isConnected()).toBe(false);
  });
}

function onOneConnection(open: () => Promise<Opened>): void {
  test("a transaction of the application that stays open is waited for, then reported as worth another try", async () => {
    const { orm, close } = await open();
    const executor = executorOf(orm, 50);
    const insert = { sql: "insert into ours (id) values ('late')", params: [] };
    await orm.em.fork().transactional(async (em) => {
      await em.insert(Row, { id: "1" });
      await expect(executor.query({ sql: "select 1 as c0", params: [] })).rejects.toMatchObject({ code: "ENDPOINT.BUSY", retryable: true });
      await expect(executor.atomic([insert])).rejects.toMatchObject({ code: "ENDPOINT.BUSY", retryable: true });
    });
    // What was given up is not done later.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await executor.query({ sql: "select count(*) || '' as c0 from ours", params: [] })).toEqual([["0"]]);
    await close();
  });
}

describe("better-sqlite3", () => {
  tests(() => openSqlite(entities), 100);
  onOneConnection(() => openSqlite(entities));
});
describe("node:sqlite behind a dialect", () => {
  tests(() => openNodeSqlite(entities), 100);
  onOneConnection(() => openNodeSqlite(entities));
});
describe("PGlite by MikroORM's driver", () => tests(() => openOwnPglite(entities), 40));
describe("PGlite behind a dialect", () => tests(() => openPgliteDialect(entities), 40));
describePostgres("PostgreSQL", (server) => {
  describe("its pool", () => {
    tests(() => openPool(server, `${import.meta.url} pool`, entities, { pool: { max: 4 } }), 100);

    test("another pool of the same ORM is found after it was connected anew", async () => {
      const { orm, close } = await openPool(server, `${import.meta.url} anew`, entities);
      const executor = executorOf(orm);
      await executor.query({ sql: "select 1 as c0", params: [] });
      await orm.close();
      await orm.connect();
      expect(await executor.query({ sql: "select '2' as c0", params: [] })).toEqual([["2"]]);
      await close();
    });

    test("a unit can be copied in, and a guard that gives no row leaves nothing behind", async () => {
      const { orm, close } = await openPool(server, `${import.meta.url} copy`, entities);
      const { copyTransaction, query } = executorOf(orm);
      const copy = { copy: "copy ours (id) from stdin", chunks: ["a\n", "b\n"] };
      const guard = (condition: string) => ({ sql: `select '1' as c0 where ${condition}`, params: [] });
      expect(await copyTransaction!(guard("false"), [copy])).toBeUndefined();
      expect(await copyTransaction!(guard("true"), [copy])).toEqual([[["1"]], []]);
      expect(await query({ sql: "select id as c0 from ours order by id", params: [] })).toEqual([["a"], ["b"]]);
      await close();
    });
  });
  describe("connections that MikroORM sets up each time", () => {
    tests(() => openPool(server, `${import.meta.url} session`, entities, { pool: { max: 4 }, sessionContext: "connection" }), 100);
  });
});

test("the tables are those that the hammer means", () => {
  expect(tables.join()).toContain("create table application (id text primary key)");
});

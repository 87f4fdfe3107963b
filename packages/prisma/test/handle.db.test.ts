import { PrismaPg } from "@prisma/adapter-pg";
import type { Executor } from "@sync/sql";
import { hammer, tables, throughRecords, type Application } from "@sync/test-adapters";
import { describePostgres } from "@sync/test-databases/vitest";
import { describe, expect, test } from "vitest";
import { factsOf } from "../src/client.ts";
import { readSchema } from "../src/dmmf.ts";
import { prismaExecutor } from "../src/executor.ts";
import { modelsOf } from "../src/models.ts";
import { recordWriter } from "../src/records.ts";
import { PrismaClient as PostgresClient } from "./postgres/generated/client.ts";
import type { PrismaClient as SqliteClient } from "./sqlite/generated/client.ts";
import { openSqlite } from "./support/sqlite.ts";

function application(prisma: SqliteClient | PostgresClient, takesTurns: boolean): Application {
  const stop = new Error("rolled back on purpose");
  type Raw = Pick<SqliteClient, "$executeRaw">;
  const insert = (on: Raw, id: string) => on.$executeRaw`insert into application (id) values (${id})`;
  return {
    takesTurns,
    write: async (id) => void (await insert(prisma, id)),
    async transaction([a, b], commit, pause) {
      await (prisma as SqliteClient)
        .$transaction(async (transaction) => {
          await insert(transaction, a);
          await pause();
          await insert(transaction, b);
          await pause();
          if (!commit) throw stop;
        })
        .catch((error: unknown) => {
          if (error !== stop) throw error;
        });
    },
    ids: async () => (await prisma.$queryRawUnsafe<{ id: string }[]>("select id from application")).map((row) => row.id),
  };
}

describe("better-sqlite3", () => {
  test("units and the application's transactions on one client do not touch each other", async () => {
    const { prisma, close } = await openSqlite();
    for (const table of tables) await prisma.$executeRawUnsafe(table);
    await hammer(prismaExecutor(prisma, "sqlite", 10_000), application(prisma, true), 150);
    await close();
  });

  test("an extension that takes its time does not let the application into a unit", async () => {
    const { prisma, close } = await openSqlite();
    for (const table of tables) await prisma.$executeRawUnsafe(table);
    const extended = prisma.$extends({
      query: {
        async $allOperations({ args, query }) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          return query(args);
        },
      },
    });
    await hammer(prismaExecutor(factsOf(extended).base, "sqlite", 10_000), application(prisma, true), 40);
    await close();
  });

  test("a write of the application is kept at whatever microtask of a failing unit it begins", async () => {
    const { prisma, close } = await openSqlite();
    for (const table of tables) await prisma.$executeRawUnsafe(table);
    const { atomic } = prismaExecutor(prisma, "sqlite", 10_000);
    const { write, ids } = application(prisma, true);
    const insert = { sql: "insert into ours (id) values (?)", params: ["once"] };
    const acknowledged: string[] = [];
    for (let round = 0; round < 60; round += 1) {
      const unit = atomic([insert, insert]).catch(() => {});
      const writes = Array.from({ length: 12 }, async (_, i) => {
        // Units may begin in the next tick, so the writes begin at microtasks of both.
        if (i % 2 === 0) await new Promise<void>((resolve) => process.nextTick(resolve));
        for (let k = (round * 12 + i * 31) % 360; k > 0; k -= 1) await Promise.resolve();
        const id = `${round}-${i}`;
        await write(id);
        acknowledged.push(id);
      });
      await Promise.all([unit, ...writes]);
    }
    const there = new Set(await ids());
    expect(acknowledged.filter((id) => !there.has(id))).toEqual([]);
    expect(acknowledged).toHaveLength(720);
    await close();
  });

  test("a transaction of the application that stays open is waited for, then reported as worth another try", async () => {
    const { prisma, close } = await openSqlite();
    const executor = prismaExecutor(prisma, "sqlite", 50);
    const question = { sql: "select '1' as c0", params: [] };
    await prisma.$transaction(async (transaction) => {
      await transaction.post.create({ data: { title: "still open" } });
      await expect(executor.query(question)).rejects.toMatchObject({ code: "ENDPOINT.BUSY", retryable: true });
    });
    expect(await executor.query(question)).toEqual([["1"]]);
    await close();
  });
});

/** Units through the client: what the hammer inserts is a record. */
function throughClient(prisma: PostgresClient): Executor {
  const { base, engine, schema, schemaName } = factsOf(prisma);
  const prismaSchema = readSchema(schema!);
  const { models } = modelsOf(prismaSchema, { engine, schemaName, timestampFormat: "iso8601", syncFields: {}, declarations: new Map() });
  const writer = recordWriter(prisma, prismaSchema.models, models, 10_000);
  return throughRecords(prismaExecutor(base, engine, 10_000), writer, "Ours");
}

describePostgres("node-postgres", (server) => {
  test("units through the client and the application's transactions do not touch each other either", async () => {
    const database = await server.freshDatabase(`${import.meta.url} records`);
    const prisma = new PostgresClient({ adapter: new PrismaPg({ connectionString: database.url }) });
    for (const table of tables) await prisma.$executeRawUnsafe(table);
    await hammer(throughClient(prisma), application(prisma, false), 50);
    await prisma.$disconnect();
    await database.drop();
  });

  test("units and the application's transactions on one client do not touch each other", async () => {
    const database = await server.freshDatabase(import.meta.url);
    const prisma = new PostgresClient({ adapter: new PrismaPg({ connectionString: database.url }) });
    for (const table of tables) await prisma.$executeRawUnsafe(table);
    await hammer(prismaExecutor(prisma, "postgres", 10_000), application(prisma, false), 100);
    await prisma.$disconnect();
    await database.drop();
  });
});

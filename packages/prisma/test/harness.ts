import { PrismaBetterSqlite3 } from "@prisma/adapter-better-sqlite3";
import { PrismaPg } from "@prisma/adapter-pg";
import type { Harness, ValueField } from "@sync/conformance";
import { type KitServer, postgresHarnessOf, type Run, sqliteHarnessOf, type SqlTransaction, type Storage } from "@sync/test-adapters/conformance";
import Database from "better-sqlite3";
import { prismaDatabase } from "../src/index.ts";
import { PrismaClient as PostgresClient } from "./kit/postgres/generated/client.ts";
import { PrismaClient as SqliteClient } from "./kit/sqlite/generated/client.ts";

const sqliteValues: readonly ValueField[] = ["text", "flag", "small", "big", "price", "ratio", "moment", "bytes", "choice", "data"];
const postgresValues: readonly ValueField[] = [...sqliteValues, "day", "clock", "token"];
/** The columns that Prisma's own migrations would make. */
const postgresTypes = { size: "bigint", price: "numeric(65,30)", moment: "timestamp(3)", clock: "time(3)" };
const sqliteTypes = { flag: "boolean", big: "bigint", size: "bigint", page: "bigint", price: "decimal", moment: "datetime", data: "jsonb" };

export function postgresHarness(server: KitServer, writes: "bulk" | "orm" = "bulk"): Harness {
  return postgresHarnessOf(server, ({ config, name }) => {
    const client = new PostgresClient({ adapter: new PrismaPg({ ...config, max: 4 }, { schema: name }) });
    return { database: prismaDatabase(client, { writes }), close: () => client.$disconnect() };
  }, { types: postgresTypes, values: postgresValues, writes });
}

/** As Prisma writes them. */
const storage: Readonly<Record<string, Storage>> = {
  moment: { store: (text) => new Date(text).toISOString().replace("Z", "+00:00"), load: (stored) => stored as string },
  // A column called JSONB is numeric to SQLite: a document that is one number comes back as one.
  data: { store: (text) => text, load: String },
  choice: {
    store: (text) => (text === "deepBlue" ? "Deep blue" : text),
    load: (stored) => (stored === "Deep blue" ? "deepBlue" : (stored as string)),
  },
};

export function sqliteHarness(): Harness {
  return sqliteHarnessOf(async (path) => {
    // The probe's own connection; transactions of the application are Prisma's.
    const handle = new Database(path);
    const client = new SqliteClient({ adapter: new PrismaBetterSqlite3({ url: `file:${path}` }) });
    await client.$queryRawUnsafe("pragma synchronous = off");
    return {
      database: prismaDatabase(client), handle, begin: () => begin(client),
      async close() {
        await client.$disconnect();
        handle.close();
      },
    };
  }, { values: sqliteValues, types: sqliteTypes, storage });
}

/** An interactive transaction that stays open until it is told to end. */
function begin(client: SqliteClient): Promise<SqlTransaction> {
  return new Promise((resolve, reject) => {
    const rolledBack = new Error("rolled back on purpose");
    let end!: (how: "commit" | "rollback") => void;
    const ending = new Promise<"commit" | "rollback">((resolveEnding) => (end = resolveEnding));
    const done = client.$transaction(async (transaction) => {
      const run: Run = async (sql, parameters = []) => {
        await transaction.$executeRawUnsafe(sql, ...parameters);
        return [];
      };
      const finish = async (how: "commit" | "rollback"): Promise<void> => {
        end(how);
        await done.catch((error: unknown) => {
          if (error !== rolledBack) throw error;
        });
      };
      resolve({ run, commit: () => finish("commit"), rollback: () => finish("rollback") });
      if ((await ending) === "rollback") throw rolledBack;
    });
    done.catch((error: unknown) => (error === rolledBack ? undefined : reject(error as Error)));
  });
}

import { join } from "node:path";
import { PrismaBetterSqlite3 } from "@prisma/adapter-better-sqlite3";
import { PrismaPg } from "@prisma/adapter-pg";
import type { Harness, HarnessCapabilities, ValueField } from "@sync/conformance";
import {
  type KitServer, postgresProbe, postgresTables, type Run, sqliteProbe, sqliteTables, type SqlTransaction, type Storage,
} from "@sync/test-adapters/conformance";
import { temporaryFolder } from "@sync/test-databases";
import Database from "better-sqlite3";
import { prismaDatabase } from "../src/index.ts";
import { PrismaClient as PostgresClient } from "./kit/postgres/generated/client.ts";
import { PrismaClient as SqliteClient } from "./kit/sqlite/generated/client.ts";

const capabilities: HarnessCapabilities = {
  changesSince: true, fingerprints: false, exactWrites: true, state: true, cloudIdField: true, atomicUnits: true, foreignKeys: true, checks: true,
  notNull: true, defaults: true, transactions: true, overlappingTransactions: true, foreignValues: true, reopening: true, uninstall: true,
};

const sqliteValues: readonly ValueField[] = ["text", "flag", "small", "big", "price", "ratio", "moment", "bytes", "choice", "data"];
const postgresValues: readonly ValueField[] = [...sqliteValues, "day", "clock", "token"];
/** The columns that Prisma's own migrations would make. */
const postgresTypes = { size: "bigint", price: "numeric(65,30)", moment: "timestamp(3)", clock: "time(3)" };
const sqliteTypes = { flag: "boolean", big: "bigint", size: "bigint", page: "bigint", price: "decimal", moment: "datetime", data: "jsonb" };

export function postgresHarness(server: KitServer, writes: "bulk" | "orm" = "bulk"): Harness {
  return {
    capabilities: { ...capabilities, exactWrites: writes === "bulk" },
    values: postgresValues,
    async open(namespace) {
      const schema = await server.fresh(namespace, postgresTables(postgresTypes, postgresValues));
      const clients: PostgresClient[] = [];
      const open = () => {
        const client = new PostgresClient({ adapter: new PrismaPg({ ...schema.config, max: 4 }, { schema: schema.name }) });
        clients.push(client);
        return prismaDatabase(client, { writes });
      };
      const database = open();
      return {
        database,
        probe: postgresProbe(schema.run, { types: postgresTypes, values: postgresValues, begin: schema.begin }),
        server: { product: "PostgreSQL", version: schema.version },
        reopen: async () => open(),
        uninstall: () => database.uninstall(),
        async close() {
          await Promise.all(clients.map((client) => client.$disconnect()));
          await schema.close();
        },
      };
    },
  };
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
  return {
    capabilities: { ...capabilities, changesSince: false, fingerprints: true, overlappingTransactions: false },
    values: sqliteValues,
    async open(namespace) {
      const folder = temporaryFolder(namespace);
      const path = join(folder.path, "kit.sqlite");
      // The probe's own connection; transactions of the application are Prisma's.
      const handle = new Database(path);
      handle.pragma("foreign_keys = on");
      handle.pragma("synchronous = off");
      for (const statement of sqliteTables(sqliteValues, sqliteTypes)) handle.exec(statement);
      const run: Run = async (sql, parameters = []) => {
        const statement = handle.prepare(sql).safeIntegers();
        if (statement.reader) return statement.raw().all(...parameters) as unknown[][];
        statement.run(...parameters);
        return [];
      };
      const clients: SqliteClient[] = [];
      const connect = async (): Promise<SqliteClient> => {
        const client = new SqliteClient({ adapter: new PrismaBetterSqlite3({ url: `file:${path}` }) });
        await client.$queryRawUnsafe("pragma synchronous = off");
        clients.push(client);
        return client;
      };
      const client = await connect();
      const database = prismaDatabase(client);
      const { version } = handle.prepare<[], { version: string }>("select sqlite_version() as version").get()!;
      return {
        database,
        probe: sqliteProbe(run, { values: sqliteValues, storage, begin: () => begin(client) }),
        server: { product: "SQLite", version },
        reopen: async () => prismaDatabase(await connect()),
        uninstall: () => database.uninstall(),
        async close() {
          await Promise.all(clients.map((each) => each.$disconnect()));
          handle.close();
          folder.remove();
        },
      };
    },
  };
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

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PrismaBetterSqlite3 } from "@prisma/adapter-better-sqlite3";
import { PrismaPg } from "@prisma/adapter-pg";
import { prismaDatabase } from "@sync/prisma";
import { temporaryFolder } from "@sync/test-databases";
import Database from "better-sqlite3";
import pg from "pg";
import { PrismaClient as PostgresClient } from "../prisma/postgres/generated/client.ts";
import { PrismaClient as SqliteClient } from "../prisma/sqlite/generated/client.ts";
import { untyped, type Row, type Side } from "./databases.ts";

const ddl = (engine: "sqlite" | "postgres"): string => readFileSync(new URL(`../prisma/${engine}/generated/schema.sql`, import.meta.url), "utf8");

export interface PrismaSide<Client> extends Side {
  readonly prisma: Client;
}

/** The same tables through Prisma; the application's own statements come through a connection beside it. */
export function openPrismaSqlite(more = ""): PrismaSide<SqliteClient> {
  const folder = temporaryFolder("behaviour");
  const path = join(folder.path, "prisma.sqlite");
  const client = new Database(path);
  client.pragma("foreign_keys = on");
  client.exec(ddl("sqlite") + more);
  const prisma = new SqliteClient({ adapter: new PrismaBetterSqlite3({ url: `file:${path}` }) });
  return {
    prisma, engine: "sqlite", dialect: "sqlite", database: untyped(prismaDatabase(prisma, { patience: 200 })),
    exec: async (sql) => void client.exec(sql),
    rows: async <T extends Row>(sql: string) => client.prepare(sql).all() as T[],
    async close() {
      await prisma.$disconnect();
      client.close();
      folder.remove();
    },
  };
}

/** `through`: the URL that Prisma gets, where that is another one than the application's. */
export async function openPrismaPostgres(url: string, more = "", through = url): Promise<PrismaSide<PostgresClient>> {
  const application = new pg.Client({ connectionString: url });
  await application.connect();
  application.on("error", () => {});
  await application.query(ddl("postgres") + more);
  const prisma = new PostgresClient({ adapter: new PrismaPg({ connectionString: through }) });
  return {
    prisma, engine: "postgres", dialect: "postgres", database: untyped(prismaDatabase(prisma)),
    exec: async (sql) => void (await application.query(sql)),
    rows: async <T extends Row>(sql: string) => (await application.query<T>(sql)).rows,
    async close() {
      await prisma.$disconnect();
      await application.end();
    },
  };
}

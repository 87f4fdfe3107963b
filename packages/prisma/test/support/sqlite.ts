import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PrismaBetterSqlite3 } from "@prisma/adapter-better-sqlite3";
import { temporaryFolder } from "@sync/test-databases";
import { PrismaClient } from "../sqlite/generated/client.ts";

export interface SqliteSession {
  readonly prisma: PrismaClient;
  close(): Promise<void>;
}

const ddl = readFileSync(new URL("../sqlite/generated/schema.sql", import.meta.url), "utf8");

/** A Prisma client on an empty SQLite file with the tables of the test schema. */
export async function openSqlite(options: { timestampFormat?: "iso8601" | "unixepoch-ms" } = {}): Promise<SqliteSession> {
  const folder = temporaryFolder("prisma");
  const prisma = new PrismaClient({ adapter: new PrismaBetterSqlite3({ url: `file:${join(folder.path, "test.sqlite")}` }, options) });
  // Nothing here has to outlive a power cut.
  await prisma.$queryRawUnsafe("pragma synchronous = off");
  for (const statement of ddl.split(";")) if (statement.trim() !== "") await prisma.$executeRawUnsafe(statement);
  return {
    prisma,
    async close() {
      await prisma.$disconnect();
      folder.remove();
    },
  };
}

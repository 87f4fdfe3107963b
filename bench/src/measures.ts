import type { Measure } from "./bench.ts";
import { firstCopy } from "./rows/first-copy.ts";
import { memory } from "./rows/memory.ts";
import { changedPostgres, idlePostgres, verifyPostgres } from "./rows/postgres.ts";
import { firstCopyPrisma } from "./rows/prisma.ts";
import { sevenTables } from "./rows/seven-tables.ts";
import { idleSqlite } from "./rows/sqlite.ts";

/** By the names that `--only` takes. */
export const measures: Readonly<Record<string, Measure>> = {
  "first-copy": firstCopy,
  prisma: firstCopyPrisma,
  "idle-postgres": idlePostgres,
  "idle-sqlite": idleSqlite,
  changed: changedPostgres,
  verify: verifyPostgres,
  "seven-tables": sevenTables,
  memory,
};

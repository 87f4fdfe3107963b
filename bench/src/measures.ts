import type { Measure } from "./bench.ts";
import { onePath, rowsToDocuments } from "./rows/documents.ts";
import { firstCopy } from "./rows/first-copy.ts";
import { memory } from "./rows/memory.ts";
import { changedPostgres, idlePostgres, verifyPostgres } from "./rows/postgres.ts";
import { firstCopyPrisma } from "./rows/prisma.ts";
import { savedPlan } from "./rows/saved-plan.ts";
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
  documents: rowsToDocuments,
  "one-path": onePath,
  "saved-plan": savedPlan,
  "seven-tables": sevenTables,
  memory,
};

import type { Measure } from "./bench.ts";
import { adaptersByRecord, adaptersInBulk } from "./rows/adapters.ts";
import { onePath, rowsToDocuments } from "./rows/documents.ts";
import { firstCopy } from "./rows/first-copy.ts";
import { memory } from "./rows/memory.ts";
import { firstCopyMongoose, mongooseByRecord } from "./rows/mongoose.ts";
import { changedPostgres, idlePostgres, verifyPostgres } from "./rows/postgres.ts";
import { firstCopyPrisma } from "./rows/prisma.ts";
import { roundTripsPerPage } from "./rows/round-trips.ts";
import { savedPlan } from "./rows/saved-plan.ts";
import { sevenTables } from "./rows/seven-tables.ts";
import { idleSqlite } from "./rows/sqlite.ts";

/** Those that need a MongoDB besides. */
export const onMongo: ReadonlySet<string> = new Set(["mongoose", "mongoose-orm", "round-trips"]);

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
  "adapters-bulk": adaptersInBulk,
  "adapters-orm": adaptersByRecord,
  "round-trips": roundTripsPerPage,
  mongoose: firstCopyMongoose,
  "mongoose-orm": mongooseByRecord,
  memory,
};

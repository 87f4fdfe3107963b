import { text as pgText, timestamp, uuid } from "drizzle-orm/pg-core";
import type { PgTextBuilderInitial, PgTimestampBuilderInitial, PgUUIDBuilderInitial } from "drizzle-orm/pg-core";
import { integer, text } from "drizzle-orm/sqlite-core";
import type { SQLiteTextBuilderInitial, SQLiteTimestampBuilderInitial } from "drizzle-orm/sqlite-core";

export interface PgSyncColumns {
  readonly cloudId: PgUUIDBuilderInitial<"">;
  readonly lastSyncedAt: PgTimestampBuilderInitial<"">;
  readonly syncStatus: PgTextBuilderInitial<"", [string, ...string[]]>;
}

export interface SqliteSyncColumns {
  readonly cloudId: SQLiteTextBuilderInitial<"", [string, ...string[]], undefined>;
  readonly lastSyncedAt: SQLiteTimestampBuilderInitial<"">;
  readonly syncStatus: SQLiteTextBuilderInitial<"", [string, ...string[]], undefined>;
}

/**
 * Columns of a table that belong to the sync: `pgTable("countries", { …, ...pgSyncColumns() })`. None of them is needed.
 * drizzle-kit then writes the migration that adds them, and the unique constraint of the cloudId.
 */
export function pgSyncColumns(): PgSyncColumns {
  return { cloudId: uuid().unique(), lastSyncedAt: timestamp({ withTimezone: true }), syncStatus: pgText() };
}

/** The same for `sqliteTable`. */
export function sqliteSyncColumns(): SqliteSyncColumns {
  return { cloudId: text().unique(), lastSyncedAt: integer({ mode: "timestamp_ms" }), syncStatus: text() };
}

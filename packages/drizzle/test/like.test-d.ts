// Not compiling is the failure: the structural types stand for the real drivers, and options are checked against the tables.
import type { PGlite } from "@electric-sql/pglite";
import { cloudId, createSync, drizzleDatabase, leftWins, naturalKey, pgSyncColumns, sqliteSyncColumns, synced } from "@sync/drizzle";
import type { BetterSqliteLike, DrizzleLike, DrizzleTypes } from "@sync/drizzle";
import type BetterSqlite from "better-sqlite3";
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import type { PgliteDatabase } from "drizzle-orm/pglite";
import type { Client, Pool } from "pg";
import { expectTypeOf } from "vitest";
import { pgTable, serial } from "drizzle-orm/pg-core";
import { text, sqliteTable } from "drizzle-orm/sqlite-core";
import type { postgresSchema, sqliteSchema } from "./support/schemas.ts";

expectTypeOf<BetterSqlite.Database>().toExtend<BetterSqliteLike>();

type Sqlite = BetterSQLite3Database & { $client: BetterSqlite.Database };
type Pg = NodePgDatabase & { $client: Pool };
type Lite = PgliteDatabase & { $client: PGlite };
expectTypeOf<Sqlite>().toExtend<DrizzleLike>();
expectTypeOf<Pg>().toExtend<DrizzleLike>();
expectTypeOf<NodePgDatabase & { $client: Client }>().toExtend<DrizzleLike>();
expectTypeOf<Lite>().toExtend<DrizzleLike>();

type Types = DrizzleTypes<typeof postgresSchema>;
expectTypeOf<keyof Types>().toEqualTypeOf<"things" | "places" | "grants">();
expectTypeOf<Types["things"]["big"]>().toEqualTypeOf<bigint | null>();
expectTypeOf<Types["things"]["active"]>().toEqualTypeOf<boolean>();
expectTypeOf<DrizzleTypes<typeof sqliteSchema>["notes"]["millis"]>().toEqualTypeOf<Date | null>();

export function accepts(left: Sqlite, right: Pg, schemas: { left: typeof sqliteSchema; right: typeof postgresSchema }): void {
  const pair = {
    name: "pair",
    left: drizzleDatabase(left, { schema: schemas.left }),
    right: drizzleDatabase(right, { schema: schemas.right, models: ["things"], kinds: { things: { cents: { type: "integer" } } } }),
    conflicts: leftWins(),
  };
  createSync({ ...pair, models: { notes: { right: "things", match: [cloudId(), naturalKey("text")], fields: { whole: "small", millis: "moment" } } } });
  // @ts-expect-error no such model
  createSync({ ...pair, models: { note: { right: "things", match: naturalKey("text") } } });
  // @ts-expect-error no such field
  createSync({ ...pair, models: { notes: { right: "things", match: naturalKey("texts") } } });
  // @ts-expect-error no such field on the right
  createSync({ ...pair, models: { notes: { right: "things", match: naturalKey("text"), fields: { whole: "smal" } } } });

  void right.transaction(async (transaction) => drizzleDatabase(transaction, { schema: schemas.right, models: ["things"] }));
  // @ts-expect-error not a Drizzle database
  drizzleDatabase({}, { schema: schemas.left });
  // @ts-expect-error no such table
  drizzleDatabase(left, { schema: schemas.left, models: ["note"] });
  // @ts-expect-error no such option
  drizzleDatabase(left, { schema: schemas.left, table: [] });
  // @ts-expect-error the tables are needed
  drizzleDatabase(left, {});
}

const table = sqliteTable("shop", { code: text().notNull().unique(), name: text() });
expectTypeOf(synced(table, { match: naturalKey("code"), omit: ["name"] })).toEqualTypeOf<typeof table>();
// @ts-expect-error no such field
synced(table, { match: naturalKey("cod") });

const countries = pgTable("countries", { id: serial().primaryKey(), ...pgSyncColumns() });
expectTypeOf<typeof countries.$inferSelect>().toEqualTypeOf<{ id: number; cloudId: string | null; lastSyncedAt: Date | null; syncStatus: string | null }>();
expectTypeOf<typeof countries.$inferInsert>().toEqualTypeOf<{ id?: number; cloudId?: string | null; lastSyncedAt?: Date | null; syncStatus?: string | null }>();
const towns = sqliteTable("towns", { code: text().notNull(), ...sqliteSyncColumns() });
expectTypeOf<typeof towns.$inferSelect>().toEqualTypeOf<{ code: string; cloudId: string | null; lastSyncedAt: Date | null; syncStatus: string | null }>();
// @ts-expect-error columns of another dialect
pgTable("towns", { ...sqliteSyncColumns() });

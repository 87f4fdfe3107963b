import { join } from "node:path";
import { ask, createSync, drizzleDatabase, fieldMerge, naturalKey, type Sync } from "@sync/drizzle";
import Database from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

const Country = sqliteTable("country", {
  id: integer().primaryKey({ autoIncrement: true }), code: text().notNull().unique(), name: text().notNull(), capital: text(),
});

export interface Opened {
  readonly sync: Sync;
  readonly left: Database.Database;
  readonly right: Database.Database;
  close(): void;
}

/** Two files with the same table, kept the same; whoever opens them can plan and apply. */
export function open(folder: string): Opened {
  const [left, right] = [new Database(join(folder, "left.db")), new Database(join(folder, "right.db"))];
  const sync = createSync({
    name: "countries",
    left: drizzleDatabase(drizzle(left), { schema: { Country } }),
    right: drizzleDatabase(drizzle(right), { schema: { Country } }),
    models: { Country: { match: naturalKey("code") } },
    conflicts: fieldMerge({ otherwise: ask() }),
  });
  const close = (): void => {
    left.close();
    right.close();
  };
  return { sync, left, right, close };
}

import { ask, createSync, drizzleDatabase, fieldMerge, naturalKey, type Sync } from "@sync/drizzle";
import Database from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

const Country = sqliteTable("country", {
  id: integer().primaryKey({ autoIncrement: true }), code: text().notNull().unique(), name: text().notNull(), capital: text(),
});
const table = (more: string): string =>
  `create table country (id integer primary key autoincrement, code text not null unique, name text not null, capital text${more})`;

export interface Opened {
  readonly sync: Sync;
  readonly left: Database.Database;
  readonly right: Database.Database;
}

/** Two databases in memory, some countries on both; the right one takes no long names. */
export async function open(): Promise<Opened> {
  const [left, right] = [new Database(":memory:"), new Database(":memory:")];
  left.exec(table(""));
  right.exec(table(", constraint short_name check (length(name) < 12)"));
  // #region options
  const sync = createSync({
    name: "countries",
    left: drizzleDatabase(drizzle(left), { schema: { Country } }),
    right: drizzleDatabase(drizzle(right), { schema: { Country } }),
    models: { Country: { match: naturalKey("code"), keepBase: "values" } }, // so that a conflict can show what was agreed on
    conflicts: fieldMerge({ otherwise: ask() }), // what both sides changed waits for a person
    retention: { conflicts: 90, preImages: 30, runs: 365 }, // days; these are the defaults
  });
  // #endregion
  left.exec("insert into country (code, name, capital) values ('FR', 'France', 'Paris'), ('IT', 'Italy', 'Rome'), ('PT', 'Portugal', 'Lisbon')");
  await sync.run();
  return { sync, left, right };
}

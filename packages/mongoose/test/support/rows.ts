import { drizzleDatabase, type DrizzleDatabase } from "@sync/drizzle";
import Sqlite from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { blob, integer, numeric, sqliteTable, text } from "drizzle-orm/sqlite-core";

const id = integer().primaryKey({ autoIncrement: true });
export const countries = sqliteTable("countries", { id, code: text().notNull().unique(), name: text(), population: blob({ mode: "bigint" }) });
export const regions = sqliteTable("regions", { id, code: text().notNull().unique(), name: text(), countryId: integer("country_id").notNull().references(() => countries.id) });
export const airports = sqliteTable("airports", {
  id, ident: text().notNull().unique(), name: text(), latitude: numeric(),
  regionId: integer("region_id").notNull().references(() => regions.id), countryId: integer("country_id").notNull().references(() => countries.id),
});
export const schema = { countries, regions, airports };

/** The same countries as rows of three tables. */
export function countryRows(): { readonly client: Sqlite.Database; readonly database: DrizzleDatabase<typeof schema> } {
  const client = new Sqlite(":memory:");
  client.pragma("foreign_keys = on");
  client.exec(`
    create table countries (id integer primary key autoincrement, code text not null unique, name text, population blob);
    create table regions (id integer primary key autoincrement, code text not null unique, name text, country_id integer not null references countries(id));
    create table airports (id integer primary key autoincrement, ident text not null unique, name text, latitude numeric,
      region_id integer not null references regions(id), country_id integer not null references countries(id));
    insert into countries (code, name, population) values ('FR', 'FR', cast('9007199254740993' as blob)), ('CH', 'CH', null);
    insert into regions (code, name, country_id) values ('FR-A', 'FR-A', 1), ('FR-B', 'FR-B', 1), ('CH-A', 'CH-A', 2);
    insert into airports (ident, name, latitude, region_id, country_id) values
      ('LFAA', 'LFAA', '46.5', 1, 1), ('LFAB', 'LFAB', '46.5', 1, 1), ('LFBA', 'LFBA', '46.5', 2, 1), ('LSAA', 'LSAA', '46.5', 3, 2);`);
  return { client, database: drizzleDatabase(drizzle(client, { schema }), { schema }) };
}

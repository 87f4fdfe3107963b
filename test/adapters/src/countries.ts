import Sqlite from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

const id = integer().primaryKey({ autoIncrement: true });
const countries = sqliteTable("countries", { id, code: text().notNull().unique(), name: text().notNull() });
const airports = sqliteTable("airports", { id, ident: text().notNull().unique(), name: text(), countryId: integer("country_id").notNull().references(() => countries.id) });
const schema = { countries, airports };

/** The rows that READMEs fold into documents: France, and one airport of it. */
export function countriesInRows() {
  const client = new Sqlite(":memory:");
  client.exec(`
    create table countries (id integer primary key autoincrement, code text not null unique, name text not null);
    create table airports (id integer primary key autoincrement, ident text not null unique, name text, country_id integer not null references countries(id));
    insert into countries (code, name) values ('FR', 'France');
    insert into airports (ident, name, country_id) values ('LFPG', 'Charles de Gaulle', 1);`);
  return { client, db: drizzle(client, { schema }), schema };
}

import { bigint, integer as pgInteger, pgTable, serial, text as pgText } from "drizzle-orm/pg-core";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { Schema } from "./databases.ts";

export type Dialect = "sqlite" | "postgres";

/** How the tables of a test differ from the usual ones. */
export interface Variation {
  /** Codes have no unique key, neither in the models nor in the database. */
  readonly codesRepeat?: boolean;
  /** Further constraints of the table in the database, such as `constraint few check (people < 10)`. */
  readonly country?: string;
  readonly city?: string;
  /** The database enforces no foreign key. */
  readonly citiesDangle?: boolean;
}

/** Countries and their cities, as Drizzle has them on either engine. */
export function schemaOf(dialect: Dialect, { codesRepeat }: Variation = {}): Schema {
  if (dialect === "sqlite") {
    const code = () => (codesRepeat ? text().notNull() : text().notNull().unique());
    const Country = sqliteTable("country", { id: integer().primaryKey({ autoIncrement: true }), code: code(), name: text().notNull(), motto: text(), people: integer() });
    const City = sqliteTable("city", { id: integer().primaryKey({ autoIncrement: true }), code: code(), name: text().notNull(), countryId: integer("country_id").references(() => Country.id) });
    return { Country, City };
  }
  const code = () => (codesRepeat ? pgText().notNull() : pgText().notNull().unique());
  const Country = pgTable("country", { id: serial().primaryKey(), code: code(), name: pgText().notNull(), motto: pgText(), people: bigint({ mode: "number" }) });
  const City = pgTable("city", { id: serial().primaryKey(), code: code(), name: pgText().notNull(), countryId: pgInteger("country_id").references(() => Country.id) });
  return { Country, City };
}

export function tables(dialect: Dialect, { country, city, codesRepeat, citiesDangle }: Variation = {}): string {
  const id = dialect === "sqlite" ? "id integer primary key autoincrement" : "id serial primary key";
  const code = codesRepeat ? "code text not null" : "code text not null unique";
  const more = (constraints: string | undefined): string => (constraints === undefined ? "" : `, ${constraints}`);
  return `
    create table country (${id}, ${code}, name text not null, motto text, people ${dialect === "sqlite" ? "integer" : "bigint"}${more(country)});
    create table city (${id}, ${code}, name text not null, country_id integer${citiesDangle ? "" : " references country (id)"}${more(city)});`;
}

import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { integer as number, pgTable, serial, text as words } from "drizzle-orm/pg-core";

export const left = {
  Country: sqliteTable("country", { id: integer().primaryKey({ autoIncrement: true }), code: text().notNull().unique(), name: text().notNull() }),
};
export const right = {
  Country: pgTable("countries", { id: serial().primaryKey(), code: words().notNull().unique(), title: words().notNull(), rank: number() }),
};
export const ddl = {
  left: "create table country (id integer primary key autoincrement, code text not null unique, name text not null)",
  right: "create table countries (id serial primary key, code text not null unique, title text not null, rank integer)",
};

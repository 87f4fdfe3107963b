import { sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";

// The conformance kit's schema, as an application would declare it with Drizzle.

const bytea = pg.customType<{ data: Uint8Array }>({ dataType: () => "bytea" });
const choice = pg.pgEnum("Choice", ["red", "green", "Deep blue", "it's"]);

const PgParent = pg.pgTable("Parent", {
  id: pg.serial().primaryKey(),
  code: pg.text().notNull().unique(),
  name: pg.text(),
  size: pg.bigint({ mode: "bigint" }),
}, (table) => [
  pg.check("size_not_below_zero", sql`${table.size} >= 0`),
]);
const PgChild = pg.pgTable("Child", {
  id: pg.serial().primaryKey(),
  cloudId: pg.uuid().unique(),
  name: pg.text().notNull(),
  rank: pg.integer().notNull().default(7),
  parentId: pg.integer().references(() => PgParent.id, { onDelete: "restrict" }),
});
const PgNode = pg.pgTable("Node", {
  id: pg.serial().primaryKey(),
  name: pg.text().notNull(),
  aboveId: pg.integer().references((): pg.AnyPgColumn => PgNode.id, { onDelete: "restrict" }),
}, (table) => [
  pg.unique().on(table.aboveId, table.name),
]);
const PgBook = pg.pgTable("Book", { id: pg.text().primaryKey(), title: pg.text() });
const PgEntry = pg.pgTable("Entry", {
  book: pg.text().notNull().references(() => PgBook.id, { onDelete: "cascade" }),
  page: pg.bigint({ mode: "bigint" }).notNull(),
  note: pg.text(),
}, (table) => [
  pg.primaryKey({ columns: [table.book, table.page] }),
]);
const PgThing = pg.pgTable("Thing", {
  id: pg.text().primaryKey(),
  text: pg.text(),
  flag: pg.boolean(),
  small: pg.integer(),
  big: pg.bigint({ mode: "bigint" }),
  price: pg.numeric(),
  ratio: pg.doublePrecision(),
  moment: pg.timestamp({ withTimezone: true }),
  wall: pg.timestamp({ mode: "string" }),
  day: pg.date(),
  clock: pg.time(),
  span: pg.interval(),
  bytes: bytea(),
  token: pg.uuid(),
  choice: choice(),
  data: pg.jsonb(),
  tags: pg.text().array(),
});

export const postgresSchema = { Parent: PgParent, Child: PgChild, Node: PgNode, Book: PgBook, Entry: PgEntry, Thing: PgThing };

const Parent = lite.sqliteTable("Parent", {
  id: lite.integer().primaryKey(),
  code: lite.text().notNull().unique(),
  name: lite.text(),
  size: lite.integer(),
}, (table) => [
  lite.check("size_not_below_zero", sql`${table.size} >= 0`),
]);
const Child = lite.sqliteTable("Child", {
  id: lite.integer().primaryKey(),
  cloudId: lite.text().unique(),
  name: lite.text().notNull(),
  rank: lite.integer().notNull().default(7),
  parentId: lite.integer().references(() => Parent.id, { onDelete: "restrict" }),
});
const Node = lite.sqliteTable("Node", {
  id: lite.integer().primaryKey(),
  name: lite.text().notNull(),
  aboveId: lite.integer().references((): lite.AnySQLiteColumn => Node.id, { onDelete: "restrict" }),
}, (table) => [
  lite.unique().on(table.aboveId, table.name),
]);
const Book = lite.sqliteTable("Book", { id: lite.text().primaryKey(), title: lite.text() });
const Entry = lite.sqliteTable("Entry", {
  book: lite.text().notNull().references(() => Book.id, { onDelete: "cascade" }),
  page: lite.integer().notNull(),
  note: lite.text(),
}, (table) => [
  lite.primaryKey({ columns: [table.book, table.page] }),
]);
const Thing = lite.sqliteTable("Thing", {
  id: lite.text().primaryKey(),
  text: lite.text(),
  flag: lite.integer({ mode: "boolean" }),
  small: lite.integer(),
  big: lite.blob({ mode: "bigint" }),
  price: lite.numeric(),
  ratio: lite.real(),
  moment: lite.integer({ mode: "timestamp_ms" }),
  bytes: lite.blob({ mode: "buffer" }),
  choice: lite.text({ enum: ["red", "green", "Deep blue", "it's"] }),
  data: lite.text({ mode: "json" }),
});

export const sqliteSchema = { Parent, Child, Node, Book, Entry, Thing };

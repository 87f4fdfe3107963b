import { PGlite } from "@electric-sql/pglite";
import { drizzleDatabase } from "@sync/drizzle";
import { createSync, jsonbDatabase, jsonbSchema, kinds, naturalKey, type Sync } from "@sync/postgres-jsonb";
import Database from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { z } from "zod";
import { alwaysWhole, blindToBlanks, byArticleNumber, cents, longerText } from "./engines.ts";

const Product = sqliteTable("product", {
  id: integer().primaryKey({ autoIncrement: true }), number: text().notNull().unique(), name: text().notNull(), price: integer(),
});
const documents = {
  Product: {
    table: "products",
    schema: z.object({
      cloudId: z.string().optional(), number: z.string(), name: z.string(), price: z.string().register(kinds, { type: "decimal", scale: 2 }).optional(),
    }),
    unique: ["number"],
  },
} as const;

export interface Opened {
  readonly sync: Sync;
  readonly rows: Database.Database;
  readonly documents: PGlite;
}

/** Three products in SQLite; none yet in PostgreSQL. */
export async function open(): Promise<Opened> {
  const [left, right] = [new Database(":memory:"), await PGlite.create()];
  left.exec(`create table product (id integer primary key autoincrement, number text not null unique, name text not null, price integer);
    insert into product (number, name, price) values ('A-100', 'Lamp', 1990), ('A-200', 'Chair', 12905), ('B-001', 'Desk', null)`);
  await right.exec(jsonbSchema(documents));
  // #region options
  const sync = createSync({
    name: "products",
    left: drizzleDatabase(drizzle(left), { schema: { Product } }),
    right: jsonbDatabase(right, { documents, patcher: alwaysWhole }),
    models: { Product: { match: naturalKey("number") } },
    cloudIds: byArticleNumber,
    mapper: cents,
    differ: blindToBlanks,
    conflicts: longerText,
  });
  // #endregion
  return { sync, rows: left, documents: right };
}

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { defineEntity, p } from "@mikro-orm/core";
import type { EventSubscriber } from "@mikro-orm/core";
import { MikroORM } from "@mikro-orm/postgresql";
import { PrismaPg } from "@prisma/adapter-pg";
import type { Database } from "@sync/core";
import { drizzleDatabase } from "@sync/drizzle";
import { mikroOrmDatabase } from "@sync/mikro-orm";
import { prismaDatabase } from "@sync/prisma";
import { typeormDatabase } from "@sync/typeorm";
import { boolean, doublePrecision, integer, jsonb, pgTable, text, timestamp } from "drizzle-orm/pg-core";
import { drizzle } from "drizzle-orm/node-postgres";
import { DataSource, EntitySchema } from "typeorm";
import type { EntitySubscriberInterface } from "typeorm";
import { PrismaClient } from "./generated/right/client.ts";
import { poolOn } from "./items.ts";

/** A row of the table that all libraries here stand on: Prisma's, text keys, 9 columns. */
export interface Item {
  id: string;
  code: string;
  name: string;
  email: string;
  amount: number;
  quantity: number;
  active: boolean;
  details: object;
  changedAt: Date;
}

export const itemTable = readFileSync(new URL("./generated/right/schema.sql", import.meta.url), "utf8");

/** That many rows, the same ones every time. */
export function itemsOf(rows: number): Item[] {
  return Array.from({ length: rows }, (_, n): Item => ({
    id: `c${n.toString(16).padStart(24, "0")}`, code: `ITEM-${String(n).padStart(8, "0")}`, name: `Item number ${n}`, email: `item.${n}@example.com`,
    amount: (n % 100_000) / 4, quantity: n % 500, active: n % 3 === 0, changedAt: new Date(1_767_225_600_000 + n * 1000),
    details: { colour: ["red", "green", "blue"][n % 3]!, size: n % 40, tags: [`a${n % 10}`, "b"] },
  }));
}

/** One line for all rows that says what they hold. */
export const contentOfItems = `
  select count(*) || ' ' || coalesce(sum(hashtextextended(concat_ws('|', id, code, name, email, amount, quantity, active, details, "changedAt"), 0)::numeric), 0) as content from "Item"`;

/** A library that is open on the table. */
export interface Opened {
  database(writes: "bulk" | "orm"): Database & { uninstall(): Promise<void> };
  /** The library's own call for many rows at once, by which hooks and subscribers hear of them if there are any. */
  readonly batch: { readonly name: string; insert(rows: readonly Item[]): Promise<unknown> };
  close(): Promise<unknown>;
}

// Identity stands beside the rows, as in tables that know nothing of a sync.
export const libraries: Readonly<Record<string, (url: string) => Promise<Opened>>> = { Prisma: openPrisma, Drizzle: openDrizzle, TypeORM: openTypeorm, MikroORM: openMikroOrm };

/** The same with a hook that hears of each new row, and their own call for many rows that runs it. Drizzle has no hooks. */
export const hookedLibraries: typeof libraries = {
  Prisma: openHookedPrisma,
  TypeORM: (url) => openTypeorm(url, [{ beforeInsert: () => undefined }]),
  MikroORM: (url) => openMikroOrm(url, [{ beforeCreate: () => undefined }]),
};

/** Beside what makes no entities, so that nobody could hear of them. Of the other libraries the call for many rows runs their hooks. */
export const hooklessLibraries: typeof libraries = { MikroORM: (url) => openMikroOrm(url, [], true) };

async function openHookedPrisma(url: string): Promise<Opened> {
  const plain = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) });
  const client = plain.$extends({ query: { item: { create: ({ args, query }) => query(args) } } });
  return {
    database: (writes) => prismaDatabase(client, { writes }),
    batch: { name: "$transaction of creates", insert: (rows) => client.$transaction(rows.map((data) => client.item.create({ data }))) },
    close: () => plain.$disconnect(),
  };
}

async function openPrisma(url: string): Promise<Opened> {
  const client = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) });
  return {
    database: (writes) => prismaDatabase(client, { writes }),
    batch: { name: "createMany", insert: (rows) => client.item.createMany({ data: [...rows] }) },
    close: () => client.$disconnect(),
  };
}

export const drizzleSchema = {
  Item: pgTable("Item", {
    id: text().primaryKey().$defaultFn(randomUUID), code: text().notNull().unique(), name: text().notNull(), email: text().notNull(), amount: doublePrecision().notNull(),
    quantity: integer().notNull(), active: boolean().notNull(), details: jsonb().notNull(), changedAt: timestamp({ precision: 3 }).notNull(),
  }),
};

async function openDrizzle(url: string): Promise<Opened> {
  const pool = poolOn(url);
  const db = drizzle(pool);
  return {
    database: (writes) => drizzleDatabase(db, { schema: drizzleSchema, writes }),
    batch: { name: "insert().values(rows)", insert: (rows) => db.insert(drizzleSchema.Item).values([...rows]) },
    close: () => pool.end(),
  };
}

async function openTypeorm(url: string, subscribers: readonly EntitySubscriberInterface[] = []): Promise<Opened> {
  const item = new EntitySchema<Item>({
    name: "Item",
    columns: {
      id: { type: "text", primary: true }, code: { type: "text", unique: true }, name: { type: "text" }, email: { type: "text" }, amount: { type: "double precision" },
      quantity: { type: "int" }, active: { type: "boolean" }, details: { type: "jsonb" }, changedAt: { type: "timestamp", precision: 3 },
    },
    tableName: "Item",
  });
  const dataSource = await new DataSource({ type: "postgres", url, entities: [item] }).initialize();
  dataSource.subscribers.push(...subscribers);
  return {
    database: (writes) => typeormDatabase(dataSource, { keys: { Item: randomUUID }, writes }),
    batch: { name: "repository.insert", insert: (rows) => dataSource.getRepository(item).insert([...rows]) },
    close: () => dataSource.destroy(),
  };
}

async function openMikroOrm(url: string, subscribers: EventSubscriber[] = [], passesEntitiesBy = false): Promise<Opened> {
  const item = defineEntity({
    name: "Item", tableName: "Item",
    properties: {
      id: p.text().primary(), code: p.text().unique(), name: p.text(), email: p.text(), amount: p.double(), quantity: p.integer(), active: p.boolean(),
      details: p.json<object>(), changedAt: p.datetime(3).columnType("timestamp(3)").fieldName("changedAt"),
    },
  });
  const orm = new MikroORM({ entities: [item], clientUrl: url, ensureDatabase: false, subscribers });
  const created = async (rows: readonly Item[]): Promise<void> => {
    const em = orm.em.fork();
    for (const row of rows) em.create(item, row);
    await em.flush();
  };
  return {
    database: (writes) => mikroOrmDatabase(orm, { keys: { Item: randomUUID }, writes }),
    batch: passesEntitiesBy ? { name: "em.insertMany", insert: (rows) => orm.em.fork().insertMany(item, [...rows]) } : { name: "em.create and flush", insert: created },
    close: () => orm.close(),
  };
}

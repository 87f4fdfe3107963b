import type { Database } from "@sync/core";
import { mongooseDatabase } from "@sync/mongoose";
import { jsonbDatabase, jsonbSchema, kinds, type DocumentOptions } from "@sync/postgres-jsonb";
import { openMongo } from "@sync/test-databases";
import mongoose, { Schema } from "mongoose";
import { z } from "zod";
import type { Bench } from "./bench.ts";
import { poolOn, runOn } from "./items.ts";
import { itemTable, libraries, type Opened } from "./libraries.ts";
import { delayingProxy, type DelayingProxy } from "./proxy.ts";

/** A database behind a proxy, opened by one of the adapters, that can hold items. */
export interface Far {
  readonly proxy: DelayingProxy;
  database(): Database & { uninstall(): Promise<void> };
  empty(): Promise<unknown>;
  close(): Promise<void>;
}

/** By adapter. */
export const farSides: Readonly<Record<string, (bench: Bench) => Promise<Far>>> = {
  ...Object.fromEntries(Object.entries(libraries).map(([name, open]) => [name, (bench: Bench) => farTable(bench, name, open)])),
  "Postgres JSONB": farDocuments,
  Mongoose: farMongoose,
};

async function farTable(bench: Bench, name: string, open: (url: string) => Promise<Opened>): Promise<Far> {
  const { url } = await bench.database(`far-${name}`);
  await runOn(url, itemTable);
  const proxy = await delayingProxy(url);
  const library = await open(proxy.url);
  return {
    proxy,
    database: () => library.database("bulk"),
    empty: () => runOn(url, `truncate "Item"`),
    async close() {
      await library.close();
      await proxy.close();
    },
  };
}

const documents = {
  Item: {
    table: "item",
    schema: z.object({
      code: z.string(), name: z.string(), email: z.string(), amount: z.number(), quantity: z.int32(), active: z.boolean(),
      details: z.unknown(), changedAt: z.iso.datetime().register(kinds, { type: "instant", digits: 3 }),
    }),
    unique: ["code"],
  },
} as const satisfies Record<string, DocumentOptions>;

async function farDocuments(bench: Bench): Promise<Far> {
  const { url } = await bench.database("far-documents");
  await runOn(url, jsonbSchema(documents));
  const proxy = await delayingProxy(url);
  const pool = poolOn(proxy.url);
  return {
    proxy,
    database: () => jsonbDatabase(pool, { documents }),
    empty: () => runOn(url, "truncate item"),
    async close() {
      await pool.end();
      await proxy.close();
    },
  };
}

const { Int32, Mixed } = Schema.Types;
const required = true;

/** Items as Mongoose has them, on a connection of its own. */
export async function mongooseItems(url: string) {
  const connection = await mongoose.createConnection(url, { serverSelectionTimeoutMS: 5000 }).asPromise();
  const model = connection.model("Item", new Schema({
    code: { type: String, required, unique: true }, name: { type: String, required }, email: { type: String, required }, amount: { type: Number, required },
    quantity: { type: Int32, required }, active: { type: Boolean, required }, details: { type: Mixed, required }, changedAt: { type: Date, required },
  }, { versionKey: false }));
  await model.init();
  return { connection, model };
}

async function farMongoose(): Promise<Far> {
  const server = await openMongo();
  const database = await server.freshDatabase(`${import.meta.url} far`);
  const proxy = await delayingProxy(database.url);
  const { connection, model } = await mongooseItems(proxy.url);
  return {
    proxy,
    database: () => mongooseDatabase(connection),
    empty: () => model.collection.deleteMany({}),
    async close() {
      await connection.close();
      await proxy.close();
      await database.drop();
      await server.close();
    },
  };
}

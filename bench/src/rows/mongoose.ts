import { createSync, leftWins, naturalKey } from "@sync/core";
import { drizzleDatabase } from "@sync/drizzle";
import { mongooseDatabase } from "@sync/mongoose";
import { openMongo } from "@sync/test-databases";
import { drizzle } from "drizzle-orm/node-postgres";
import mongoose, { Schema } from "mongoose";
import type { Measure } from "../bench.ts";
import { poolOn, runOn, same } from "../items.ts";
import { drizzleSchema, itemTable, itemsOf } from "../libraries.ts";
import { alternating, baseline, ours, partOfSpeed, timed } from "../measure.ts";

const PAGE = 1000;

/** PostgreSQL to MongoDB, against the driver's `insertMany` of the documents that come of it, prepared beforehand. */
export const firstCopyMongoose: Measure = async (bench) => {
  bench.log("first copy through Mongoose");
  const server = await openMongo();
  const far = await server.freshDatabase(`${import.meta.url} first copy`);
  const { url } = await bench.database("mongoose");
  await runOn(url, itemTable);
  const pool = poolOn(url);
  const left = drizzle(pool);
  const items = itemsOf(bench.rows);
  for (let at = 0; at < items.length; at += PAGE) await left.insert(drizzleSchema.Item).values(items.slice(at, at + PAGE));
  await pool.query("analyze");

  const connection = await mongoose.createConnection(far.url, { serverSelectionTimeoutMS: 5000 }).asPromise();
  const { Int32, Mixed } = Schema.Types;
  const model = connection.model("Item", new Schema({
    code: { type: String, required: true, unique: true }, name: { type: String, required: true }, email: { type: String, required: true }, amount: { type: Number, required: true },
    quantity: { type: Int32, required: true }, active: { type: Boolean, required: true }, details: { type: Mixed, required: true }, changedAt: { type: Date, required: true },
  }, { versionKey: false }));
  await model.init();
  const { collection } = model;

  const content = async (): Promise<string> => {
    const [sum] = await collection.aggregate([{ $group: { _id: null, count: { $sum: 1 }, quantity: { $sum: "$quantity" }, amount: { $sum: "$amount" } } }]).toArray();
    return sum ? `${sum["count"]} ${sum["quantity"]} ${sum["amount"]}` : "0";
  };
  const sumOf = (of: (item: (typeof items)[number]) => number): number => items.reduce((sum, item) => sum + of(item), 0);
  const expected = `${items.length} ${sumOf(({ quantity }) => quantity)} ${sumOf(({ amount }) => amount)}`;

  async function copy(): Promise<number> {
    await collection.deleteMany({});
    const [from, into] = [drizzleDatabase(left, { schema: drizzleSchema }), mongooseDatabase(connection)];
    const sync = createSync({ name: "bench", left: from, right: into, models: { Item: { right: "Item", match: naturalKey("code") } }, conflicts: leftWins() });
    const time = await timed(() => sync.run());
    same(await content(), expected);
    await Promise.all([from.uninstall(), into.uninstall()]);
    return time;
  }

  async function raw(): Promise<number> {
    await collection.deleteMany({});
    const documents = items.map(({ id: _id, ...item }) => ({ ...item, quantity: new mongoose.mongo.Int32(item.quantity) }));
    const time = await timed(async () => {
      for (let at = 0; at < documents.length; at += PAGE) await collection.insertMany(documents.slice(at, at + PAGE));
    });
    same(await content(), expected);
    return time;
  }

  const pairs = await alternating(bench.repetitions, copy, raw);
  await connection.close();
  await pool.end();
  await far.drop();
  await server.close();
  return [{
    measure: "first copy PostgreSQL → MongoDB through Mongoose", ours: ours(pairs), unit: "ms",
    baseline: { name: "insertMany of the documents", values: baseline(pairs) }, figure: { values: partOfSpeed(pairs), unit: "x" }, goal: { atLeast: 0.3, aim: 0.5 }, note: server.name,
  }];
};

import { createSync, leftWins, naturalKey } from "@sync/core";
import { drizzleDatabase } from "@sync/drizzle";
import { mongooseDatabase } from "@sync/mongoose";
import { openMongo } from "@sync/test-databases";
import { drizzle } from "drizzle-orm/node-postgres";
import mongoose from "mongoose";
import type { Measure } from "../bench.ts";
import { mongooseItems } from "../far.ts";
import { poolOn, runOn, same } from "../items.ts";
import { drizzleSchema, itemTable, itemsOf } from "../libraries.ts";
import { alternating, baseline, ours, partOfSpeed, timed, type Line } from "../measure.ts";
import { unitsOver } from "./adapters.ts";

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

  const { connection, model: { collection } } = await mongooseItems(far.url);

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

/** New documents saved through Mongoose's model, against its own call for many documents at once, which validates them too. */
export const mongooseByRecord: Measure = async (bench): Promise<Line[]> => {
  bench.log("Mongoose, orm");
  const server = await openMongo();
  const far = await server.freshDatabase(`${import.meta.url} orm`);
  const { connection, model } = await mongooseItems(far.url);
  const items = itemsOf(bench.rows);
  const filled = async (): Promise<void> => {
    const count = await model.countDocuments();
    if (count !== items.length) throw new Error(`There are ${count} documents instead of ${items.length}.`);
  };

  async function committed(): Promise<number> {
    await model.collection.deleteMany({});
    const database = mongooseDatabase(connection, { writes: "orm" });
    const { fence } = await database.claim({ holder: "bench", runner: "bench", seconds: 600 });
    await database.inspect(["Item"]);
    const units = unitsOver(database, items, fence, await database.endpoints.get("Item")!.allocate(items.length));
    const time = await timed(async () => {
      for (const unit of units) if (!(await database.commit(unit)).committed) throw new Error("A unit was refused.");
    });
    await filled();
    await database.release(fence, true);
    await database.uninstall();
    return time;
  }

  async function batched(): Promise<number> {
    await model.collection.deleteMany({});
    const time = await timed(async () => {
      for (let at = 0; at < items.length; at += PAGE) await model.insertMany(items.slice(at, at + PAGE));
    });
    await filled();
    return time;
  }

  const pairs = await alternating(bench.repetitions, committed, batched);
  await connection.close();
  await far.drop();
  await server.close();
  return [{
    measure: `${bench.rows} new documents through Mongoose, orm`, ours: ours(pairs), unit: "ms", baseline: { name: "Model.insertMany", values: baseline(pairs) },
    figure: { values: partOfSpeed(pairs), unit: "x" }, goal: { atLeast: 0.4, aim: 0.7 }, note: `units of ${PAGE} documents; ${server.name}`,
  }];
};

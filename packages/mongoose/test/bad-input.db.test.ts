import { memoryDatabase } from "@sync/core/memory";
import { refused } from "@sync/test-adapters";
import { describeMongo } from "@sync/test-databases/vitest";
import mongoose, { Schema, type Connection } from "mongoose";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createSync, leftWins, mongooseDatabase, naturalKey } from "../src/index.ts";
import type { MongooseDatabase, MongooseDatabaseOptions, Sync } from "../src/index.ts";
import { offline } from "./support/countries.ts";
import { connectionFor } from "./support/opened.ts";
import { withoutTransactions } from "./support/without-transactions.ts";

// What an application can get wrong: each is said with a code and the way out, before anything is written.

const on = (given: unknown, options: MongooseDatabaseOptions = {}): MongooseDatabase => mongooseDatabase(given as Connection, options);

test.each([[undefined], [null], ["mongodb://localhost"], [{}], [mongoose], [new Schema({})]])("%s is no connection", (given) => {
  expect(refused(() => on(given))).toMatchObject({ code: "OPTIONS.WRONG_CLIENT", message: expect.stringContaining("`mongoose.connection`") as string });
});

test("a connection of another Mongoose than 9 is refused", () => {
  const older = new Proxy(offline(), { get: (target, name) => (name === "base" ? { ...target.base, mongo: mongoose.mongo, version: "8.19.1" } : Reflect.get(target, name, target)) });
  expect(refused(() => on(older))).toMatchObject({ code: "OPTIONS.VERSION", message: "This connection is of Mongoose 8.19.1; @sync/mongoose works with Mongoose 9." });
});

test("a model that is not there is refused with the nearest name", () => {
  const connection = offline();
  connection.model("Country", new Schema({ code: String }));
  expect(refused(() => on(connection, { models: { Contry: {} } }))).toMatchObject({ code: "OPTIONS.UNKNOWN_MODEL", message: expect.stringContaining("`Country`") as string });
});

describeMongo("a live server", (server) => {
  const opened = connectionFor(server, import.meta.url);
  beforeEach(async () => {
    await opened.connection.model("Country", new Schema({ code: { type: String, required: true, unique: true }, population: Number })).init();
    await opened.connection.collection("countries").insertOne({ code: "CH" });
  });
  afterEach(() => vi.restoreAllMocks());

  function pairOn(right: MongooseDatabase): { sync: Sync; rows: () => number } {
    const rows = memoryDatabase({
      name: "rows",
      models: [{ name: "Country", primaryKey: ["code"], keySource: "values", uniqueKeys: [], references: [], syncFields: {}, fields: [{ name: "code", kind: { type: "text" }, nullable: false, writable: true }] }],
    });
    rows.application.insert("Country", { code: "FR" });
    const sync = createSync({ name: "bad", left: rows, right, conflicts: leftWins(), firstLink: "left", models: { Country: { match: naturalKey("code") } } });
    return { sync, rows: () => rows.probe.rows("Country").length };
  }
  const documents = async (): Promise<unknown> => (await opened.connection.collection("countries").find({}, { projection: { _id: 0 } }).toArray());
  async function failing(right: MongooseDatabase, code: string, message: RegExp): Promise<void> {
    const { sync, rows } = pairOn(right);
    await expect(sync.run()).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(rows()).toBe(1);
    expect(await documents()).toEqual([{ code: "CH" }]);
  }

  test("a session is refused, be it instead of the connection or among the options", async () => {
    const session = await opened.connection.startSession();
    const message = expect.stringContaining("before your transaction or after its end") as string;
    expect(refused(() => on(session))).toMatchObject({ code: "OPTIONS.TRANSACTION", message });
    expect(refused(() => on(opened.connection, { session } as object))).toMatchObject({ code: "OPTIONS.TRANSACTION", message });
    await session.endSession();
  });

  test("a user who may only read", async () => {
    // What a server with access rights answers; the compatible one has none.
    const { Collection, MongoServerError } = opened.connection.base.mongo;
    const answer = new MongoServerError({ code: 13, codeName: "Unauthorized", errmsg: "not authorized on db to execute command" });
    for (const write of ["findOneAndUpdate", "updateOne", "createIndex"] as const) vi.spyOn(Collection.prototype, write).mockRejectedValue(answer);
    await failing(on(opened.connection), "ENDPOINT.FORBIDDEN", /grant it readWrite/);
    expect((await opened.connection.db!.listCollections().toArray()).map(({ name }) => name)).toEqual(["countries"]);
  });

  test("no transactions, where documents are to go through Mongoose", async () => {
    await failing(on(withoutTransactions(opened.connection), { writes: "orm" }), "DATABASE.NO_TRANSACTIONS", /which `writes: "orm"` needs; make it a replica set/);
  });

  test("an index that the live collection has not, and an `_id` of another type", async () => {
    await opened.connection.collection("countries").dropIndexes();
    expect((await on(opened.connection).inspect(["Country"])).findings).toMatchObject([{ code: "SCHEMA.NOT_UNIQUE", message: expect.stringContaining("`Country.syncIndexes()`") as string }]);
    await opened.connection.collection("countries").deleteMany({});
    await opened.connection.collection("countries").insertOne({ _id: 5 as never, code: "CH" });
    await failing(on(opened.connection), "CHECK.FAILED", /have an `_id` of another type than its schema says/);
  });
});

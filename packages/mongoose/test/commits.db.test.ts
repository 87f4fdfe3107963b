import { setTimeout as pause } from "node:timers/promises";
import type { Batch, Row, Unit } from "@sync/core";
import { rowsOf } from "@sync/test-adapters";
import { describeMongo } from "@sync/test-databases/vitest";
import mongoose, { Schema, type Connection } from "mongoose";
import { beforeEach, expect, test } from "vitest";
import { mongooseDatabase, type MongooseDatabase } from "../src/index.ts";
import { connectionFor } from "./support/opened.ts";
import { withoutTransactions } from "./support/without-transactions.ts";

const thing = new Schema({ code: { type: String, required: true, unique: true }, n: Number });

const modelOn = (connection: Connection) => connection.model("Thing", thing);

describeMongo("units", (server) => {
  const opened = connectionFor(server, import.meta.url);
  let database: MongooseDatabase;
  let Thing: ReturnType<typeof modelOn>;
  let count = 0;

  beforeEach(async () => {
    Thing = modelOn(opened.connection);
    await Thing.init();
    database = mongooseDatabase(opened.connection);
  });

  const claim = async (on: MongooseDatabase = database): Promise<number> => (await on.claim({ holder: "one", runner: "one", seconds: 60 })).fence;
  const unit = (fence: number, ...batches: Batch[]): Unit => ({ id: `unit ${(count += 1)}`, fence, batches });
  const update = (row: Row, n: string): Batch => ({ op: "update", model: "Thing", fields: ["n"], rows: [{ key: row.key, revision: row.revision, values: [n] }] });
  const create = async (codes: readonly string[]): Promise<Batch> => {
    const keys = await database.endpoints.get("Thing")!.allocate(codes.length);
    return { op: "insert", model: "Thing", fields: ["code", "n"], rows: codes.map((code, at) => ({ key: keys[at]!, cloudId: `cloud ${code}`, values: [code, "0"] })) };
  };
  const codes = async (): Promise<string[]> => (await Thing.find().sort({ code: 1 }).lean()).map(({ code }) => code);
  const stored = async (code: string): Promise<Row> => {
    const found = await Thing.findOne({ code }).lean().orFail();
    return (await rowsOf(database, "Thing")).find(({ key }) => key[0] === String(found._id))!;
  };

  test("concurrent writes of an application and of units lose nothing on either side", async () => {
    for (const each of [database, mongooseDatabase(opened.connection, { writes: "orm" }), mongooseDatabase(withoutTransactions(opened.connection))]) {
      await Thing.deleteMany({});
      await Thing.create({ code: "hot", n: 0 });
      const fence = await claim(each);
      let own = 0;
      const application = async (): Promise<void> => {
        for (let i = 0; i < 40; i += 1) await Thing.updateOne({ code: "hot" }, { $inc: { n: 1 } });
      };
      const units = async (): Promise<void> => {
        for (let i = 0; i < 40; i += 1) {
          const row = await stored("hot");
          const n = String(Number(row.values[(each.endpoints.get("Thing")!.model.fields.findIndex(({ name }) => name === "n"))]) + 1000);
          const committed = await each.commit(unit(fence, update(row, n)));
          if (committed.committed && committed.outcomes[0]![0]!.status === "written") own += 1;
        }
      };
      await Promise.all([application(), units()]);
      expect((await Thing.findOne({ code: "hot" }).lean().orFail()).n).toBe(40 + own * 1000);
      expect(own).toBeGreaterThan(0);
    }
  });

  test.each(["bulk", "orm"] as const)("on the application's own connection nothing of either side is swallowed, and nothing uncommitted is read (%s)", async (writes) => {
    database = mongooseDatabase(opened.connection, { writes });
    const fence = await claim();
    const kept: string[] = [];
    const dropped: string[] = [];
    const seen = new Set<string>();
    const own: string[] = [];
    const state = { running: true };
    const application = async (name: string): Promise<void> => {
      for (let i = 0; state.running; i += 1) {
        const ids = [`${name} ${i} x`, `${name} ${i} y`];
        const session = await opened.connection.startSession();
        try {
          await session.withTransaction(async () => {
            await Thing.create([{ code: ids[0]! }], { session });
            await pause(i % 3);
            await Thing.create([{ code: ids[1]! }], { session });
            if (i % 2 === 1) throw new Error("changed its mind");
          });
          kept.push(...ids);
        } catch (error) {
          if ((error as Error).message !== "changed its mind") throw error;
          dropped.push(...ids);
        } finally {
          await session.endSession();
        }
        await Thing.create({ code: `${name} ${i} alone` });
        kept.push(`${name} ${i} alone`);
      }
    };
    const reader = async (): Promise<void> => {
      const { model } = database.endpoints.get("Thing")!;
      const at = model.fields.findIndex(({ name }) => name === "code");
      while (state.running) for (const row of await rowsOf(database, "Thing")) seen.add(row.values[at]!);
    };
    const units = async (): Promise<void> => {
      for (let i = 0; i < 24; i += 1) {
        const wanted = [`ours ${i}`, ...(i % 2 === 1 ? [`ours ${i - 1}`] : [])];
        const { committed } = await database.commit(unit(fence, await create(wanted)));
        expect(committed).toBe(i % 2 === 0);
        if (committed) own.push(...wanted);
      }
      state.running = false;
    };
    await Promise.all([application("one"), application("two"), reader(), units()]);
    const there = new Set(await codes());
    expect({ swallowed: kept.filter((code) => !there.has(code)), resurrected: dropped.filter((code) => there.has(code)), read: dropped.filter((code) => seen.has(code)), lost: own.filter((code) => !there.has(code)) })
      .toEqual({ swallowed: [], resurrected: [], read: [], lost: [] });
    expect(there.size).toBe(kept.length + own.length);
    expect(dropped.length).toBeGreaterThan(0);
  });

  test("a server that does not answer, and a connection that was closed, are told apart", async () => {
    const dead = new mongoose.Mongoose().createConnection("mongodb://127.0.0.1:9/x", { serverSelectionTimeoutMS: 200 });
    await expect(mongooseDatabase(dead).claim({ holder: "a", runner: "a", seconds: 60 })).rejects.toMatchObject({ code: "ENDPOINT.UNAVAILABLE", retryable: true });
    const closed = await new mongoose.Mongoose().createConnection(opened.url).asPromise();
    const late = mongooseDatabase(closed);
    await closed.close();
    await expect(late.claim({ holder: "a", runner: "a", seconds: 60 })).rejects.toMatchObject({ code: "ENDPOINT.NOT_CONNECTED", retryable: false });
  });
});

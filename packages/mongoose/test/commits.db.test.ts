import { fork } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Batch, Key, Row, Unit } from "@sync/core";
import { insert, rowsOf } from "@sync/test-adapters";
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

  const claim = async (on: MongooseDatabase = database, runner = "one", takeOver = false): Promise<number> =>
    (await on.claim({ holder: runner, runner, seconds: 60, takeOver })).fence;
  const unit = (fence: number, ...batches: Batch[]): Unit => ({ id: `unit ${(count += 1)}`, fence, batches });
  const update = (row: Row, n: string): Batch => ({ op: "update", model: "Thing", fields: ["n"], rows: [{ key: row.key, revision: row.revision, values: [n] }] });
  const remove = (row: Row): Batch => ({ op: "delete", model: "Thing", rows: [{ key: row.key, revision: row.revision }] });
  const create = async (codes: readonly string[], on: MongooseDatabase = database): Promise<Batch> => {
    const keys = await on.endpoints.get("Thing")!.allocate(codes.length);
    return { op: "insert", model: "Thing", fields: ["code", "n"], rows: codes.map((code, at) => ({ key: keys[at]!, cloudId: `cloud ${code}`, values: [code, "0"] })) };
  };
  const codes = async (): Promise<string[]> => (await Thing.find().sort({ code: 1 }).lean()).map(({ code }) => code);
  const stored = async (code: string): Promise<Row> => {
    const found = await Thing.findOne({ code }).lean().orFail();
    return (await rowsOf(database, "Thing")).find(({ key }) => key[0] === String(found._id))!;
  };

  const blindly = (): MongooseDatabase => mongooseDatabase(withoutTransactions(opened.connection));

  test("a document that was changed or deleted since it was read stays as it is, and the others are written", async () => {
    await insert(database, "Thing", ["a", "b", "c", "d"].map((code) => ({ code, n: "1" })));
    const [a, b, c, d] = await Promise.all(["a", "b", "c", "d"].map(stored));
    await Thing.updateOne({ code: "a" }, { n: 7 });
    await Thing.deleteOne({ code: "b" });
    await Thing.updateOne({ code: "c" }, { n: 8 });
    for (const each of [database, blindly()]) {
      const fence = await claim(each);
      const committed = await each.commit(unit(fence, update(a!, "2"), update(b!, "2"), remove(c!), update(await stored("d"), "3")));
      expect(committed).toMatchObject({ committed: true, outcomes: [[{ status: "stale" }], [{ status: "stale" }], [{ status: "stale" }], [{ status: "written" }]] });
    }
    expect(await Thing.find({}, { _id: 0, code: 1, n: 1 }).sort({ code: 1 }).lean()).toEqual([{ code: "a", n: 7 }, { code: "c", n: 8 }, { code: "d", n: 3 }]);
    expect(d).toBeDefined();
  });

  test("a change of a type alone is a change", async () => {
    await insert(database, "Thing", [{ code: "a", n: "1" }]);
    const row = await stored("a");
    await Thing.collection.updateOne({ code: "a" }, { $set: { n: new mongoose.mongo.Int32(1) } });
    expect((await stored("a")).revision).toBe(row.revision); // the record's own values are the same
    const fence = await claim();
    expect(await database.commit(unit(fence, update(row, "2")))).toMatchObject({ outcomes: [[{ status: "written" }]] });
  });

  test("concurrent writes of an application and of units lose nothing on either side", async () => {
    for (const each of [database, mongooseDatabase(opened.connection, { writes: "orm" }), blindly()]) {
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

  test("one refused write keeps all of its unit from being written", async () => {
    await insert(database, "Thing", [{ code: "a", n: "1" }]);
    const fence = await claim();
    expect(await database.commit(unit(fence, await create(["b", "a", "c"])))).toMatchObject({ committed: false, refusal: { code: "WRITE.UNIQUE", constraint: "code_1", field: "code", model: "Thing" } });
    expect(await codes()).toEqual(["a"]);
    expect(await opened.connection.collection("sync_identity").countDocuments()).toBe(1);
  });

  test("without transactions a unit that is sent again in halves writes what is left of it", async () => {
    const blind = blindly();
    expect((await blind.inspect(["Thing"])).findings).toMatchObject([{ severity: "warning", code: "DATABASE.NO_TRANSACTIONS" }]);
    await insert(blind, "Thing", [{ code: "a", n: "1" }]);
    const fence = await claim(blind);
    const batch = await create(["b", "a", "c"]) as Batch & { readonly op: "insert" };
    expect(await blind.commit(unit(fence, batch))).toMatchObject({ committed: false, refusal: { code: "WRITE.UNIQUE" } });
    for (const row of batch.rows) await blind.commit(unit(fence, { ...batch, rows: [row] }));
    expect(await codes()).toEqual(["a", "b", "c"]);
  });

  test("whoever has lost the lease writes nothing, be it in the middle of a unit", async () => {
    const slow = await new mongoose.Mongoose().createConnection(opened.url).asPromise();
    try {
      modelOn(slow);
      const first = mongooseDatabase(slow);
      const lost = await claim(first, "slow");
      await expect(database.claim({ holder: "quick", runner: "quick", seconds: 60 })).rejects.toMatchObject({ code: "LEASE.HELD", message: expect.stringContaining("slow") });
      let go = (): void => {};
      const gate = new Promise<void>((resolve) => (go = resolve));
      const inTheMiddle = holdCommits(slow, gate);
      const late = first.commit(unit(lost, await create(["late"], first))).then(() => "committed", (error: { code: string }) => error.code);
      await inTheMiddle;
      const taken = claim(database, "quick", true).then(async (fence) => ({ fence, seen: await codes() }));
      await pause(300);
      go();
      const [outcome, { fence, seen }] = await Promise.all([late, taken]);
      expect(seen).toEqual(outcome === "committed" ? ["late"] : []);
      expect(await codes()).toEqual(seen); // what is there when the lease is taken is all that comes
      expect(fence).toBe(lost + 1);
      await expect(first.commit(unit(lost, await create(["later"], first)))).rejects.toMatchObject({ code: "LEASE.LOST" });
      expect(await first.release(lost, true)).toBe(false);
      expect(await codes()).toEqual(seen);
    } finally {
      await slow.close();
    }
  });

  test("a process that is killed in the middle of a unit leaves all of it or nothing", async () => {
    for (const moment of ["before", "during", "after"] as const) {
      await Thing.deleteMany({});
      const child = fork(fileURLToPath(new URL("./support/commit-and-die.ts", import.meta.url)), [opened.url, moment], { execArgv: ["--conditions=dev-source"], stdio: "inherit" });
      expect(await new Promise((resolve) => child.once("exit", (_, signal) => resolve(signal)))).toBe("SIGKILL");
      const found = await codes();
      expect([0, 50]).toContain(found.length);
      if (moment !== "during") expect(found.length).toBe(moment === "after" ? 50 : 0);
      const rows = await rowsOf(database, "Thing");
      expect(rows.filter(({ cloudId }) => cloudId === null)).toEqual([]);
      const fence = await claim(database, "next", true);
      expect(await database.commit(unit(fence, await create(["next"])))).toMatchObject({ committed: true });
      expect(await codes()).toHaveLength(found.length + 1);
      await opened.connection.collection("sync_identity").deleteMany({});
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

  test("keys of another type than the schema's are found before any write", async () => {
    await Thing.collection.insertOne({ _id: "text" as never, code: "odd" });
    expect((await database.inspect(["Thing"])).findings).toMatchObject([{ severity: "error", code: "SCHEMA.TYPE_DIFFERS", model: "Thing" }]);
  });

  test("pages cover what was asked for, in key order; a key that cannot be one finds nothing", async () => {
    await insert(database, "Thing", Array.from({ length: 25 }, (_, i) => ({ code: `c${i}`, n: null })));
    const endpoint = database.endpoints.get("Thing")!;
    const keys: Key[] = [];
    let after: Key | null = null;
    for await (const { rows, range } of endpoint.scan({ fields: ["code"], pageSize: 10 })) {
      expect(range.after).toEqual(after);
      after = range.upTo;
      keys.push(...rows.map(({ key }) => key));
    }
    expect(after).toBeNull();
    expect(keys).toEqual([...keys].sort());
    expect(keys).toHaveLength(25);
    expect(await endpoint.fetch({ fields: [], by: "key", tuples: [["nothing"], keys[3]!, keys[3]!] })).toHaveLength(1);
    expect(await endpoint.fetch({ fields: [], by: ["code"], tuples: [["c7"]] })).toHaveLength(1);
    expect(await endpoint.fetch({ fields: [], by: ["code"], tuples: [["$where"], ["c7"], ["c8"]] })).toHaveLength(2);
    expect((await endpoint.fetch({ fields: [], by: "cloudId", tuples: [[`Thing-${keys[5]![0]!}`]] })).map(({ key }) => key)).toEqual([keys[5]]);
  });
});

/** From now on transactions of this connection wait at their end for the gate; comes back when the first one has come there. */
function holdCommits(connection: Connection, gate: Promise<void>): Promise<void> {
  const client = connection.getClient();
  const start = client.startSession.bind(client);
  return new Promise((arrived) => {
    client.startSession = (...words) => {
      const session = start(...words);
      const commit = session.commitTransaction.bind(session);
      session.commitTransaction = async () => {
        arrived();
        await gate;
        await commit();
      };
      return session;
    };
  });
}

import { fork } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Batch, Key, Row, Unit } from "@sync/core";
import { insert, rowsOf } from "@sync/test-adapters";
import { describeMongo } from "@sync/test-databases/vitest";
import { Int32, MongoClient, type Collection } from "mongodb";
import { beforeEach, expect, test } from "vitest";
import type { MongoDatabase } from "../src/index.ts";
import { blindThingsOn, clientFor, thingsOn, type Thing } from "./support/bare.ts";

// What a unit promises, whatever library stands in between: here none does.

describeMongo("units", (server) => {
  const opened = clientFor(server, import.meta.url);
  let database: MongoDatabase;
  let things: Collection<Thing>;
  let count = 0;

  beforeEach(() => {
    things = opened.client.db().collection<Thing>("things");
    database = thingsOn(opened.client);
  });

  const claim = async (on: MongoDatabase = database, runner = "one", takeOver = false): Promise<number> =>
    (await on.claim({ holder: runner, runner, seconds: 60, takeOver })).fence;
  const unit = (fence: number, ...batches: Batch[]): Unit => ({ id: `unit ${(count += 1)}`, fence, batches });
  const update = (row: Row, n: string): Batch => ({ op: "update", model: "Thing", fields: ["n"], rows: [{ key: row.key, revision: row.revision, values: [n] }] });
  const remove = (row: Row): Batch => ({ op: "delete", model: "Thing", rows: [{ key: row.key, revision: row.revision }] });
  const create = async (codes: readonly string[], on: MongoDatabase = database): Promise<Batch> => {
    const keys = await on.endpoints.get("Thing")!.allocate(codes.length);
    return { op: "insert", model: "Thing", fields: ["code", "n"], rows: codes.map((code, at) => ({ key: keys[at]!, cloudId: `cloud ${code}`, values: [code, "0"] })) };
  };
  const codes = async (): Promise<string[]> => (await things.find().sort({ code: 1 }).toArray()).map(({ code }) => code);
  const stored = async (code: string): Promise<Row> => {
    const found = await things.findOne({ code });
    return (await rowsOf(database, "Thing")).find(({ key }) => key[0] === String(found!._id))!;
  };

  const blindly = (): MongoDatabase => blindThingsOn(opened.client);

  test("a document that was changed or deleted since it was read stays as it is, and the others are written", async () => {
    await insert(database, "Thing", ["a", "b", "c", "d"].map((code) => ({ code, n: "1" })));
    const [a, b, c, d] = await Promise.all(["a", "b", "c", "d"].map(stored));
    await things.updateOne({ code: "a" }, { $set: { n: 7 } });
    await things.deleteOne({ code: "b" });
    await things.updateOne({ code: "c" }, { $set: { n: 8 } });
    for (const each of [database, blindly()]) {
      const fence = await claim(each);
      const committed = await each.commit(unit(fence, update(a!, "2"), update(b!, "2"), remove(c!), update(await stored("d"), "3")));
      expect(committed).toMatchObject({ committed: true, outcomes: [[{ status: "stale" }], [{ status: "stale" }], [{ status: "stale" }], [{ status: "written" }]] });
    }
    expect(await things.find({}, { projection: { _id: 0 } }).sort({ code: 1 }).toArray()).toEqual([{ code: "a", n: 7 }, { code: "c", n: 8 }, { code: "d", n: 3 }]);
    expect(d).toBeDefined();
  });

  test("a change of a type alone is a change", async () => {
    await insert(database, "Thing", [{ code: "a", n: "1" }]);
    const row = await stored("a");
    await things.updateOne({ code: "a" }, { $set: { n: new Int32(1) as never } });
    expect((await stored("a")).revision).toBe(row.revision); // the record's own values are the same
    const fence = await claim();
    expect(await database.commit(unit(fence, update(row, "2")))).toMatchObject({ outcomes: [[{ status: "written" }]] });
  });

  test("one refused write keeps all of its unit from being written", async () => {
    await insert(database, "Thing", [{ code: "a", n: "1" }]);
    const fence = await claim();
    expect(await database.commit(unit(fence, await create(["b", "a", "c"])))).toMatchObject({ committed: false, refusal: { code: "WRITE.UNIQUE", constraint: "code_1", field: "code", model: "Thing" } });
    expect(await codes()).toEqual(["a"]);
    expect(await opened.client.db().collection("sync_identity").countDocuments()).toBe(1);
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
    const slow = await new MongoClient(opened.url).connect();
    try {
      const first = thingsOn(slow);
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
      await things.deleteMany({});
      const child = fork(fileURLToPath(new URL("./support/commit-and-die.ts", import.meta.url)), [opened.url, moment], { execArgv: ["--conditions=dev-source"], stdio: "inherit" });
      expect(await new Promise((resolve) => child.once("exit", (_, signal) => resolve(signal)))).toBe("SIGKILL");
      const fence = await claim(database, "next", true); // what is there when the lease is taken is all that comes
      const found = await codes();
      expect([0, 50]).toContain(found.length);
      if (moment !== "during") expect(found.length).toBe(moment === "after" ? 50 : 0);
      const rows = await rowsOf(database, "Thing");
      expect(rows.filter(({ cloudId }) => cloudId === null)).toEqual([]);
      expect(await database.commit(unit(fence, await create(["next"])))).toMatchObject({ committed: true });
      expect(await codes()).toHaveLength(found.length + 1);
      await opened.client.db().collection("sync_identity").deleteMany({});
    }
  });

  test("keys of another type than the schema's are found before any write", async () => {
    await things.insertOne({ _id: "text" as never, code: "odd" });
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

/** From now on transactions of this client wait at their end for the gate; comes back when the first one has come there. */
function holdCommits(client: MongoClient, gate: Promise<void>): Promise<void> {
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

import type { Batch, Row, Unit } from "@sync/core";
import { insert, rowsOf } from "@sync/test-adapters";
import { describeMongo } from "@sync/test-databases/vitest";
import type { ClientSession } from "mongodb";
import { beforeEach, expect, test } from "vitest";
import { mongoDatabase } from "../src/index.ts";
import type { MongoDatabase, RecordWrite, RecordWriter } from "../src/index.ts";
import { clientFor, optionsFor, type Thing } from "./support/bare.ts";

// What a library is told where it writes documents itself, and what becomes of what it answers.

describeMongo("records through a library", (server) => {
  const opened = clientFor(server, import.meta.url);
  let database: MongoDatabase;
  let told: RecordWrite[];

  beforeEach(() => {
    told = [];
    const things = opened.client.db().collection<Thing>("things");
    const records: RecordWriter = {
      carries: (write) => write.op !== "insert" || write.document["code"] !== "odd",
      async write(_, writes, session: ClientSession) {
        for (const write of writes) {
          told.push(write);
          if (write.op === "insert" && write.document["code"] === "refused") throw new Error("the hook does not want it");
          if (write.op === "insert") await things.insertOne({ ...write.document, code: `${String(write.document["code"])}!` }, { session });
          else if (write.op === "delete") await things.deleteOne({ _id: write.before["_id"] as never }, { session });
          else if (write.op === "patch") await things.updateOne({ _id: write.before["_id"] as never }, { $set: Object.fromEntries(write.patches.map(({ path, value }) => [path.join("."), value])) }, { session });
        }
      },
      refusal: (error, model) => ({ code: "WRITE.CHECK", model, constraint: (error as Error).name }),
    };
    database = mongoDatabase({ ...optionsFor(opened.client), records });
  });

  const unit = async (...batches: Batch[]): Promise<Unit> => ({ id: "unit", fence: (await database.claim({ holder: "one", runner: "one", seconds: 60 })).fence, batches });
  const create = async (codes: readonly string[]): Promise<Batch> => {
    const keys = await database.endpoints.get("Thing")!.allocate(codes.length);
    return { op: "insert", model: "Thing", fields: ["code", "n"], rows: codes.map((code, at) => ({ key: keys[at]!, cloudId: `cloud ${code}`, values: [code, "0.5"] })) };
  };
  const documents = () => opened.client.db().collection<Thing>("things").find({}, { projection: { _id: 0 } }).sort({ code: 1 }).toArray();

  test("it gets values as an application has them, and what it makes of them is told; what it cannot hold is written in bulk", async () => {
    const committed = await database.commit(await unit(await create(["a", "odd"])));
    expect(told).toMatchObject([{ op: "insert", document: { code: "a", n: 0.5 } }]);
    expect(committed).toMatchObject({ committed: true, outcomes: [[{ status: "written", after: { cloudId: "cloud a" } }, { status: "written" }]] });
    const [first] = committed.committed ? committed.outcomes[0]! : [];
    expect(first?.status === "written" && first.after?.values).toContain("a!");
    expect(await documents()).toEqual([{ code: "a!", n: 0.5 }, { code: "odd", n: 0.5 }]);
  });

  test("it sees no document that has changed since it was read", async () => {
    await insert(database, "Thing", [{ code: "a", n: "1" }, { code: "b", n: "1" }, { code: "c", n: "1" }]);
    const [a, b, c] = (await rowsOf(database, "Thing")) as [Row, Row, Row];
    await opened.client.db().collection<Thing>("things").updateOne({ code: "a!" }, { $set: { n: 7 } });
    told = [];
    const update = (row: Row): { key: Row["key"]; revision: string; values: string[] } => ({ key: row.key, revision: row.revision, values: ["2"] });
    const committed = await database.commit(await unit(
      { op: "update", model: "Thing", fields: ["n"], rows: [update(a), update(b)] }, { op: "delete", model: "Thing", rows: [{ key: c.key, revision: c.revision }] },
    ));
    expect(committed).toMatchObject({ outcomes: [[{ status: "stale" }, { status: "written" }], [{ status: "written" }]] });
    expect(told).toMatchObject([{ op: "patch", before: { code: "b!", n: 1 }, patches: [{ path: ["n"], value: 2 }], touched: [] }, { op: "delete", before: { code: "c!" } }]);
    expect(await documents()).toEqual([{ code: "a!", n: 7 }, { code: "b!", n: 2 }]);
  });

  test("what its hooks throw is a refusal in its words, and leaves nothing of the unit; what the driver throws is not its business", async () => {
    expect(await database.commit(await unit(await create(["a", "refused"])))).toEqual({ committed: false, refusal: { code: "WRITE.CHECK", model: "Thing", constraint: "Error" } });
    await database.commit(await unit(await create(["b"])));
    expect(await database.commit(await unit(await create(["b"])))).toMatchObject({ committed: false, refusal: { code: "WRITE.UNIQUE", field: "code", model: "Thing" } });
    expect(await documents()).toEqual([{ code: "b!", n: 0.5 }]);
  });
});

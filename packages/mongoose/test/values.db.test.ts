import { insert, rowsOf, valuesOf } from "@sync/test-adapters";
import { describeMongo } from "@sync/test-databases/vitest";
import { Schema } from "mongoose";
import { expect, test } from "vitest";
import { createSync, leftWins, mongooseDatabase, naturalKey } from "../src/index.ts";
import { connectionFor } from "./support/opened.ts";

const { ObjectId, UUID, Int32, Double, Decimal128, Mixed } = Schema.Types;
const thing = new Schema({
  code: { type: String, required: true, unique: true }, text: String, word: { type: String, enum: ["a", "b"] }, number: Number, double: Double, int: Int32, big: BigInt,
  money: Decimal128, at: Date, yes: Boolean, other: ObjectId, uuid: UUID, bytes: Buffer, mixed: Mixed, map: { type: Map, of: Date }, numbers: [Number], words: [String],
  nested: { deep: { lat: Number } }, one: new Schema({ at: Date }),
});

const full: Record<string, string | null> = {
  code: "full", text: "é\u0000\u{1F600}\"\\ $where", word: "b", number: "0.1", double: "1e+300", int: "-2147483648", big: "-9223372036854775808",
  money: "1234567890123456789012345678.901234", at: "2026-01-02T03:04:05.678Z", yes: "false", other: "0123456789abcdef01234567",
  uuid: "0199b3a2-0000-7000-8000-000000000001", bytes: "AAH/", mixed: `{"$set":{"a.b":[1,null,9007199254740993,0.5]},"__proto__":{"x":1}}`,
  map: `{"when":"2026-01-02T00:00:00.000Z"}`, numbers: `["1","NaN",null,"-0.5"]`, words: `["a","","é"]`, "nested.deep.lat": "1.5", "one.at": "0001-01-01T00:00:00Z",
};
const edges: readonly Record<string, string | null>[] = [
  full,
  { ...Object.fromEntries(Object.keys(full).map((name) => [name, null])), code: "nulls" },
  { ...full, code: "edges", text: "", number: "NaN", double: "-Infinity", int: "2147483647", big: "9007199254740993", money: "-0.000001", at: "9999-12-31T23:59:59.999Z", bytes: "", mixed: "[]", map: "{}", numbers: "[]", words: "[]" },
  { ...full, code: "more", number: "5e-324", big: "9223372036854775807", money: "9999999999999999999999999999999999", at: "+010000-01-01T00:00:00Z", mixed: `"$oid"` },
];

describeMongo("values of every kind", (server) => {
  const opened = connectionFor(server, import.meta.url);

  test("come back as they were sent, and stand in documents as Mongoose's own types", async () => {
    const Thing = opened.connection.model("Thing", thing);
    await Thing.init();
    const database = mongooseDatabase(opened.connection);
    await insert(database, "Thing", edges);
    const rows = await rowsOf(database, "Thing");
    const read = new Map(rows.map((row) => [valuesOf(database, "Thing", row)["code"], valuesOf(database, "Thing", row)]));
    for (const sent of edges) expect(read.get(sent["code"])).toEqual({ ...sent, _id: expect.any(String) });
    expect(rows.flatMap(({ faults }) => faults ?? [])).toEqual([]);
    const document = (await Thing.findOne({ code: "full" }).orFail()).toObject();
    expect(document).toMatchObject({ text: full["text"], number: 0.1, int: -2147483648, big: -9223372036854775808n, yes: false, at: new Date("2026-01-02T03:04:05.678Z") });
    expect((await Thing.collection.findOne({ code: "full" }))!["numbers"]).toEqual([1, Number.NaN, null, -0.5]);
    expect(String(document.money)).toBe("1234567890123456789012345678.901234");
    expect(document.map?.get("when")).toEqual(new Date("2026-01-02T00:00:00Z"));
    expect([String(document.uuid), document.bytes?.toString("hex"), String(document.other)]).toEqual([full["uuid"], "0001ff", full["other"]]);
    const raw = await Thing.collection.findOne({ code: "nulls" });
    expect(Object.keys(raw!).sort()).toEqual(["__v", "_id", "code"]);
  });

  test("written by Mongoose they are found equal after a copy to another model, and the second run writes nothing", async () => {
    const Thing = opened.connection.model("Thing", thing);
    opened.connection.model("Copy", thing);
    await Promise.all([Thing.init(), opened.connection.model("Copy").init()]);
    await Thing.create([
      { code: "one", number: 2 ** 53, big: 2n ** 62n, money: "0.5", at: new Date(1), uuid: "11111111-1111-4111-8111-111111111111", bytes: Buffer.from("x"), mixed: { at: new Date(5), list: [1n, 0.5] }, map: { a: new Date(7) } },
      { code: "two", numbers: [1, 2], words: ["x"], nested: { deep: { lat: 3 } }, one: { at: new Date(9) } },
    ]);
    const other = opened.connection.useDb(`${opened.connection.name.slice(0, 50)}_2`);
    await other.dropDatabase();
    other.model("Thing", thing);
    await other.model("Thing").init();
    const sync = createSync({ name: "values", left: mongooseDatabase(opened.connection), right: mongooseDatabase(other), models: { Thing: { match: naturalKey("code") } }, conflicts: leftWins() });
    expect((await sync.run()).written).toMatchObject({ right: 2 });
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
    expect(await sync.verify()).toMatchObject({ equal: true });
    const { EJSON } = opened.connection.base.mongo.BSON;
    const plain = async (connection: typeof opened.connection): Promise<unknown> => EJSON.serialize(
      await connection.collection("things").find({}, { projection: { _id: 0, "one._id": 0 }, promoteValues: false }).sort({ code: 1 }).toArray(), { relaxed: true });
    expect(await plain(other)).toEqual(await plain(opened.connection));
    await other.dropDatabase();
  });

  test("a value that a document cannot hold is refused by its record alone", async () => {
    opened.connection.model("Thing", thing);
    const database = mongooseDatabase(opened.connection);
    await expect(insert(database, "Thing", [{ ...full, code: "bad", other: "no ObjectId" }])).rejects.toThrow("WRITE.VALUE");
    await expect(insert(database, "Thing", [{ ...full, code: "large", text: "x".repeat(17 << 20) }])).rejects.toThrow("WRITE.VALUE");
    expect(await rowsOf(database, "Thing")).toEqual([]);
  });
});

import { Binary, BSON, Decimal128, Double, Int32, Long, ObjectId, Timestamp, UUID } from "mongodb";
import { expect, test } from "vitest";
import { Codec } from "../src/codec.ts";
import { Misfit } from "../src/json.ts";
import type { Shape } from "../src/shape.ts";

const codec = new Codec(BSON);
const read = (value: unknown): unknown => codec.read(BSON.serialize({ v: value }))["v"];
const scalar = (is: string): Shape => ({ is }) as Shape;

test.each([
  ["text", "a\u0000\"é", JSON.stringify("a\u0000\"é")],
  ["boolean", false, "false"],
  ["double", 0.1, `"0.1"`],
  ["double", new Double(2), `"2"`],
  ["double", new Int32(2), `"2"`],
  ["double", Number.NaN, `"NaN"`],
  ["double", Number.NEGATIVE_INFINITY, `"-Infinity"`],
  ["int32", new Int32(-7), "-7"],
  ["int32", new Double(7), "7"],
  ["long", Long.fromString("9007199254740993"), "9007199254740993"],
  ["decimal", Decimal128.fromString("123.4500"), "123.45"],
  ["decimal", Decimal128.fromString("1E+3"), "1000"],
  ["decimal", Decimal128.fromString("9999999999999999999999999999999999"), "9999999999999999999999999999999999"],
  ["date", new Date("2026-01-02T03:04:05.678Z"), `"2026-01-02T03:04:05.678Z"`],
  ["objectId", ObjectId.createFromHexString("0123456789abcdef01234567"), `"0123456789abcdef01234567"`],
  ["uuid", new UUID("11111111-1111-4111-8111-111111111111"), `"11111111-1111-4111-8111-111111111111"`],
  ["bytes", new Binary(Buffer.from([1, 255])), `"Af8="`],
])("a %s goes out as one text and comes back as its type", (is, value, text) => {
  expect(codec.toJson(read(value), scalar(is))).toBe(text);
  expect(codec.toJson(read(codec.fromText(text, scalar(is))), scalar(is))).toBe(text);
});

test.each([
  ["text", 5], ["double", "5"], ["int32", 1.5], ["long", "9"], ["long", 0.5], ["decimal", 1], ["decimal", Decimal128.fromString("NaN")],
  ["date", "2026-01-02T03:04:05Z"], ["date", new Timestamp({ t: 1, i: 1 })], ["objectId", "0123456789abcdef01234567"], ["uuid", new Binary(Buffer.alloc(16))],
  ["bytes", new UUID()], ["boolean", 1], ["text", /x/i], ["double", true],
])("where a %s belongs, anything else goes through as it is and fits no kind", (is, value) => {
  const stored = read(value);
  const text = codec.toJson(stored, scalar(is));
  expect(JSON.parse(text)).toEqual({ $bson: expect.any(String) });
  expect(codec.fromText(text, scalar(is))).toEqual(stored);
});

test("what no schema speaks of keeps every type, be it a double that is whole", () => {
  const value = { a: new Double(1), b: new Int32(1), c: [Long.fromNumber(1), null, { d: Decimal128.fromString("1.00") }], e: new Timestamp({ t: 1, i: 2 }) };
  const text = codec.toJson(read(value), undefined);
  expect(BSON.serialize({ v: codec.fromText(text, { is: "anything" }) })).toEqual(BSON.serialize({ v: value }));
});

test("mixed values are JSON where JSON has them, exact beyond 2⁵³, and Extended JSON where it has not", () => {
  const value = {
    text: "x", n: 1.5, big: Long.fromString("9007199254740993"), list: [1, { a: null }], none: Number.NaN,
    at: new Date(0), id: ObjectId.createFromHexString("0123456789abcdef01234567"), money: Decimal128.fromString("1.50"), bytes: new Binary(Buffer.from([1])),
  };
  const text = codec.toJson(read(value), scalar("anything"));
  expect(text).toContain(`"text":"x","n":1.5,"big":9007199254740993,"list":[1,{"a":null}],"none":{"$bson"`);
  expect(text).toContain(`"at":{"$date":"1970-01-01T00:00:00.000Z"},"id":{"$oid":"0123456789abcdef01234567"},"money":{"$numberDecimal":"1.50"},"bytes":{"$binary":"AQ=="}`);
  expect(codec.toJson(read(codec.fromText(text, scalar("anything"))), scalar("anything"))).toBe(text);
});

test("numbers of mixed values take the narrowest type that holds all their digits", () => {
  const back = (text: string): unknown => codec.fromText(text, scalar("anything"));
  expect(back("9007199254740993")).toEqual(Long.fromString("9007199254740993"));
  expect(back("123456789012345678901234567890")).toEqual(Decimal128.fromString("123456789012345678901234567890"));
  expect(back("0.30000000000000004")).toEqual(new Double(0.30000000000000004));
  expect(() => back("1".repeat(40))).toThrow(Misfit);
});

test("numbers that JavaScript would take for infinity or zero are decimals, exact in both directions", () => {
  for (const text of ["1e+1000", "-1e+400", "1e-400", "1.23456789012345e-310"]) {
    expect(codec.fromText(text, scalar("decimal"))).toEqual(Decimal128.fromString(text));
    const made = codec.fromText(`[${text}]`, scalar("anything"));
    expect(made).toEqual([Decimal128.fromString(text)]);
    expect(codec.toJson(read(made), scalar("anything"))).toBe(`[${text.toUpperCase()}]`);
  }
  for (const number of ["123456789012345678901234567890", "9223372036854775808", "0.1234567890123456789"]) {
    expect(codec.toJson(read(codec.fromText(number, scalar("anything"))), scalar("anything"))).toBe(number);
    expect(codec.fromText(`{"$numberDecimal":"${number}"}`, scalar("anything"))).toEqual({ $numberDecimal: number });
  }
});

test("an object that the driver takes for a reference to a document is an object", () => {
  for (const text of [`{"$ref":"a","$id":1}`, `{"$ref":"a","$id":"b","$db":"c","d":[1]}`]) {
    expect(codec.toJson(read(codec.fromText(text, scalar("anything"))), scalar("anything"))).toBe(text);
  }
});

test("what only looks like Extended JSON, and keys of every kind, stay what they are", () => {
  for (const text of [`{"$oid":"zz"}`, `{"$date":5}`, `{"$date":"yesterday"}`, `{"__proto__":{"a":1},"constructor":2,"":3,"a.b":4,"$set":5}`]) {
    expect(codec.toJson(read(codec.fromText(text, scalar("anything"))), scalar("anything"))).toBe(text);
  }
});

test.each([
  ["objectId", `"zz"`], ["objectId", `"0123456789ABCDEF0123456"`], ["long", "9223372036854775808"], ["int32", "2147483648"], ["uuid", `"no"`], ["date", `"no"`],
  ["boolean", `"true"`], ["text", "true"], ["decimal", `"1e9999"`], ["objectId", "{}"], ["text", "[]"],
])("a %s that cannot be one is refused", (is, text) => {
  expect(() => codec.fromText(text, scalar(is))).toThrow(Misfit);
});

test("a name with U+0000, which BSON cannot write, is refused", () => {
  for (const shape of [scalar("anything"), { is: "map", of: scalar("text") }] as Shape[]) expect(() => codec.fromText(`{"a\\u0000b":"x"}`, shape)).toThrow(Misfit);
});

test("objects are written in the order of their schema, subdocuments with an `_id`", () => {
  const shape: Shape = { is: "object", id: true, members: new Map([["b", scalar("text")], ["a", scalar("date")]]) };
  const made = codec.fromText(`{"a":"2026-01-02T00:00:00Z","b":"x","c":1}`, shape) as Record<string, unknown>;
  expect(Object.keys(made)).toEqual(["_id", "b", "a", "c"]);
  expect(made["_id"]).toBeInstanceOf(ObjectId);
  expect(codec.fromText(`{"_id":{"$oid":"0123456789abcdef01234567"},"b":"x"}`, shape)).toMatchObject({ _id: ObjectId.createFromHexString("0123456789abcdef01234567") });
});

test("maps hold values of their type", () => {
  const shape: Shape = { is: "map", of: scalar("date") };
  const text = `{"a":"2026-01-02T00:00:00.000Z","__proto__":null}`;
  expect(codec.toJson(codec.fromText(text, shape), shape)).toBe(text);
});

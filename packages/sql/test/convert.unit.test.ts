import type { Kind } from "@sync/core";
import { decode } from "@sync/core";
import { expect, test } from "vitest";
import { wholly } from "../src/convert.ts";

const instant: Kind = { type: "instant", digits: 6 };
const integer: Kind = { type: "integer", bits: 64 };
const json: Kind = { type: "json" };
const parsed = (value: string): unknown => JSON.parse(value) as unknown;

test.for<[what: string, kind: Kind, take: (value: string) => unknown, value: string]>([
  ["a moment of milliseconds as a Date", instant, (value) => new Date(value), "2026-01-02T03:04:05.678Z"],
  ["a moment without a fraction as a Date", instant, (value) => new Date(value), "2026-01-02T03:04:05Z"],
  ["a small number as a number", integer, Number, "-42"],
  ["a large number as a bigint", integer, BigInt, "9007199254740993"],
  ["a large number as its digits", integer, (value) => value, "9007199254740993"],
  ["a truth value", { type: "boolean" }, (value) => value === "true", "true"],
  ["a text", { type: "text" }, (value) => value, " é\u{1F600}"],
  ["JSON whose names stand in another order", json, (value) => Object.fromEntries(Object.entries(parsed(value) as object).reverse()), '{"a":1,"b":[null,true,"x"]}'],
  ["bytes", { type: "bytes" }, (value) => decode({ type: "bytes" }, value), "AAH+/w=="],
])("%s holds all of it, and is given back", ([, kind, take, value]) => {
  expect(wholly(kind, take)(value)).toEqual(take(value));
});

test.for<[what: string, kind: Kind, take: (value: string) => unknown, value: string]>([
  ["microseconds in a Date", instant, (value) => new Date(value), "2026-01-02T03:04:05.678901Z"],
  ["a moment that no Date holds", instant, (value) => new Date(value), "infinity"],
  ["a year beyond what a Date reads", instant, (value) => new Date(value), "12026-01-02T03:04:05Z"],
  ["digits that a number rounds", integer, Number, "9007199254740993"],
  ["digits that a number in JSON rounds", json, parsed, '{"a":9007199254740993}'],
  ["a null in JSON, which to a library is none", json, parsed, "null"],
  ["something that cannot be taken", integer, () => { throw new RangeError("too large"); }, "1"],
])("%s is not held", ([, kind, take, value]) => {
  expect(wholly(kind, take)(value)).toBeUndefined();
});

test("what a library makes of its own form decides, where that is something else", () => {
  const trimmed = wholly({ type: "text" }, (value) => value, (given) => (given as string).trim());
  expect([trimmed("kept"), trimmed(" lost ")]).toEqual(["kept", undefined]);
});

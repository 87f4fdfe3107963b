import { describe, expect, test } from "vitest";
import { corpus, VALUE_KINDS, type ValueKind } from "../src/values/corpus/index.ts";
import { type Coarseness, meaning } from "../src/values/meaning.ts";
import { asNumber, integer, json, noNulInJson, precision, scaled } from "../src/values/refusals.ts";

test("the corpus has more than a thousand values at their types, each under its own name, with no value at all among each kind", () => {
  const all = Object.values(corpus).flat();
  expect(all.length).toBeGreaterThan(1000);
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  for (const kind of VALUE_KINDS) {
    expect(corpus[kind].filter(({ text }) => text === null)).toHaveLength(1);
    expect(new Set(corpus[kind].map((value) => value.kind))).toEqual(new Set([kind]));
  }
});

describe("what a value means", () => {
  const same: [ValueKind, string, string, Coarseness?][] = [
    ["integer", "007", "7"], ["decimal", "1.50", "1.5"], ["decimal", "1e3", "1000.0"], ["decimal", "-0.0", "0"], ["decimal", "0.0010", "1E-3"],
    ["float", "-0", "0"],
    ["float", "1e21", "1000000000000000000000"], ["float", "inf", "Infinity"], ["float", "0.1", "0.10000000149011612", { bits: 32 }], ["boolean", "t", "1"],
    ["instant", "2026-01-02 03:04:05.6+00", "2026-01-02T03:04:05.600Z"], ["instant", "2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:05.678Z", { digits: 3 }],
    ["instant", "1969-12-31T23:59:59.0005Z", "1969-12-31T23:59:59.000Z", { digits: 3 }], ["instant", "-000043-03-15T12:00:00Z", "0044-03-15 12:00:00Z BC"],
    ["local", "+294276-12-31T23:59:59.999999", "294276-12-31 23:59:59.999999"], ["date", "0001-01-01 BC", "0000-01-01"], ["time", "03:04:05.600", "03:04:05.6"],
    ["duration", "P1Y2M", "P14M"], ["duration", "PT36H", "PT2160M"], ["bytes", "FF", "ff"],
    ["uuid", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc999c0b4ef8bb6d6bb9bd380a11"],
    ["json", "{\"b\": 1.0, \"a\": \"\\u00e9\"}", "{\"a\":\"é\",\"b\":1}"], ["list", "[ \"a\", null ]", "[\"a\",null]"],
  ];
  const other: [ValueKind, string, string, Coarseness?][] = [
    ["text", "a", "a "], ["text", "\u00e9", "e\u0301"], ["integer", "9007199254740992", "9007199254740993"], ["decimal", "0.1", "0.10000000000000001"],
    ["decimal", "1", "Infinity"],
    ["float", "0.1", "0.10000000149011612"], ["float", "NaN", "0"], ["boolean", "true", "false"],
    ["instant", "2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:05.678Z"],
    ["instant", "infinity", "-infinity"], ["instant", "0044-03-15 12:00:00Z BC", "0044-03-15 12:00:00Z"],
    ["local", "2026-03-29T02:30:00", "2026-03-29T03:30:00"],
    ["date", "2026-01-02", "2026-01-01"], ["time", "24:00:00", "00:00:00"], ["duration", "P1D", "PT24H"], ["duration", "P1M", "P30D"], ["bytes", "", "00"],
    ["json", "[9007199254740992]", "[9007199254740993]"], ["json", "[1,2]", "[2,1]"], ["json", "\"1\"", "1"], ["json", "{\"__proto__\":1}", "{}"],
    ["json", "[1e400]", "[1e401]"],
    ["list", "[null]", "[\"null\"]"], ["list", "[[\"a\"]]", "[\"[\\\"a\\\"]\"]"], ["enum", "red", "RED"],
  ];

  test.each(same)("%s: %s and %s are the same", (kind, a, b, coarse) => expect(meaning(kind, a, coarse)).toBe(meaning(kind, b, coarse)));
  test.each(other)("%s: %s and %s are not", (kind, a, b, coarse) => expect(meaning(kind, a, coarse)).not.toBe(meaning(kind, b, coarse)));
});

test("types foretell what they refuse", () => {
  expect(["9007199254740991", "9007199254740992", "-9007199254740992", "1.5", "x"].map(integer(53)))
    .toEqual([undefined, "VALUE.OUT_OF_RANGE", "VALUE.OUT_OF_RANGE", "VALUE.TOO_PRECISE", "VALUE.NOT_A_NUMBER"]);
  expect(["9223372036854775807", "9223372036854775808", "-9223372036854775808"].map(integer(64))).toEqual([undefined, "VALUE.OUT_OF_RANGE", undefined]);
  expect(["123456789012345", "0.0123456789012345", "1234567890123456", "1e300"].map(precision(15)))
    .toEqual([undefined, undefined, "VALUE.TOO_PRECISE", undefined]);
  expect(["9999.99", "10000", "0.001", "-1.50"].map(scaled(6, 2))).toEqual([undefined, "VALUE.OUT_OF_RANGE", "VALUE.TOO_PRECISE", undefined]);
  expect(["9223372036854775807", "0.1", "1e400", "9007199254740993.5"].map(asNumber("no"))).toEqual([undefined, undefined, "no", "no"]);
  expect([`${"[".repeat(64)}${"]".repeat(64)}`, `${"[".repeat(65)}${"]".repeat(65)}`, "{a:1}", "{\"a\":1,\"a\":1}", "[\"\\ud800\"]", "[\"[[[\"]"].map(json))
    .toEqual([undefined, "VALUE.TOO_DEEP", "VALUE.MALFORMED", "VALUE.DUPLICATE_KEY", "VALUE.LONE_SURROGATE", undefined]);
  expect(["\"\\u0000\"", "\"\\\\u0000\"", "{\"\\u0000\":1}"].map(noNulInJson)).toEqual(["VALUE.NUL", undefined, "VALUE.NUL"]);
});

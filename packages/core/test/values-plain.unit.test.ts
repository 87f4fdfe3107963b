import { describe, expect, test } from "vitest";
import { decode, encode, isValueError, type Kind, matchForm, type MatchRule } from "../src/value.ts";

const digits = 6;

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (isValueError(error)) return error.code;
    throw error;
  }
  return "accepted";
}

test.each<[kind: Kind, text: string, plain: unknown]>([
  [{ type: "text" }, "a", "a"],
  [{ type: "enum", values: ["a"] }, "a", "a"],
  [{ type: "boolean" }, "true", true],
  [{ type: "boolean" }, "false", false],
  [{ type: "integer", bits: 32 }, "-42", -42],
  [{ type: "integer", bits: 53 }, "9007199254740991", 9007199254740991],
  [{ type: "integer", bits: 64 }, "42", 42n],
  [{ type: "integer" }, "9007199254740993", 9007199254740993n],
  [{ type: "decimal" }, "123.45", "123.45"],
  [{ type: "float", bits: 64 }, "1e+21", 1e21],
  [{ type: "float", bits: 64 }, "NaN", Number.NaN],
  [{ type: "float", bits: 32 }, "-Infinity", Number.NEGATIVE_INFINITY],
  [{ type: "instant", digits }, "2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:05.678901Z"],
  [{ type: "date" }, "2026-01-02", "2026-01-02"],
  [{ type: "bytes" }, "AP8Q", Uint8Array.of(0, 255, 16)],
  [{ type: "uuid" }, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
  [{ type: "json" }, '{"a":[1,null]}', { a: [1, null] }],
  [{ type: "json" }, "null", null],
  [{ type: "list", of: { type: "integer", bits: 64 } }, '["1",null]', [1n, null]],
  [{ type: "list", of: { type: "bytes" } }, '["AA=="]', [Uint8Array.of(0)]],
])("%j: %j is decoded and encoded again", (kind, text, plain) => {
  expect(decode(kind, text)).toEqual(plain);
  expect(encode(kind, plain)).toBe(text);
});

test.each<[kind: Kind, plain: unknown, text: string]>([
  [{ type: "boolean" }, 1, "true"],
  [{ type: "boolean" }, 0n, "false"],
  [{ type: "integer", bits: 64 }, 42, "42"],
  [{ type: "integer" }, -0, "0"],
  [{ type: "integer" }, "042", "42"],
  [{ type: "decimal" }, 1e-7, "0.0000001"],
  [{ type: "decimal" }, 10n ** 30n, `1${"0".repeat(30)}`],
  [{ type: "float", bits: 32 }, 0.1, "0.1"],
  [{ type: "float", bits: 32 }, Math.fround(0.1), "0.1"],
  [{ type: "float", bits: 64 }, -0, "0"],
  [{ type: "float", bits: 64 }, 2n ** 60n, "1152921504606847000"],
  [{ type: "instant", digits }, new Date("2026-01-02T03:04:05.600Z"), "2026-01-02T03:04:05.6Z"],
  [{ type: "instant", digits }, new Date("2026-01-02T03:04:05Z"), "2026-01-02T03:04:05Z"],
  [{ type: "instant", digits }, new Date(8.64e15), "+275760-09-13T00:00:00Z"],
  [{ type: "instant", digits }, new Date(-8.64e15), "-271821-04-20T00:00:00Z"],
  [{ type: "date" }, new Date("2026-01-02"), "2026-01-02"],
  [{ type: "bytes" }, Uint8Array.of(0, 255, 16).buffer, "AP8Q"],
  [{ type: "bytes" }, new DataView(Uint8Array.of(9, 0, 255, 16, 9).buffer, 1, 3), "AP8Q"],
  [{ type: "list", of: { type: "decimal" } }, [1.5, "2.50", 3n], '["1.5","2.5","3"]'],
])("%j also encodes %o", (kind, plain, text) => {
  expect(encode(kind, plain)).toBe(text);
});

test.each<[kind: Kind, plain: unknown, code: string]>([
  [{ type: "text" }, 1, "VALUE.MALFORMED"],
  [{ type: "text" }, null, "VALUE.MALFORMED"],
  [{ type: "text" }, undefined, "VALUE.MALFORMED"],
  [{ type: "text" }, "\udfff", "VALUE.LONE_SURROGATE"],
  [{ type: "boolean" }, 2, "VALUE.MALFORMED"],
  [{ type: "integer" }, Number.NaN, "VALUE.NOT_A_NUMBER"],
  [{ type: "integer" }, Number.POSITIVE_INFINITY, "VALUE.NOT_A_NUMBER"],
  [{ type: "integer" }, 1.5, "VALUE.TOO_PRECISE"],
  [{ type: "integer" }, 2 ** 53, "VALUE.UNSAFE_NUMBER"],
  [{ type: "integer" }, true, "VALUE.MALFORMED"],
  [{ type: "decimal" }, Number.NaN, "VALUE.NOT_A_NUMBER"],
  [{ type: "decimal" }, 1e21, "VALUE.UNSAFE_NUMBER"],
  [{ type: "float", bits: 64 }, 2n ** 53n + 1n, "VALUE.MALFORMED"],
  [{ type: "instant", digits }, new Date(Number.NaN), "VALUE.MALFORMED"],
  [{ type: "instant", digits }, 1767322800000, "VALUE.MALFORMED"],
  [{ type: "local", digits }, new Date(0), "VALUE.MALFORMED"],
  [{ type: "date" }, new Date("2026-01-02T05:00:00Z"), "VALUE.TOO_PRECISE"],
  [{ type: "bytes" }, [1, 2], "VALUE.MALFORMED"],
  [{ type: "uuid" }, {}, "VALUE.MALFORMED"],
  [{ type: "list", of: { type: "text" } }, {}, "VALUE.MALFORMED"],
  [{ type: "list", of: { type: "text" } }, [undefined], "VALUE.MALFORMED"],
])("%j refuses %o with %s", (kind, plain, code) => {
  expect(codeOf(() => encode(kind, plain))).toBe(code);
});

test("bytes of every length up to and past one piece are encoded and decoded", () => {
  for (const length of [0, 1, 2, 3, 4, 6143, 6144, 6145, 100_000]) {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 31) & 255);
    const text = encode({ type: "bytes" }, bytes);
    expect(text).toBe(Buffer.from(bytes).toString("base64"));
    expect(decode({ type: "bytes" }, text)).toEqual(bytes);
  }
});

describe("the match form", () => {
  const all: MatchRule = { trim: true, case: "lower", unicode: "NFC" };
  test.each<[rule: MatchRule, text: string, form: string]>([
    [{}, " Ab\u0301 ", " Ab\u0301 "],
    [{ trim: true }, "\t a b \u00a0\n", "a b"],
    [{ case: "lower" }, "ÅBC", "åbc"],
    [{ unicode: "NFC" }, "e\u0301", "é"],
    [all, " E\u0301COLE ", "école"],
    [all, "\u212bngström", "ångström"],
    [all, "", ""],
  ])("under %j of %j is %j", (rule, text, form) => {
    expect(matchForm(text, rule)).toBe(form);
  });
});

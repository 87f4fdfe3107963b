import { describe, expect, test } from "vitest";
import { canonical, decode, encode, isValueError, JSON_DEPTH, type Kind } from "../src/value.ts";

const json: Kind = { type: "json" };

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (isValueError(error)) return error.code;
    throw error;
  }
  return "accepted";
}

const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

describe("canonical JSON", () => {
  test.each([
    [' { "b" : 1 , "a" : [ true , false , null ] } ', '{"a":[true,false,null],"b":1}'],
    ['{"id": 1, "aa": 2, "b": 3}', '{"aa":2,"b":3,"id":1}'],
    ["[1.0, 1.00, 1, 1e0, 10e-1, 0.1e1]", "[1,1,1,1,1,1]"],
    ["[-0, 0.0, -0e5, 0e999999999]", "[0,0,0,0]"],
    ["[1e2, 1.50, 1E-3, -2.5e+1]", "[100,1.5,0.001,-25]"],
    ["9007199254740993", "9007199254740993"],
    ["123456789012345678901234567890.123456789", "123456789012345678901234567890.123456789"],
    ["0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"],
    [`1${"0".repeat(200)}`, "1e+200"],
    [`-12${"0".repeat(199)}`, "-1.2e+200"],
    [`0.${"0".repeat(150)}25`, "2.5e-151"],
    ["[1e400,1e-400]", "[1e+400,1e-400]"],
    [String.raw`"\u0041\/\u00e9\n\u000A\"\\"`, String.raw`"A/é\n\n\"\\"`],
    [String.raw`"\ud83d\ude00"`, '"😀"'],
    [String.raw`"\u0000\u001f"`, String.raw`"\u0000\u001f"`],
    [String.raw`{"\u0062":1,"a":2}`, '{"a":2,"b":1}'],
    ['{"":1,"é":2,"z":3,"😀":4,"￿":5}', '{"":1,"z":3,"é":2,"😀":4,"￿":5}'],
    [
      '{"__proto__":1,"constructor":{"prototype":2},"toString":3}',
      '{"__proto__":1,"constructor":{"prototype":2},"toString":3}',
    ],
    ["\t\r\n{}\n", "{}"],
    ["[]", "[]"],
    ["null", "null"],
  ])("%s becomes %s", (text, expected) => {
    expect(canonical(json, text)).toBe(expected);
    expect(canonical(json, expected)).toBe(expected);
  });

  test.each([
    ["", "VALUE.MALFORMED"],
    ["{", "VALUE.MALFORMED"],
    ["[1,]", "VALUE.MALFORMED"],
    ["[,1]", "VALUE.MALFORMED"],
    ["[1 2]", "VALUE.MALFORMED"],
    ["{a:1}", "VALUE.MALFORMED"],
    ['{"a"}', "VALUE.MALFORMED"],
    ['{"a":}', "VALUE.MALFORMED"],
    ['{"a":1,}', "VALUE.MALFORMED"],
    ["[1]]", "VALUE.MALFORMED"],
    ["1 2", "VALUE.MALFORMED"],
    ["01", "VALUE.MALFORMED"],
    ["+1", "VALUE.MALFORMED"],
    [".5", "VALUE.MALFORMED"],
    ["1.", "VALUE.MALFORMED"],
    ["1e", "VALUE.MALFORMED"],
    ["NaN", "VALUE.MALFORMED"],
    ["tru", "VALUE.MALFORMED"],
    ["'a'", "VALUE.MALFORMED"],
    ['"a', "VALUE.MALFORMED"],
    ['"a\\', "VALUE.MALFORMED"],
    ['"a\\"', "VALUE.MALFORMED"],
    ['"\n"', "VALUE.MALFORMED"],
    [String.raw`"\x41"`, "VALUE.MALFORMED"],
    [String.raw`"\u12"`, "VALUE.MALFORMED"],
    ["\u00a01", "VALUE.MALFORMED"],
    ['"\ud800"', "VALUE.LONE_SURROGATE"],
    [String.raw`"\ud800"`, "VALUE.LONE_SURROGATE"],
    [String.raw`{"\udc00":1}`, "VALUE.LONE_SURROGATE"],
    ['{"a":1,"a":1}', "VALUE.DUPLICATE_KEY"],
    ['{"b":1,"a":2,"b":3}', "VALUE.DUPLICATE_KEY"],
    [String.raw`{"a":1,"\u0061":2}`, "VALUE.DUPLICATE_KEY"],
    ["1e9999999", "VALUE.OUT_OF_RANGE"],
  ])("%j is refused with %s", (text, code) => {
    expect(codeOf(() => canonical(json, text))).toBe(code);
  });

  test("nesting is accepted up to the cap and refused past it, at any depth", () => {
    expect(canonical(json, nested(JSON_DEPTH))).toBe(nested(JSON_DEPTH));
    expect(codeOf(() => canonical(json, nested(JSON_DEPTH + 1)))).toBe("VALUE.TOO_DEEP");
    expect(codeOf(() => canonical(json, nested(100_000)))).toBe("VALUE.TOO_DEEP");
    expect(codeOf(() => canonical(json, '{"a":'.repeat(100_000)))).toBe("VALUE.TOO_DEEP");
    const siblings = `[${Array.from({ length: 1000 }, () => nested(JSON_DEPTH - 1)).join(",")}]`;
    expect(canonical(json, siblings)).toBe(siblings);
  });

  test("a million keys and a string of sixteen megabytes are read", () => {
    const keys = Array.from({ length: 1_000_000 }, (_, index) => `"${String(999_999 - index).padStart(6, "0")}":1`);
    expect(canonical(json, `{${keys.join(",")}}`)).toBe(`{${keys.toReversed().join(",")}}`);
    const long = `"${"\\n".repeat(8_000_000)}"`;
    expect(canonical(json, long) === long).toBe(true);
  });
});

describe("JSON as a JavaScript value", () => {
  test("numbers are exact: number where it is, bigint for long integers, else refused", () => {
    expect(decode(json, "[1,0.1,9007199254740993,1e+300,-1.7976931348623157e+308]")).toEqual([
      1,
      0.1,
      9007199254740993n,
      1e300,
      -1.7976931348623157e308,
    ]);
    expect(codeOf(() => decode(json, "0.1000000000000000055511151231257827"))).toBe("VALUE.TOO_PRECISE");
    expect(codeOf(() => decode(json, "1e+400"))).toBe("VALUE.TOO_PRECISE");
  });

  test("a key __proto__ is a key, and copying it changes no prototype", () => {
    const value = decode(json, '{"__proto__":{"admin":true}}') as object;
    expect(Object.keys(value)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(value)).toBeNull();
    expect(encode(json, value)).toBe('{"__proto__":{"admin":true}}');
    expect(encode(json, JSON.parse('{"__proto__":1}'))).toBe('{"__proto__":1}');
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  test("what JSON.stringify would turn into null, drop or empty is refused or kept", () => {
    for (const number of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(codeOf(() => encode(json, [number]))).toBe("VALUE.NOT_A_NUMBER");
    }
    const holes: number[] = [1];
    holes[2] = 3;
    for (const refused of [
      undefined,
      [undefined],
      holes,
      () => 1,
      Symbol("a"),
      new Map(),
      new Set(),
      new Uint8Array(2),
      new Date(Number.NaN),
    ]) {
      expect(codeOf(() => encode(json, refused))).toBe("VALUE.MALFORMED");
    }
    expect(encode(json, { b: -0, a: undefined, c: 2n ** 64n })).toBe('{"b":0,"c":18446744073709551616}');
    expect(encode(json, { at: new Date(0), none: null })).toBe('{"at":"1970-01-01T00:00:00.000Z","none":null}');
    expect(codeOf(() => encode(json, { "\ud800": 1 }))).toBe("VALUE.LONE_SURROGATE");
  });

  test("a value that contains itself is refused as too deep", () => {
    const circle: unknown[] = [];
    circle.push(circle);
    expect(codeOf(() => encode(json, circle))).toBe("VALUE.TOO_DEEP");
  });
});

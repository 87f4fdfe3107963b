import { describe, expect, test } from "vitest";
import { atMeet, canonical, fits, type Kind, meet, narrowed } from "../src/value.ts";

const instant = (digits: 0 | 3 | 6 | 9): Kind => ({ type: "instant", digits });
const decimal = (precision?: number, scale?: number): Kind => ({ type: "decimal", precision, scale });
const integer = (bits?: 16 | 32 | 64, unsigned?: boolean): Kind => ({ type: "integer", bits, unsigned });
const float = (bits: 32 | 64): Kind => ({ type: "float", bits });
const text = (maxLength?: number): Kind => ({ type: "text", maxLength });
const labels = (...values: string[]): Kind => ({ type: "enum", values });
const listOf = (of: Kind): Kind => ({ type: "list", of });

describe("two kinds meet", () => {
  test.each<[a: Kind, b: Kind, met: Kind]>([
    [instant(6), instant(3), instant(3)],
    [instant(6), { type: "instant", digits: 6, noInfinity: true }, { type: "instant", digits: 6, noInfinity: true }],
    [
      { type: "local", digits: 6 },
      { type: "local", digits: 0 },
      { type: "local", digits: 0 },
    ],
    [
      { type: "time", digits: 6 },
      { type: "time", digits: 3 },
      { type: "time", digits: 3 },
    ],
    [
      { type: "duration", digits: 9 },
      { type: "duration", digits: 6 },
      { type: "duration", digits: 6 },
    ],
    [float(64), float(32), float(32)],
    [decimal(10, 2), decimal(12, 4), decimal(10, 2)],
    [decimal(10, 4), decimal(8, 2), decimal(8, 2)],
    [decimal(), decimal(10, 2), decimal(10, 2)],
    [decimal(34), decimal(10, 2), decimal(10, 2)],
    [decimal(10, 0), decimal(10, 2), decimal(10, 2)],
    [integer(64), decimal(20, 0), integer(64)],
    [integer(64), decimal(20, 2), decimal(20, 2)],
    [integer(32), decimal(), decimal()],
    [integer(64), integer(32), integer(32)],
    [integer(), integer(32, true), integer(32, true)],
    [integer(32), float(64), float(64)],
    [decimal(20, 2), float(64), { type: "decimal", precision: 20, scale: 2, float: 64 }],
    [decimal(20, 2), float(32), { type: "decimal", precision: 20, scale: 2, float: 32 }],
    [decimal(10, 0), float(64), float(64)],
    [decimal(), float(64), float(64)],
    [text(), text(20), text(20)],
    [text(), { type: "text", noNul: true }, { type: "text", noNul: true }],
    [text(20), labels("a", "b"), text(20)],
    [labels("a", "b"), labels("a", "b"), labels("a", "b")],
    [labels("a", "b", "c"), labels("c", "b", "x"), labels("b", "c")],
    [text(36), { type: "uuid" }, { type: "uuid" }],
    [{ type: "bytes" }, { type: "bytes", maxLength: 16 }, { type: "bytes", maxLength: 16 }],
    [{ type: "json" }, { type: "json", noNul: true }, { type: "json", noNul: true }],
    [{ type: "boolean" }, { type: "boolean" }, { type: "boolean" }],
    [{ type: "date" }, { type: "date" }, { type: "date" }],
    [listOf(instant(6)), listOf(instant(3)), listOf(instant(3))],
  ])("%j and %j at %j, in either order", (a, b, met) => {
    expect(meet(a, b)).toEqual(met);
    expect(meet(b, a)).toEqual(met);
  });

  test.each<[a: Kind, b: Kind]>([
    [{ type: "date" }, instant(6)],
    [{ type: "local", digits: 6 }, instant(6)],
    [{ type: "local", digits: 6 }, { type: "date" }],
    [
      { type: "time", digits: 6 },
      { type: "duration", digits: 6 },
    ],
    [{ type: "boolean" }, integer(16)],
    [text(), integer()],
    [text(), { type: "json" }],
    [text(), { type: "bytes" }],
    [labels("a"), labels("b")],
    [listOf({ type: "date" }), listOf(instant(6))],
    [listOf(text()), { type: "json" }],
  ])("%j and %j nowhere: a converter is needed", (a, b) => {
    expect(meet(a, b)).toBeUndefined();
    expect(meet(b, a)).toBeUndefined();
  });
});

describe("a value at the meet", () => {
  test.each<[meet: Kind, text: string, reduced: string]>([
    [instant(3), "2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:05.678Z"],
    [instant(3), "2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.678Z"],
    [instant(3), "2026-01-02T03:04:05.000901Z", "2026-01-02T03:04:05Z"],
    [instant(3), "2026-01-02T03:04:05.100999Z", "2026-01-02T03:04:05.1Z"],
    [instant(0), "-000043-03-15T12:00:00.999Z", "-000043-03-15T12:00:00Z"],
    [instant(0), "1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59Z"],
    [instant(0), "-infinity", "-infinity"],
    [{ type: "local", digits: 3 }, "2026-01-02T03:04:05.678901", "2026-01-02T03:04:05.678"],
    [{ type: "time", digits: 0 }, "03:04:05.9", "03:04:05"],
    [{ type: "duration", digits: 3 }, "PT1.2345S", "PT1.234S"],
    [{ type: "duration", digits: 0 }, "P1DT-0.5S", "P1D"],
    [{ type: "duration", digits: 0 }, "PT0.5S", "PT0S"],
    [{ type: "duration", digits: 2 }, "PT1H0.001S", "PT1H"],
    [decimal(10, 2), "10.129", "10.12"],
    [decimal(10, 2), "-10.129", "-10.12"],
    [decimal(10, 2), "-0.009", "0"],
    [decimal(10, 2), "10.001", "10"],
    [decimal(10, 2), "10.1", "10.1"],
    [decimal(10, 2), "1e-7", "0"],
    [decimal(10, 2), "NaN", "NaN"],
    [decimal(), "10.129", "10.129"],
    [{ type: "decimal", scale: 2, float: 64 }, "0.30000000000000004", "0.3"],
    [{ type: "decimal", scale: 2, float: 64 }, "9007199254740993.12", "9007199254740994"],
    [{ type: "decimal", scale: 2, float: 64 }, "1e-7", "0"],
    [{ type: "decimal", scale: 2, float: 64 }, "NaN", "NaN"],
    [{ type: "decimal", scale: 2, float: 32 }, "1e+300", `1${"0".repeat(300)}`],
    [float(32), "0.123456789012", "0.12345679"],
    [float(32), "1e+300", "1e+300"],
    [float(64), "9007199254740993", "9007199254740992"],
    [float(64), "0.1000000000000000055511151231257827", "0.1"],
    [integer(32), "9007199254740993", "9007199254740993"],
    [{ type: "uuid" }, "A0EEBC999C0B4EF8BB6D6BB9BD380A11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
    [{ type: "uuid" }, "not a uuid", "not a uuid"],
    [text(2), "abc", "abc"],
    [listOf(decimal(10, 1)), '["1.25",null]', '["1.2",null]'],
  ])("of %j: %j is %j", (met, value, reduced) => {
    expect(atMeet(met, value)).toBe(reduced);
  });
});

describe("a value fits a field", () => {
  test.each<[kind: Kind, text: string, code?: string]>([
    [text(3), "ab😀"],
    [text(3), "abc😀", "VALUE.TOO_LONG"],
    [text(3), "abcdefg", "VALUE.TOO_LONG"],
    [text(), "\0"],
    [{ type: "text", noNul: true }, "a\0", "VALUE.NUL"],
    [text(), "\ud800", "VALUE.LONE_SURROGATE"],
    [labels("a", "b"), "b"],
    [labels("a", "b"), "c", "VALUE.NOT_IN_ENUM"],
    [integer(16), "-32768"],
    [integer(16), "32768", "VALUE.OUT_OF_RANGE"],
    [integer(32, true), "4294967295"],
    [integer(32, true), "-1", "VALUE.OUT_OF_RANGE"],
    [integer(undefined, true), "-1", "VALUE.OUT_OF_RANGE"],
    [{ type: "integer", bits: 53 }, "9007199254740992", "VALUE.OUT_OF_RANGE"],
    [integer(64), "9223372036854775807"],
    [integer(64), "-9223372036854775809", "VALUE.OUT_OF_RANGE"],
    [integer(64), "1e+21", "VALUE.OUT_OF_RANGE"],
    [integer(64), "42.5", "VALUE.TOO_PRECISE"],
    [integer(), "9".repeat(1000)],
    [decimal(5, 2), "999.99"],
    [decimal(5, 2), "1000", "VALUE.OUT_OF_RANGE"],
    [decimal(5, 2), "1.234", "VALUE.TOO_PRECISE"],
    [decimal(5, 2), "1e+21", "VALUE.OUT_OF_RANGE"],
    [decimal(5, 2), "NaN", "VALUE.NOT_A_NUMBER"],
    [decimal(2, 4), "0.0012"],
    [decimal(2, 4), "0.01", "VALUE.OUT_OF_RANGE"],
    [decimal(2, 4), "0"],
    [decimal(5, -2), "1234500"],
    [decimal(5, -2), "1234550", "VALUE.TOO_PRECISE"],
    [decimal(34), `1.${"0".repeat(31)}12`],
    [decimal(34), `1.${"0".repeat(33)}1`, "VALUE.TOO_PRECISE"],
    [float(64), "0.1"],
    [float(64), "1000000000000000000000"],
    [float(64), "9007199254740993", "VALUE.TOO_PRECISE"],
    [float(64), "NaN"],
    [{ type: "float", bits: 64, noNaN: true }, "NaN", "VALUE.NOT_A_NUMBER"],
    [{ type: "float", bits: 64, noInfinity: true }, "-Infinity", "VALUE.OUT_OF_RANGE"],
    [float(32), "0.1"],
    [float(32), "0.10000000149011612"],
    [float(32), "0.123456789012", "VALUE.TOO_PRECISE"],
    [float(32), "1e+300", "VALUE.OUT_OF_RANGE"],
    [instant(3), "2026-01-02T03:04:05.678Z"],
    [instant(3), "2026-01-02T03:04:05.6789Z", "VALUE.TOO_PRECISE"],
    [{ type: "instant", digits: 3, noInfinity: true }, "infinity", "VALUE.OUT_OF_RANGE"],
    [{ type: "date", noInfinity: true }, "-infinity", "VALUE.OUT_OF_RANGE"],
    [{ type: "duration", digits: 0 }, "PT0.5S", "VALUE.TOO_PRECISE"],
    [{ type: "bytes", maxLength: 2 }, "AP8="],
    [{ type: "bytes", maxLength: 2 }, "AP8Q", "VALUE.TOO_LONG"],
    [{ type: "uuid" }, "not a uuid", "VALUE.MALFORMED"],
    [{ type: "json" }, String.raw`"\u0000"`],
    [{ type: "json", noNul: true }, String.raw`"\u0000"`, "VALUE.NUL"],
    [{ type: "json", noNul: true }, String.raw`{"a\u0000":1}`, "VALUE.NUL"],
    [{ type: "json", noNul: true }, String.raw`"\\u0000"`],
    [{ type: "json", noNul: true }, String.raw`"\\\u0000"`, "VALUE.NUL"],
    [listOf(integer(16)), '["1",null]'],
    [listOf(integer(16)), '["1","40000"]', "VALUE.OUT_OF_RANGE"],
  ])("%j: %j %s", (kind, value, code) => {
    expect(fits(kind, value)).toBe(code);
  });
});

describe("a value is narrowed", () => {
  test("times and floats always, exact numbers only when asked", () => {
    expect(narrowed(instant(3), "2026-01-02T03:04:05.678901Z")).toBe("2026-01-02T03:04:05.678Z");
    expect(narrowed({ type: "duration", digits: 3 }, "PT0.0004S")).toBe("PT0S");
    expect(narrowed(float(32), "0.123456789012")).toBe("0.12345679");
    expect(narrowed(float(64), "9007199254740993")).toBe("9007199254740993");
    expect(fits(float(64), "9007199254740993")).toBe("VALUE.TOO_PRECISE");
    expect(narrowed(float(64), "9007199254740993", { decimals: true })).toBe("9007199254740992");
    expect(narrowed(float(64), "0.1234567890123456789")).toBe("0.1234567890123456789");
    expect(narrowed(decimal(5, 2), "1.239")).toBe("1.239");
    expect(narrowed(decimal(5, 2), "1.239", { decimals: true })).toBe("1.23");
    expect(narrowed(decimal(5, 2), "1e-7", { decimals: true })).toBe("0");
    expect(narrowed(listOf(decimal(5, 2)), '["1.239",null]', { decimals: true })).toBe('["1.23",null]');
  });

  test("never from a fraction to a whole number, and never to fit a range or a length", () => {
    expect(narrowed(decimal(5, 0), "1.5", { decimals: true })).toBe("1.5");
    expect(narrowed(integer(32), "1.5", { decimals: true })).toBe("1.5");
    expect(narrowed(decimal(5, 2), "123456.789", { decimals: true })).toBe("123456.78");
    expect(fits(decimal(5, 2), "123456.78")).toBe("VALUE.OUT_OF_RANGE");
    expect(narrowed(text(2), "abc")).toBe("abc");
    expect(narrowed(float(32), "1e+300")).toBe("1e+300");
  });
});

test("a float's text carries over to a decimal that can express it", () => {
  expect(canonical(decimal(30, 2), "1e+21")).toBe("1000000000000000000000");
});

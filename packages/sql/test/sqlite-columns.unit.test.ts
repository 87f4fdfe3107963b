import { expect, test } from "vitest";
import { sqliteColumn, sqliteNumericJsonColumn } from "../src/index.ts";

const decimal = sqliteColumn({ field: "amount", column: "amount", kind: { type: "decimal", precision: 15 } });

test("a decimal that SQLite keeps as a real has the digits that it was written with, however SQLite spells it", () => {
  expect(decimal.decode("12345678901.234501")).toBe("12345678901.2345");
  expect(decimal.decode("1.5")).toBe("1.5");
  expect(decimal.decode("1.0e-07")).toBe("0.0000001");
});

test("a decimal that SQLite keeps as an integer is exact", () => {
  expect(decimal.decode("9007199254740993")).toBe("9007199254740993");
});

test("a decimal beyond what SQLite keeps as a number is refused, instead of becoming infinity or zero", () => {
  for (const beyond of [`1${"0".repeat(1000)}`, `-1${"0".repeat(400)}`, `0.${"0".repeat(999)}1`, `0.${"0".repeat(320)}123456789`]) {
    expect(() => decimal.encode(beyond)).toThrow("VALUE.OUT_OF_RANGE");
  }
  for (const kept of ["0", "-1.5", "123456789012345", `123456789012345${"0".repeat(100)}`, `0.${"0".repeat(300)}123456`, "9223372036854775807", "1.2345678901234567"]) {
    expect(decimal.encode(kept)).toBe(kept);
  }
});

test("a document that is one number, which SQLite keeps as a real, has the digits that it was written with", () => {
  const document = sqliteNumericJsonColumn(sqliteColumn({ field: "data", column: "data", kind: { type: "json" } }));
  expect(document.decode("12345678901.234501")).toBe("12345678901.2345");
  expect(document.decode("4.94065645841246544e-324")).toBe("5e-324");
  expect(document.decode("9007199254740993")).toBe("9007199254740993");
  expect(document.decode("[12345678901.234501]")).toBe("[12345678901.234501]");
  expect(() => document.decode("-9.0e+999")).toThrow("VALUE.MALFORMED");
});

test("of a moment in a text, no more digits are read than the field has: an equal moment with fewer does not take its place", () => {
  const column = (type: "instant" | "time") => sqliteColumn({ field: "at", column: "at", kind: { type, digits: 3 } });
  expect(column("instant").decode("2026-01-02T03:04:05.678901Z")).toBe("2026-01-02T03:04:05.678Z");
  expect(column("time").decode("03:04:05.6789")).toBe("03:04:05.678");
});

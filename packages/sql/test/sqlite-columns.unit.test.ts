import { expect, test } from "vitest";
import { sqliteColumn } from "../src/index.ts";

const decimal = sqliteColumn({ field: "amount", column: "amount", kind: { type: "decimal", precision: 15 } });

test("a decimal that SQLite keeps as a real has the digits that it was written with, however SQLite spells it", () => {
  expect(decimal.decode("12345678901.234501")).toBe("12345678901.2345");
  expect(decimal.decode("1.5")).toBe("1.5");
  expect(decimal.decode("1.0e-07")).toBe("0.0000001");
});

test("a decimal that SQLite keeps as an integer is exact", () => {
  expect(decimal.decode("9007199254740993")).toBe("9007199254740993");
});

import { expect, test } from "vitest";
import { mapError } from "../src/errors.ts";

const adapterError = (kind: string): object => ({ name: "DriverAdapterError", cause: { kind } });

test.each([
  ["P1001", { code: "P1001" }, { retryable: true }],
  ["P2028", { code: "P2028" }, { retryable: true }],
  ["a raw query that lost its connection", { code: "P2010", meta: { driverAdapterError: adapterError("ConnectionClosed") } }, { retryable: true }],
  ["a server that is not there", adapterError("DatabaseNotReachable"), { retryable: true }],
  ["a deadlock", { code: "P2010", meta: { driverAdapterError: adapterError("TransactionWriteConflict") } }, { retryable: true }],
  ["a refusal, whose engine's code says more", { code: "P2010", meta: { driverAdapterError: adapterError("UniqueConstraintViolation") } }, undefined],
  ["anything else", new TypeError("x is not a function"), undefined],
  ["no error at all", "text", undefined],
])("%s", (_, error, meaning) => {
  expect(mapError(error)).toEqual(meaning);
});

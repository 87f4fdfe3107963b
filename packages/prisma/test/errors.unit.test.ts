import { PrismaClientKnownRequestError } from "@prisma/client/runtime/client";
import { expect, test } from "vitest";
import { mapError } from "../src/errors.ts";

const known = (code: string, driverAdapterError?: object): Error =>
  new PrismaClientKnownRequestError("what Prisma said", { code, clientVersion: "7", meta: { driverAdapterError } });
const adapterError = (kind: string): object => ({ name: "DriverAdapterError", cause: { kind } });

test.each([
  ["P1001", known("P1001"), { retryable: true }],
  ["P2028", known("P2028"), { retryable: true }],
  ["a raw query that lost its connection", known("P2010", adapterError("ConnectionClosed")), { retryable: true }],
  ["a server that is not there", adapterError("DatabaseNotReachable"), { retryable: true }],
  ["a deadlock", known("P2010", adapterError("TransactionWriteConflict")), { retryable: true }],
  ["a refusal, whose engine's code says more", known("P2010", adapterError("UniqueConstraintViolation")), undefined],
  ["anything else", new TypeError("x is not a function"), undefined],
  ["no error at all", "text", undefined],
])("%s", (_, error, meaning) => {
  expect(mapError(error)).toEqual(meaning);
});

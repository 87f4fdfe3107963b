import { MongoBulkWriteError, MongoClientClosedError, MongoNetworkError, MongoNotConnectedError, MongoServerError, MongoServerSelectionError } from "mongodb";
import { expect, test } from "vitest";
import { isFaultOfDriver, meaningOf } from "../src/errors.ts";
import { Misfit } from "../src/json.ts";

const server = (code: number, more: object = {}): Error => new MongoServerError({ message: "x", code, ...more });
/** As a library may call what the driver has said. */
const named = (name: string, cause?: unknown): Error => Object.assign(new Error("connect ECONNREFUSED", { cause }), { name });
const duplicate = (collection: string, index: string, keyPattern: object): object =>
  ({ message: `E11000 duplicate key error collection: shop.${collection} index: ${index} dup key: { code: "secret" }`, code: 11000, keyPattern, keyValue: { code: "secret" } });
const bulk = (collection: string, index: string): Error => {
  const { message, code } = duplicate(collection, index, {}) as { message: string; code: number };
  return new MongoBulkWriteError({ message, code, writeErrors: [{ err: { code, errmsg: message } }] as never }, {} as never);
};

test.each([
  ["a unique index", server(11000, duplicate("countries", "code_1", { code: 1 })), { code: "WRITE.UNIQUE", constraint: "code_1", field: "code", model: "Country" }],
  ["the key", server(11000, duplicate("countries", "_id_", { _id: 1 })), { code: "WRITE.UNIQUE", constraint: "primary key", field: "_id", model: "Country" }],
  ["a compound index", server(11000, duplicate("countries", "a_1_b_1", { a: 1, b: 1 })), { code: "WRITE.UNIQUE", constraint: "a_1_b_1", model: "Country" }],
  ["an identity", server(11000, duplicate("sync_identity", "m_1_c_1", { m: 1, c: 1 })), { code: "WRITE.UNIQUE", constraint: "sync_identity" }],
  ["one of many writes", bulk("countries", "code_1"), { code: "WRITE.UNIQUE", constraint: "code_1", field: "code", model: "Country" }],
  ["one of many writes, by a compound index", bulk("countries", "a_1_b_1"), { code: "WRITE.UNIQUE", constraint: "a_1_b_1", model: "Country" }],
  ["a validator", server(121), { code: "WRITE.CHECK" }],
  ["a size", server(10334), { code: "WRITE.VALUE" }],
  ["the driver's own limit", Object.assign(new RangeError("offset"), { code: "ERR_OUT_OF_RANGE" }), { code: "WRITE.VALUE" }],
  ["a value", new Misfit(), { code: "WRITE.VALUE" }],
])("a refusal by %s is told by names", (_, error, expected) => {
  const means = meaningOf(error, { database: "here", modelOf: (name) => (name === "countries" ? "Country" : undefined) });
  expect(means).toMatchObject({ refusal: expected });
  expect(JSON.stringify(means)).not.toContain("secret");
});

test.each([
  [server(112, { errorLabels: ["TransientTransactionError"] }), "ENDPOINT.CONTENTION", true],
  [server(251), "ENDPOINT.CONTENTION", true],
  [server(50), "ENDPOINT.TIMEOUT", true],
  [server(13), "ENDPOINT.FORBIDDEN", false],
  [server(18), "ENDPOINT.FORBIDDEN", false],
  [server(10107), "ENDPOINT.UNAVAILABLE", true],
  [server(91), "ENDPOINT.UNAVAILABLE", true],
  [new MongoNetworkError("connection closed"), "ENDPOINT.UNAVAILABLE", true],
  [new MongoServerSelectionError("connect ECONNREFUSED", {} as never), "ENDPOINT.UNAVAILABLE", true],
  [named("MongooseServerSelectionError"), "ENDPOINT.UNAVAILABLE", true],
  [new MongoNotConnectedError("not connected"), "ENDPOINT.NOT_CONNECTED", false],
  [new MongoClientClosedError(), "ENDPOINT.NOT_CONNECTED", false],
  [server(2), "ENDPOINT.UNKNOWN", false],
  [new TypeError("secret"), "ENDPOINT.UNKNOWN", false],
])("%s is %s, and tried again: %s", (error, code, retryable) => {
  const means = meaningOf(error, { database: "here" });
  expect(means).toMatchObject({ error: { code, retryable, cause: error } });
  expect((means as { error: Error }).error.message).not.toContain("secret");
});

test.each([
  [server(11000), true], [new MongoNetworkError("connection closed"), true], [named("MongooseServerSelectionError"), true], [named("MongooseError", server(112)), true],
  [new Misfit(), true], [new Error("a hook's"), false], [named("ValidationError"), false], [named("MongooseError"), false],
])("what a hook has said is told from what the driver says: %s, %s", (error, isFault) => {
  expect(isFaultOfDriver(error)).toBe(isFault);
});

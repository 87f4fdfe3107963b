import { meaningOf } from "@sync/sql";
import { UniqueConstraintViolationException } from "@mikro-orm/core";
import { describe, expect, test } from "vitest";
import { mapError } from "../src/errors.ts";

const coded = (message: string, more: object): Error => Object.assign(new Error(message), more);
const unique = coded("UNIQUE constraint failed: place.name", { code: "SQLITE_CONSTRAINT_UNIQUE" });

describe("what a failure means", () => {
  test.each<[string, unknown, object]>([
    ["a closed SQLite database", new TypeError("The database connection is not open"), { error: { code: "ENDPOINT.CLOSED", retryable: false } }],
    ["an ended pool", new Error("Cannot use a pool after calling end on the pool"), { error: { code: "ENDPOINT.CLOSED" } }],
    ["a destroyed Kysely", new Error("driver has already been destroyed"), { error: { code: "ENDPOINT.CLOSED" } }],
    ["a closed PGlite", new Error("PGlite is closed"), { error: { code: "ENDPOINT.CLOSED" } }],
    ["a closed PGlite behind a dialect", new Error("PGlite instance is already closed."), { error: { code: "ENDPOINT.CLOSED" } }],
    ["a file that is not there", new TypeError("Cannot open database because the directory does not exist"), { error: { code: "ENDPOINT.UNAVAILABLE", retryable: true } }],
    ["a server that is not there", coded("connect ECONNREFUSED", { code: "ECONNREFUSED" }), { error: { code: "ENDPOINT.UNAVAILABLE", retryable: true } }],
    ["an engine's refusal", unique, { refusal: { code: "WRITE.UNIQUE", field: "name" } }],
    ["an engine's refusal in an exception of MikroORM", new UniqueConstraintViolationException(unique), { refusal: { code: "WRITE.UNIQUE", field: "name" } }],
    ["a Postgres error", coded("deadlock detected", { code: "40P01", severity: "ERROR" }), { error: { code: "ENDPOINT.CONTENTION", retryable: true } }],
    ["anything else", new Error("???"), { error: { code: "ENDPOINT.UNKNOWN", retryable: false } }],
    ["what is no error", "text", { error: { code: "ENDPOINT.UNKNOWN" } }],
  ])("%s", (_, error, meaning) => {
    expect(meaningOf(error, { database: "test", mapError })).toMatchObject(meaning);
  });

  test("the original is kept as the cause", () => {
    const error = new Error("driver has already been destroyed");
    expect(mapError(error)).toMatchObject({ error: { cause: error } });
  });
});

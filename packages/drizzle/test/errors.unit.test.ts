import { meaningOf } from "@sync/sql";
import { DrizzleQueryError } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import { bareError } from "../src/errors.ts";

const coded = (message: string, more: object): Error => Object.assign(new Error(message), more);
const unique = coded("UNIQUE constraint failed: place.name", { code: "SQLITE_CONSTRAINT_UNIQUE" });
const duplicate = coded('duplicate key value violates unique constraint "places_name_key"', { code: "23505", severity: "ERROR", constraint: "places_name_key", table: "places" });
const throughDrizzle = (cause?: Error): Error => new DrizzleQueryError("insert into places values ($1)", ["a secret"], cause);

describe("what a failure means", () => {
  test.each<[string, unknown, object]>([
    ["a refusal of SQLite", unique, { refusal: { code: "WRITE.UNIQUE", field: "name" } }],
    ["a refusal of PostgreSQL", throughDrizzle(duplicate), { refusal: { code: "WRITE.UNIQUE", constraint: "places_name_key" } }],
    ["a deadlock", throughDrizzle(coded("deadlock detected", { code: "40P01", severity: "ERROR" })), { error: { code: "ENDPOINT.CONTENTION", retryable: true } }],
    ["a server that is not there", throughDrizzle(coded("connect ECONNREFUSED", { code: "ECONNREFUSED" })), { error: { code: "ENDPOINT.UNAVAILABLE", retryable: true } }],
    ["a missing privilege", throughDrizzle(coded("permission denied for table places", { code: "42501", severity: "ERROR" })), { error: { code: "ENDPOINT.FORBIDDEN" } }],
    ["a closed SQLite database", new TypeError("The database connection is not open"), { error: { code: "ENDPOINT.CLOSED", retryable: false } }],
    ["an ended pool", throughDrizzle(new Error("Cannot use a pool after calling end on the pool")), { error: { code: "ENDPOINT.CLOSED" } }],
    ["an ended client", new Error("Client was closed and is not queryable"), { error: { code: "ENDPOINT.CLOSED" } }],
    ["a closed PGlite", throughDrizzle(new Error("PGlite is closed")), { error: { code: "ENDPOINT.CLOSED" } }],
    ["anything else", throughDrizzle(new Error("???")), { error: { code: "ENDPOINT.UNKNOWN", retryable: false } }],
    ["a failure that Drizzle gives no cause for", throughDrizzle(), { error: { code: "ENDPOINT.UNKNOWN" } }],
    ["what is no error", "text", { error: { code: "ENDPOINT.UNKNOWN" } }],
  ])("%s", (_, error, meaning) => {
    expect(meaningOf(bareError(error), { database: "test" })).toMatchObject(meaning);
  });

  test("the cause is the driver's own error, without the values that Drizzle puts around it", () => {
    const driver = new Error("???");
    const means = meaningOf(bareError(throughDrizzle(driver)), { database: "test" });
    expect(means).toMatchObject({ error: { cause: driver } });
    expect(JSON.stringify(means) + String((means as { error: Error }).error.cause)).not.toContain("a secret");
  });
});

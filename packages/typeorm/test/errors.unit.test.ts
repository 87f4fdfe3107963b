import { meaningOf } from "@sync/sql";
import { QueryFailedError, TypeORMError } from "typeorm";
import { expect, test } from "vitest";

const coded = (message: string, more: object): Error => Object.assign(new Error(message), more);
/** As TypeORM throws what its driver said: with the statement and its parameters, which hold values. */
const failed = (error: Error): QueryFailedError => new QueryFailedError("insert into country (code) values ($1)", ["secret"], error);
const postgres = (code: string, more: object = {}): QueryFailedError => failed(coded("as PostgreSQL says it", { code, severity: "ERROR", ...more }));

test.each<[string, unknown, object]>([
  ["a unique key", postgres("23505", { constraint: "UQ_code", table: "country" }), { refusal: { code: "WRITE.UNIQUE", constraint: "UQ_code" } }],
  ["a foreign key", postgres("23503", { constraint: "FK_region" }), { refusal: { code: "WRITE.FOREIGN_KEY", constraint: "FK_region" } }],
  ["a check", postgres("23514", { constraint: "CHK_name" }), { refusal: { code: "WRITE.CHECK", constraint: "CHK_name" } }],
  ["a null", postgres("23502", { column: "name" }), { refusal: { code: "WRITE.NOT_NULL" } }],
  ["a value that does not fit", postgres("22003"), { refusal: { code: "WRITE.VALUE" } }],
  ["a trigger's refusal", postgres("P0001"), { refusal: { code: "WRITE.REFUSED" } }],
  ["a deadlock", postgres("40P01"), { error: { code: "ENDPOINT.CONTENTION", retryable: true } }],
  ["a server that shuts down", postgres("57P01"), { error: { code: "ENDPOINT.UNAVAILABLE", retryable: true } }],
  ["a server that is not there", coded("connect ECONNREFUSED", { code: "ECONNREFUSED" }), { error: { code: "ENDPOINT.UNAVAILABLE", retryable: true } }],
  ["a statement that took too long", postgres("57014"), { error: { code: "ENDPOINT.TIMEOUT", retryable: true } }],
  ["a user who may not", postgres("42501"), { error: { code: "ENDPOINT.FORBIDDEN", retryable: false } }],
  ["a server that only reads", postgres("25006"), { error: { code: "ENDPOINT.READ_ONLY", retryable: false } }],
  ["a table that is not there", postgres("42P01"), { error: { code: "ENDPOINT.SCHEMA", retryable: false } }],
  ["a unique key of SQLite", failed(coded("UNIQUE constraint failed: country.code", { code: "SQLITE_CONSTRAINT_UNIQUE" })), { refusal: { code: "WRITE.UNIQUE", field: "code" } }],
  ["a locked SQLite file", failed(coded("database is locked", { code: "SQLITE_BUSY" })), { error: { code: "ENDPOINT.CONTENTION", retryable: true } }],
  ["a destroyed data source", new TypeORMError("Driver not Connected"), { error: { code: "ENDPOINT.CLOSED", retryable: false } }],
  ["an ended pool", new Error("Cannot use a pool after calling end on the pool"), { error: { code: "ENDPOINT.CLOSED" } }],
  ["a closed SQLite database", new TypeError("The database connection is not open"), { error: { code: "ENDPOINT.CLOSED" } }],
  ["anything else", new TypeORMError("???"), { error: { code: "ENDPOINT.UNKNOWN", retryable: false } }],
])("%s", (_, error, meaning) => {
  const means = meaningOf(error, { database: "test" });
  expect(means).toMatchObject(meaning);
  if (!("error" in means)) return;
  expect(means.error.cause).toBe(error);
  expect(JSON.stringify([means.error.message, { ...means.error, cause: undefined }])).not.toContain("secret");
});

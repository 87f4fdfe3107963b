import { SyncError } from "@sync/core";
import { describe, expect, test } from "vitest";
import { meaningOf } from "../src/index.ts";
import { tableOf } from "../src/model.ts";
import { country, sqlModel } from "./support/models.ts";

const secret = "s3cret value";
const tables = [tableOf(sqlModel(country, "postgres"))];
const meaning = (error: unknown): string => {
  const means = meaningOf(error, { database: "db", tables });
  const shown = "refusal" in means ? means.refusal : { code: means.error.code, retryable: means.error.retryable };
  expect(JSON.stringify(shown)).not.toContain(secret);
  if ("error" in means) expect(means.error.message).not.toContain(secret);
  return Object.values(shown).join(" ");
};

/** As `pg` and PGlite throw them. */
const pg = (code: string, extra: object = {}): Error =>
  Object.assign(new Error(`told: ${secret}`), { code, severity: "ERROR", detail: `Key (code)=(${secret})`, ...extra });
const better = (code: string, message: string): Error => Object.assign(new Error(message), { code });
const node = (errcode: number, message: string): Error => Object.assign(new Error(message), { code: "ERR_SQLITE_ERROR", errcode, errstr: "constraint failed" });
/** As Prisma wraps them: the engine's words two levels down, and no `cause` on the way. */
const prisma = (cause: object): Error =>
  Object.assign(new Error(`Raw query failed. ${secret}`), { code: "P2010", meta: { driverAdapterError: Object.assign(new Error("DriverAdapterError"), { cause }) } });
/** As Drizzle wraps them: with the query and its parameters in the message. */
const drizzle = (cause: Error): Error => new Error(`Failed query: insert …\nparams: ${secret}`, { cause });

describe("what an error means", () => {
  test.each<[string, unknown, string]>([
    ["pg unique", pg("23505", { constraint: "country_code_key", table: "country" }), "WRITE.UNIQUE country_code_key Country"],
    ["pg foreign key", pg("23503", { constraint: "city_country_fkey", table: "city" }), "WRITE.FOREIGN_KEY city_country_fkey"],
    ["pg restrict", pg("23001", { constraint: "city_country_fkey", table: "country" }), "WRITE.FOREIGN_KEY city_country_fkey Country"],
    ["pg check", pg("23514", { constraint: "size_positive", table: "country" }), "WRITE.CHECK size_positive Country"],
    ["pg not null", pg("23502", { table: "country", column: "code" }), "WRITE.NOT_NULL code Country"],
    ["pg exclusion", pg("23P01", { constraint: "no_overlap", table: "country" }), "WRITE.REFUSED no_overlap Country"],
    ["pg value", pg("22003"), "WRITE.VALUE"],
    ["pg text", pg("22021"), "WRITE.VALUE"],
    ["pg text too large", pg("54000"), "WRITE.VALUE"],
    ["text too large", new RangeError("Invalid string length"), "WRITE.VALUE"],
    ["pg raise", pg("P0001", { message: `constraint "${secret}"` }), "WRITE.REFUSED"],
    ["pg deadlock", pg("40P01"), "ENDPOINT.CONTENTION true"],
    ["pg serialisation", pg("40001"), "ENDPOINT.CONTENTION true"],
    ["pg shutdown", pg("57P01"), "ENDPOINT.UNAVAILABLE true"],
    ["pg too many connections", pg("53300"), "ENDPOINT.UNAVAILABLE true"],
    ["pg statement time limit", pg("57014"), "ENDPOINT.TIMEOUT true"],
    ["pg privilege", pg("42501"), "ENDPOINT.FORBIDDEN false"],
    ["pg login", pg("28P01"), "ENDPOINT.FORBIDDEN false"],
    ["pg no database", pg("3D000"), "ENDPOINT.SCHEMA false"],
    ["pg read only", pg("25006"), "ENDPOINT.READ_ONLY false"],
    ["pg table", pg("42P01"), "ENDPOINT.SCHEMA false"],
    ["pg syntax", pg("42601"), "ENDPOINT.UNKNOWN false"],
    ["socket", Object.assign(new Error("connect"), { code: "ECONNREFUSED" }), "ENDPOINT.UNAVAILABLE true"],
    ["sockets", new AggregateError([Object.assign(new Error("connect"), { code: "ECONNREFUSED" })]), "ENDPOINT.UNAVAILABLE true"],
    ["pool", new Error("Connection terminated unexpectedly"), "ENDPOINT.UNAVAILABLE true"],
    ["drizzle pg", drizzle(pg("23505", { constraint: "country_code_key", table: "country" })), "WRITE.UNIQUE country_code_key Country"],
    ["prisma pg unique", prisma({ originalCode: "23505", originalMessage: `… "x"`, kind: "UniqueConstraintViolation", constraint: { index: "country_code_key" }, table: "country" }), "WRITE.UNIQUE country_code_key Country"],
    ["prisma pg check", prisma({ originalCode: "23514", originalMessage: 'new row for relation "country" violates check constraint "size_positive"', kind: "postgres", code: "23514", severity: "ERROR" }), "WRITE.CHECK size_positive Country"],
    ["prisma pg not null", prisma({ originalCode: "23502", originalMessage: 'null value in column "code" of relation "country" violates not-null constraint', kind: "NullConstraintViolation" }), "WRITE.NOT_NULL code Country"],
    ["prisma socket", prisma({ kind: "DatabaseNotReachable", originalCode: "ECONNREFUSED", originalMessage: "connect" }), "ENDPOINT.UNAVAILABLE true"],
    ["prisma pg deadlock", prisma({ originalCode: "40P01", originalMessage: "deadlock detected", kind: "TransactionWriteConflict" }), "ENDPOINT.CONTENTION true"],
    ["sqlite unique", better("SQLITE_CONSTRAINT_UNIQUE", "UNIQUE constraint failed: country.code"), "WRITE.UNIQUE country.code code Country"],
    ["sqlite unique pair", better("SQLITE_CONSTRAINT_UNIQUE", "UNIQUE constraint failed: country.code, country.title"), "WRITE.UNIQUE country.code, country.title Country"],
    ["sqlite unique index", better("SQLITE_CONSTRAINT_UNIQUE", "UNIQUE constraint failed: index 'lower_code'"), "WRITE.UNIQUE lower_code"],
    ["sqlite primary key", better("SQLITE_CONSTRAINT_PRIMARYKEY", "UNIQUE constraint failed: country.id"), "WRITE.UNIQUE primary key id Country"],
    ["sqlite check", better("SQLITE_CONSTRAINT_CHECK", "CHECK constraint failed: size_positive"), "WRITE.CHECK size_positive"],
    ["sqlite not null", better("SQLITE_CONSTRAINT_NOTNULL", "NOT NULL constraint failed: country.code"), "WRITE.NOT_NULL code Country"],
    ["sqlite foreign key", better("SQLITE_CONSTRAINT_FOREIGNKEY", "FOREIGN KEY constraint failed"), "WRITE.FOREIGN_KEY"],
    ["sqlite restrict", better("SQLITE_CONSTRAINT_TRIGGER", "FOREIGN KEY constraint failed"), "WRITE.FOREIGN_KEY"],
    ["sqlite raise", better("SQLITE_CONSTRAINT_TRIGGER", secret), "WRITE.REFUSED"],
    ["sqlite in the application's transaction", better("SQLITE_ERROR", "cannot start a transaction within a transaction"), "ENDPOINT.CONTENTION true"],
    ["sqlite busy", better("SQLITE_BUSY_SNAPSHOT", "database is locked"), "ENDPOINT.CONTENTION true"],
    ["sqlite full", better("SQLITE_FULL", "database or disk is full"), "ENDPOINT.UNAVAILABLE true"],
    ["sqlite read only", better("SQLITE_READONLY", "attempt to write a readonly database"), "ENDPOINT.READ_ONLY false"],
    ["sqlite table", better("SQLITE_ERROR", "no such table: country"), "ENDPOINT.SCHEMA false"],
    ["node:sqlite unique", node(2067, "UNIQUE constraint failed: country.code"), "WRITE.UNIQUE country.code code Country"],
    ["node:sqlite busy", node(5, "database is locked"), "ENDPOINT.CONTENTION true"],
    ["node:sqlite unknown extended code", node(19 + 256 * 99, "some constraint failed"), "WRITE.REFUSED"],
    ["prisma sqlite unique", prisma({ originalCode: "SQLITE_CONSTRAINT_UNIQUE", originalMessage: "UNIQUE constraint failed: country.code", kind: "UniqueConstraintViolation" }), "WRITE.UNIQUE country.code code Country"],
    ["prisma sqlite busy", prisma({ kind: "SocketTimeout" }), "ENDPOINT.CONTENTION true"],
    ["sqlite fence", better("SQLITE_CONSTRAINT_CHECK", "CHECK constraint failed: sync_fence"), "LEASE.LOST false"],
    ["ours", new SyncError("ENDPOINT.BUSY", "busy", { retryable: true }), "ENDPOINT.BUSY true"],
    ["a bug", new TypeError(secret), "ENDPOINT.UNKNOWN false"],
    ["nothing at all", undefined, "ENDPOINT.UNKNOWN false"],
  ])("%s", (_, error, expected) => {
    expect(meaning(error)).toBe(expected);
  });

  test("a chain that bites its own tail comes to an end", () => {
    const error = new Error("round");
    error.cause = error;
    expect(meaning(error)).toBe("ENDPOINT.UNKNOWN false");
  });

  test("the adapter's word comes first", () => {
    const mapError = () => ({ retryable: true });
    expect(meaningOf(pg("23505"), { database: "db", mapError })).toMatchObject({ error: { code: "ENDPOINT.UNAVAILABLE" } });
  });
});

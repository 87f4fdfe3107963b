import { createSync, fallback, isSyncError, naturalKey, newest, type SyncError } from "@sync/core";
import { drizzleDatabase } from "@sync/drizzle";
import Database from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { afterEach, expect, test } from "vitest";
import { openSqlite } from "../src/databases.ts";
import { hear, keepSecrets } from "../src/secrets.ts";

keepSecrets();
const opened: { close(): unknown }[] = [];
afterEach(() => opened.splice(0).forEach((each) => each.close()));

/** What `createSync` says about these options on two databases with countries and cities. */
function refusal(options: Record<string, unknown>, schema?: Record<string, object>): SyncError {
  const [left, right] = [openSqlite(""), openSqlite("", schema ? { schema } : {})];
  opened.push(left, right);
  try {
    createSync({ name: "pair", left: left.database, right: right.database, models: { Country: { match: naturalKey("code") } }, conflicts: newest("name"), ...options });
  } catch (error) {
    hear("createSync", error);
    if (isSyncError(error)) return error;
    throw error;
  }
  throw new Error("it was not refused");
}

test.each([
  ["option", { firstlinks: "left" }, "OPTIONS.UNKNOWN_KEY", "Did you mean `firstLink`?"],
  ["option of a model beside the models", { softDelete: "deletedAt" }, "OPTIONS.UNKNOWN_KEY", "It belongs to a model"],
  ["option of the sync inside a model", { models: { Country: { direction: "both", match: naturalKey("code") } } }, "OPTIONS.UNKNOWN_KEY", "beside `models`"],
  ["option of a model", { models: { Country: { mach: 1, match: naturalKey("code") } } }, "OPTIONS.UNKNOWN_KEY", "Did you mean `match`?"],
  ["model", { models: { Contry: { match: naturalKey("code") } } }, "OPTIONS.INVALID", "Did you mean `Country`?"],
  ["model of the other side", { models: { Country: { right: "Countri", match: naturalKey("code") } } }, "OPTIONS.UNKNOWN_MODEL", "Did you mean `Country`?"],
  ["field", { models: { Country: { match: naturalKey("code"), omit: ["mottto"] } } }, "OPTIONS.UNKNOWN_FIELD", "Did you mean `motto`?"],
  ["field of the other side", { models: { Country: { match: naturalKey("code"), fields: { motto: "nam" } } } }, "OPTIONS.UNKNOWN_FIELD", "Did you mean `name`?"],
  ["field in a match rule", { models: { Country: { match: naturalKey("cod") } } }, "OPTIONS.UNKNOWN_FIELD", "Did you mean `code`?"],
  ["field in a fallback", { models: { Country: { match: fallback(["name", "moto"]) } } }, "OPTIONS.UNKNOWN_FIELD", "Did you mean `motto`?"],
  ["field in a policy", { conflicts: newest("peple") }, "OPTIONS.UNKNOWN_FIELD", "Did you mean `people`?"],
  ["direction", { direction: "left-to-rigth" }, "OPTIONS.DIRECTION", "left-to-right"],
])("an unknown %s is refused at once, with the nearest name", (_, options, code, hint) => {
  expect(refusal(options)).toMatchObject({ code, message: expect.stringContaining(hint) });
});

test("all findings come together", () => {
  const { code, message, findings } = refusal({
    naem: "x", direction: "up", firstLink: "left",
    models: { Contry: { match: naturalKey("code") }, City: { match: naturalKey("cod"), only: ["code", "nme"] } },
  });
  expect(code).toBe("OPTIONS.INVALID");
  expect(findings.map((finding) => finding.code).sort()).toEqual(["OPTIONS.DIRECTION", "OPTIONS.UNKNOWN_FIELD", "OPTIONS.UNKNOWN_FIELD", "OPTIONS.UNKNOWN_KEY", "OPTIONS.UNKNOWN_MODEL", "OPTIONS.UNKNOWN_MODEL"]);
  for (const finding of findings) expect(message).toContain(finding.message);
});

test.each([
  ["name", { name: "" }], ["conflicts", { conflicts: undefined }], ["match", { models: { Country: {} } }], ["models", { models: {} }],
])("a missing `%s` is named", (name, options) => {
  expect(refusal(options).message).toContain(name);
});

test.each([
  ["a page size", { pageSize: 0 }], ["a page size", { pageSize: "many" }], ["a delete guard", { deleteGuard: { count: -1, share: 2 } }],
  ["a lease", { lease: { seconds: 0 } }], ["a retry", { retry: { attempts: 0 } }], ["firstLink", { firstLink: "centre" }], ["firstLink", { firstLink: {} }], ["a policy", { conflicts: "left" }], ["a policy", { conflicts: {} }], ["onEditDelete", { onEditDelete: "maybe" }],
  ["keepBase", { models: { Country: { match: naturalKey("code"), keepBase: "everything" } } }], ["an option of the lease", { lease: { secnds: 3 } }],
])("%s that makes no sense is refused at once", (_, options) => {
  expect(refusal(options).code).toMatch(/^OPTIONS\./);
});


test("a match rule on fields without a unique key is refused, unless it is allowed by name", () => {
  expect(refusal({ models: { Country: { match: naturalKey("name") } } })).toMatchObject({ code: "MATCH.NOT_UNIQUE", message: expect.stringContaining("withoutUniqueKey: true") });
  const [left, right] = [openSqlite(""), openSqlite("")];
  opened.push(left, right);
  createSync({ name: "pair", left: left.database, right: right.database, models: { Country: { match: naturalKey("name", { withoutUniqueKey: true }) } }, conflicts: newest("name") });
});

test("fields whose types never meet are named on both sides, with the converter to use", () => {
  const schema = { Country: sqliteTable("country", { id: integer().primaryKey(), code: text().notNull().unique(), name: text().notNull(), motto: integer({ mode: "timestamp" }), people: integer({ mode: "boolean" }) }) };
  const { findings } = refusal({}, schema);
  expect(findings.map(({ code, field }) => `${code} ${field}`).sort()).toEqual(["MAPPING.TYPES motto", "MAPPING.TYPES people"]);
  for (const { message } of findings) expect(message).toMatch(/`\w+` \(.+\) and `\w+` \(.+\) have no common type.*toRight, toLeft/);
});

test("a converter without its way back is refused where changes must come back", () => {
  const models = { Country: { match: naturalKey("code"), fields: { motto: { right: "motto", toRight: (value: unknown) => value } } } };
  expect(refusal({ models })).toMatchObject({ code: "MAPPING.ONE_WAY_CONVERTER" });
});

test("a key that nothing makes is refused: an insert could not be repeated", () => {
  const schema = { Country: sqliteTable("country", { id: text().primaryKey(), code: text().notNull().unique(), name: text().notNull(), motto: text(), people: integer() }) };
  expect(refusal({}, schema)).toMatchObject({ code: "MAPPING.KEY" });
});

test("a model without any key is refused with the reason", () => {
  const Country = sqliteTable("country", { id: integer().primaryKey(), code: text().notNull().unique(), name: text().notNull(), motto: text(), people: integer() });
  const Keyless = sqliteTable("log", { line: text() });
  const left = openSqlite("", { schema: { Country, Keyless } });
  opened.push(left);
  expect(refusal({ left: left.database, models: { Keyless: { match: naturalKey("line") } } }, { Country, Keyless })).toMatchObject({
    code: "OPTIONS.INVALID", message: expect.stringMatching(/`Keyless` on the left cannot take part: .*primary key[^]*`Keyless` on the right cannot take part/),
  });
});

test.each([
  ["an option", { shema: {}, schema: {} }], ["an option of syncFields", { schema: { Country: sqliteTable("c", { id: integer().primaryKey() }) }, syncFields: { cloudID: "x" } }],
  ["a model", { schema: { Country: sqliteTable("c", { id: integer().primaryKey() }) }, models: ["Contry"] }],
])("%s that an adapter does not know is refused at once, with the nearest name", (_, options) => {
  const client = new Database(":memory:");
  opened.push(client);
  expect(() => drizzleDatabase(drizzle(client), options as never)).toThrow(/Did you mean `(schema|cloudId|Country)`\?/);
});

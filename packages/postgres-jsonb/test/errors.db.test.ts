import type { Committed, Database } from "@sync/core";
import { meaningOf } from "@sync/sql";
import { expect, test } from "vitest";
import { z } from "zod";
import { jsonbDatabase, jsonbSchema, kinds, type DocumentOptions } from "../src/index.ts";
import { onEveryHandle } from "./support/engines.ts";

/** As node-postgres and PGlite throw them. What they say of a row is no secret to the database, but to everybody else. */
const postgres = (code: string, more: object = {}): Error =>
  Object.assign(new Error("told: a secret"), { code, severity: "ERROR", detail: "Key ((document ->> 'code'))=(a secret)", ...more });

test.each<[string, unknown, object]>([
  ["a natural key that another document has", postgres("23505", { constraint: "countries_code_key", table: "countries" }), { refusal: { code: "WRITE.UNIQUE", constraint: "countries_code_key" } }],
  ["a check of documents", postgres("23514", { constraint: "short" }), { refusal: { code: "WRITE.CHECK", constraint: "short" } }],
  ["a column that takes no null", postgres("23502", { column: "owner" }), { refusal: { code: "WRITE.NOT_NULL", field: "owner" } }],
  ["a key that another table refers to", postgres("23503", { constraint: "visits_country" }), { refusal: { code: "WRITE.FOREIGN_KEY", constraint: "visits_country" } }],
  ["a trigger's refusal", postgres("P0001"), { refusal: { code: "WRITE.REFUSED" } }],
  ["a column that is computed", postgres("428C9"), { refusal: { code: "WRITE.REFUSED" } }],
  ["no JSON", postgres("22P02"), { refusal: { code: "WRITE.VALUE" } }],
  ["a text with a zero in it", postgres("22P05"), { refusal: { code: "WRITE.VALUE" } }],
  ["a key that stands twice", postgres("22030"), { refusal: { code: "WRITE.VALUE" } }],
  ["a text that is no number in a column made of it", postgres("22003"), { refusal: { code: "WRITE.VALUE" } }],
  ["a document, or a key of an index, that is too large", postgres("54000"), { refusal: { code: "WRITE.VALUE" } }],
  ["a document that is nested too deeply", postgres("54001"), { refusal: { code: "WRITE.VALUE" } }],
  ["documents that are too large for one text", new RangeError("Invalid string length"), { refusal: { code: "WRITE.VALUE" } }],
  ["a deadlock", postgres("40P01"), { error: { code: "ENDPOINT.CONTENTION", retryable: true } }],
  ["a lock that is not given up", postgres("55P03"), { error: { code: "ENDPOINT.CONTENTION", retryable: true } }],
  ["a statement that took too long", postgres("57014"), { error: { code: "ENDPOINT.TIMEOUT", retryable: true } }],
  ["a server that shuts down", postgres("57P01"), { error: { code: "ENDPOINT.UNAVAILABLE", retryable: true } }],
  ["a server that is not there", Object.assign(new Error("connect"), { code: "ECONNREFUSED" }), { error: { code: "ENDPOINT.UNAVAILABLE", retryable: true } }],
  ["a login that is refused", postgres("28P01"), { error: { code: "ENDPOINT.FORBIDDEN", retryable: false } }],
  ["a user who may not", postgres("42501"), { error: { code: "ENDPOINT.FORBIDDEN", retryable: false } }],
  ["a server that only reads", postgres("25006"), { error: { code: "ENDPOINT.READ_ONLY", retryable: false } }],
  ["a table that is not there", postgres("42P01"), { error: { code: "ENDPOINT.SCHEMA", retryable: false } }],
  ["a column that is not there", postgres("42703"), { error: { code: "ENDPOINT.SCHEMA", retryable: false } }],
  ["an ended pool", new Error("Cannot use a pool after calling end on the pool"), { error: { code: "ENDPOINT.CLOSED" } }],
  ["a closed PGlite", new Error("PGlite is closed"), { error: { code: "ENDPOINT.CLOSED" } }],
  ["anything else", new Error("???"), { error: { code: "ENDPOINT.UNKNOWN", retryable: false } }],
])("%s", (_, error, meaning) => {
  const means = meaningOf(error, { database: "test" });
  expect(means).toMatchObject(meaning);
  if (!("error" in means)) return expect(JSON.stringify(means)).not.toContain("secret");
  expect(means.error.cause).toBe(error);
  expect(JSON.stringify([means.error.message, { ...means.error, cause: undefined }])).not.toContain("secret");
});

const Country = {
  table: "countries", schema: z.object({ code: z.string(), note: z.string().optional(), more: z.unknown().register(kinds, { type: "json" }).optional() }), unique: ["code"],
} as const satisfies DocumentOptions;

onEveryHandle(import.meta.url, (open) => {
  async function opened(change = ""): Promise<{ database: Database; insert(values: Record<string, string>): Promise<Committed>; exec(sql: string): Promise<void> }> {
    const { client, exec } = await open();
    await exec(`${jsonbSchema({ Country })} ${change}`);
    const database: Database = jsonbDatabase(client, { documents: { Country } });
    const { fence } = await database.claim({ holder: "test", runner: "test", seconds: 60 });
    const { fields } = database.endpoints.get("Country")!.model;
    const insert = async (values: Record<string, string>): Promise<Committed> => {
      const names = fields.map(({ name }) => name).filter((name) => name in values);
      const [key] = await database.endpoints.get("Country")!.allocate(1);
      return await database.commit({
        id: "unit", fence, batches: [{ op: "insert", model: "Country", fields: names, rows: [{ key: key!, cloudId: crypto.randomUUID(), values: names.map((name) => values[name]!) }] }],
      });
    };
    return { database, insert, exec };
  }

  /** Letters that no compression makes fewer. */
  const long = Array.from({ length: 400 }, (_, n) => ((n + 1) * 7919 * 104729).toString(36)).join("");

  test.each<[string, string, Record<string, string>, object]>([
    ["a natural key that another document has", "insert into countries (document) values ('{\"code\": \"CH\"}')", { code: "CH" }, { code: "WRITE.UNIQUE", constraint: "countries_code_key" }],
    ["a natural key that is too long for its index", "", { code: long }, { code: "WRITE.VALUE" }],
    ["a document that a check refuses", "alter table countries add constraint short check (length(document::text) < 30)", { code: "CH", note: "longer than that" }, { code: "WRITE.CHECK", constraint: "short" }],
    ["a document that a trigger refuses", "create function no() returns trigger language plpgsql as $$ begin raise 'no'; end $$; create trigger no before insert on countries for each row execute function no()",
      { code: "CH" }, { code: "WRITE.REFUSED" }],
    ["a column that a document has nothing for", "alter table countries add owner text not null", { code: "CH" }, { code: "WRITE.NOT_NULL", field: "owner" }],
    ["a column made of what is no number", "alter table countries add size int generated always as ((document->>'note')::int) stored", { code: "CH", note: "many" }, { code: "WRITE.VALUE" }],
    ["a document that is nested too deeply", "", { code: "CH", more: `${"[".repeat(20_000)}${"]".repeat(20_000)}` }, { code: "WRITE.VALUE" }],
  ])("%s is refused, and nothing of its unit is written", async (_, change, values, refusal) => {
    const { insert, database } = await opened(change);
    expect(await insert(values)).toMatchObject({ committed: false, refusal });
    let there = 0;
    for await (const { rows } of database.endpoints.get("Country")!.scan({ fields: ["code"], pageSize: 10 })) there += rows.length;
    expect(there).toBe(change.startsWith("insert") ? 1 : 0);
  });

  test.each<[string, string, string, string]>([
    ["a table that is gone", "drop table countries", "ENDPOINT.SCHEMA", "42P01"],
    ["a column that is gone", "alter table countries drop document cascade", "ENDPOINT.SCHEMA", "42703"],
    ["a database that takes no writes", "set default_transaction_read_only = on", "ENDPOINT.READ_ONLY", "25006"],
  ])("%s stops the unit by its name, with what the database said as its cause", async (what, change, code, state) => {
    const { insert, exec } = await opened();
    expect(await insert({ code: "CH" })).toMatchObject({ committed: true });
    await exec(change);
    await expect(insert({ code: "FR" }), what).rejects.toMatchObject({ code, retryable: false, cause: { code: state } });
    await exec("set default_transaction_read_only = off");
  });
});

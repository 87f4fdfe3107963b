import { insert, prepare } from "@sync/test-adapters";
import { openPglite } from "@sync/test-databases";
import { describePostgres } from "@sync/test-databases/vitest";
import Database from "better-sqlite3";
import { drizzle as betterSqlite } from "drizzle-orm/better-sqlite3";
import { drizzle as nodePostgres } from "drizzle-orm/node-postgres";
import { drizzle as pglite } from "drizzle-orm/pglite";
import { Pool } from "pg";
import { expect, test } from "vitest";
import { drizzleDatabase } from "../src/index.ts";
import type { DrizzleLike } from "../src/index.ts";
import { postgresSchema, postgresTables, sqliteSchema, sqliteTables } from "./support/schemas.ts";

const thing = {
  small: "-32768", whole: "1073741823", big: "9007199254740993", safe: "-9007199254740991", single: "0.1", double: "0.30000000000000004", amount: "1234567890123456.7891",
  any: "0.000000000000000000000001", asNumber: "1.5", asBigint: "123456789012345678901234567890", active: "false", text: "é'\"\\\u{1F600}\n", oneOf: "b", short: "kurz", fixed: "abc",
  code: "6ba7b810-9dad-11d1-80b4-00c04fd430c8", at: "1969-12-31T23:59:59.001Z", atText: "2026-01-02T03:04:05.678901", moment: "2026-01-02T03:04:05.678Z",
  momentText: "2026-01-02T03:04:05.678901Z", day: "2024-02-29", dayDate: "2024-02-29", hour: "23:59:59.999", span: "P1Y2M-3DT4H5M6.789S", data: '{"a":{"":"é"},"b":[1,1.5,"x",null,true]}',
  plainJson: '[1,{"a":2,"z":1}]', bytes: "AAH+/w==", mood: "Sad and long", tags: '["a",null,"x,y","quo\\"te","back\\\\slash","NULL","{}"]', counts: '["1","-9007199254740993"]',
  moods: '["Sad and long","happy"]', times: '["2026-01-02T03:04:05.678Z",null,"1900-01-01T00:00:00Z"]', cents: "1234", updatedAt: "2026-01-02T03:04:05.678Z",
};
/** What Drizzle's own forms of a value cannot hold: such a record goes in bulk. */
const finer = { moment: "2026-01-02T03:04:05.678901Z", at: "infinity", data: "null", plainJson: '{"a":12345678901234567890.5}', times: '["-infinity"]', single: "NaN" };
const note = {
  whole: "-9007199254740991", seconds: "1969-12-31T23:59:59Z", millis: "2026-01-02T03:04:05.678Z", active: "true", ratio: "0.30000000000000004", amount: "1234.5678", asNumber: "1.5",
  asBigint: "9007199254740993", big: "123456789012345678901234567890", bytes: "AAH+/w==", blobJson: '{"a":[1.5,null],"b":1}', text: "é", oneOf: "a", data: '{"a":[],"z":"é"}', flag: "yes",
};

const empty = (record: object): Record<string, null> => Object.fromEntries(Object.keys(record).map((name) => [name, null]));

test("the same stands in SQLite as in bulk, for every kind of column", async () => {
  const client = new Database(":memory:");
  client.exec(sqliteTables);
  for (const writes of ["bulk", "orm"] as const) {
    const database = drizzleDatabase(betterSqlite(client), { schema: sqliteSchema, writes });
    await prepare(database);
    const noneOfDrizzle = { data: "null", blobJson: '{"a":12345678901234567890.5}' };
    await insert(database, "notes", [{ ...note, text: `${writes} 1` }, { ...empty(note), ...noneOfDrizzle, text: `${writes} 2` }]);
  }
  const names = (client.pragma("table_xinfo(all_notes)") as { name: string }[]).map(({ name }) => name).filter((name) => !["id", "text"].includes(name));
  const rows = client.prepare(`select ${names.map((name) => `typeof("${name}") || quote("${name}")`).join(", ")} from all_notes order by id`).raw().all();
  expect(rows).toHaveLength(4);
  expect(rows.slice(2)).toEqual(rows.slice(0, 2));
  client.close();
});

async function sameInPostgres(db: DrizzleLike, query: (text: string) => Promise<readonly object[]>): Promise<void> {
  await query(postgresTables);
  for (const [at, writes] of (["bulk", "orm"] as const).entries()) {
    const database = drizzleDatabase(db, { schema: postgresSchema, kinds: { things: { cents: { type: "integer", bits: 53 } } }, syncFields: { cloudId: false }, writes });
    await prepare(database);
    const record = { ...thing, whole: String(at), text: writes, code: null };
    await insert(database, "things", [record, { ...empty(thing), active: "true" }, { ...empty(thing), ...finer, active: "true" }]);
    await insert(database, "places", [{ name: `${writes} Ω`, within: null }]);
  }
  const rows = (await query("select to_jsonb(t) - 'id' - 'whole' - 'twice' - 'text' as row from all_things t order by id")).map((each) => (each as { row: object }).row);
  expect(rows).toHaveLength(6);
  expect(rows.slice(3)).toEqual(rows.slice(0, 3));
  expect(await query("select name from places order by name")).toMatchObject([{ name: "bulk Ω" }, { name: "orm Ω" }]);
}

test("the same stands in PGlite as in bulk, for every kind of column", async () => {
  const client = await openPglite();
  await sameInPostgres(pglite(client), async (text) => (await client.exec(text)).at(-1)!.rows);
  await client.close();
});

describePostgres("node-postgres", (server) => {
  test("the same stands there as in bulk, for every kind of column", async () => {
    const fresh = await server.freshDatabase(`${import.meta.url} same`);
    const pool = new Pool({ connectionString: fresh.url });
    await sameInPostgres(nodePostgres(pool), async (text) => (await pool.query(text)).rows);
    await pool.end();
    await fresh.drop();
  });
});

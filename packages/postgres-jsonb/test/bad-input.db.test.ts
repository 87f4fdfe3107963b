import { memoryDatabase } from "@sync/core/memory";
import { refused } from "@sync/test-adapters";
import { openPglite } from "@sync/test-databases";
import { describePostgres } from "@sync/test-databases/vitest";
import { Client, Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { createSync, jsonbDatabase, jsonbSchema, leftWins, naturalKey } from "../src/index.ts";
import type { DocumentOptions, PostgresLike, Sync } from "../src/index.ts";

// What an application can get wrong: each is said with a code and the way out, before anything is written.

const Country = { table: "countries", schema: z.object({ code: z.string(), population: z.int().optional(), location: z.object({ lat: z.number() }).optional() }), unique: ["code"] } as const satisfies DocumentOptions;
const schema = jsonbSchema({ Country });

let pairs = 0;
function pairOn(client: PostgresLike): { sync: Sync; rows: () => readonly object[] } {
  const rows = memoryDatabase({
    name: "rows",
    models: [{
      name: "Country", primaryKey: ["code"], keySource: "values", uniqueKeys: [], references: [], syncFields: {},
      fields: [
        { name: "code", kind: { type: "text" }, nullable: false, writable: true }, { name: "population", kind: { type: "integer" }, nullable: true, writable: true },
        { name: "latitude", kind: { type: "float", bits: 64 }, nullable: true, writable: true },
      ],
    }],
  });
  const sync = createSync({
    name: `bad ${(pairs += 1)}`, left: rows, right: jsonbDatabase(client, { documents: { Country }, patience: 100 }), conflicts: leftWins(), firstLink: "left",
    models: { Country: { right: "Country", match: naturalKey("code"), fields: { latitude: "location.lat" } } },
  });
  return { sync, rows: () => rows.probe.rows("Country").map(({ record }) => record) };
}

async function failing(client: PostgresLike, code: string, message: RegExp): Promise<void> {
  const { sync, rows } = pairOn(client);
  await expect(sync.run()).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
  expect(rows()).toEqual([]);
}

test.each([[undefined], [null], ["postgres://localhost"], [{}], [{ query: () => {} }]])("%s is no client", (client) => {
  expect(refused(() => jsonbDatabase(client as never, { documents: { Country } }))).toMatchObject({ code: "OPTIONS.WRONG_CLIENT", message: expect.stringContaining("a Pool or Client of node-postgres, or a PGlite") as string });
});

test("a PGlite that is closed", async () => {
  const client = await openPglite();
  await client.close();
  await failing(client, "ENDPOINT.CLOSED", /run the sync while it is open/);
});

describePostgres("node-postgres", (server) => {
  let fresh: Awaited<ReturnType<typeof server.freshDatabase>>;
  let owner: Client;
  beforeAll(async () => {
    fresh = await server.freshDatabase(import.meta.url);
    owner = new Client({ connectionString: fresh.url });
    owner.on("error", () => {});
    await owner.connect();
  });
  afterAll(async () => {
    await owner.end();
    await fresh.drop();
  });
  const tables = async (): Promise<unknown[]> => (await owner.query<{ relname: string }>("select relname from pg_class where relname like 'sync%' and relkind = 'r'")).rows;

  test("a pool that has ended, a client that is not connected or has ended", async () => {
    const pool = new Pool({ connectionString: fresh.url });
    await pool.end();
    await failing(pool, "ENDPOINT.CLOSED", /run the sync while it is open/);
    const client = new Client({ connectionString: fresh.url });
    await failing(client, "ENDPOINT.CLOSED", /`await client.connect\(\)` before the sync runs/);
    await client.connect();
    await client.end();
    await failing(client, "ENDPOINT.CLOSED", /run the sync while it is open/);
  });

  test("a user who may only read", async () => {
    const user = `reader_of_documents_${process.pid}`;
    await owner.query(`${schema} create role ${user} login; grant select on countries to ${user}`);
    const pool = new Pool({ connectionString: fresh.url, options: `-c role=${user}` });
    await failing(pool, "ENDPOINT.FORBIDDEN", /lacks a privilege/);
    await pool.end();
    expect(await tables()).toEqual([]);
    await owner.query(`drop table countries; drop role ${user}`);
  });

  test("a schema that lags behind the code: no table, no column, another type, no primary key", async () => {
    await failing(owner, "SCHEMA.MISSING_TABLE", /no table/);
    await owner.query("create table countries (id uuid primary key)");
    await failing(owner, "CHECK.FAILED", /document/);
    await owner.query("alter table countries add document text");
    await failing(owner, "CHECK.FAILED", /has type text, the model says json/);
    await owner.query("drop table countries; create table countries (id uuid not null, document jsonb not null); create unique index on countries ((document->>'code'))");
    await failing(owner, "SCHEMA.NO_KEY", /no unique index .* covers the key \(id\)/);
    await owner.query("drop table countries");
  });

  test("a document that does not fit its schema waits in quarantine with its path, and nothing else does", async () => {
    await owner.query(schema);
    await owner.query(`insert into countries (document) values ('{"code": "CH", "population": "many"}'), ('{"code": "FR", "location": {"lat": "north"}}'), ('{"code": "IT", "location": 5}'),
      ('{"population": 1}'), ('{"code": "DE", "population": 84}')`);
    const { sync, rows } = pairOn(owner);
    expect((await sync.run()).models.get("Country")).toMatchObject({ created: { left: 1, right: 0 }, quarantined: 4 });
    expect(rows()).toMatchObject([{ code: "DE" }]);
    const waiting = [];
    for await (const each of sync.quarantine()) waiting.push([each.code, each.field].join(" "));
    expect(waiting.sort()).toEqual(["DOCUMENT.MISSING code", "DOCUMENT.PATH location.lat", "VALUE.MALFORMED location.lat", "VALUE.MALFORMED population"]);
    await owner.query("drop table countries");
  });
});

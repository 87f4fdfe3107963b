import { Client } from "pg";
import { expect, test } from "vitest";
import { openPglite } from "../src/index.ts";
import { describePostgres } from "../src/vitest.ts";

describePostgres("a fresh database", (postgres) => {
  test("is a real PostgreSQL, empty, and of this file", async () => {
    const database = await postgres.freshDatabase(import.meta.url);
    const client = new Client({ connectionString: database.url });
    await client.connect();
    try {
      const { rows } = await client.query<{ version: string; name: string; tables: string }>(
        `select version(), current_database() as name,
           (select count(*) from pg_tables where schemaname = 'public') as tables`,
      );
      expect(rows[0]?.version).toMatch(/^PostgreSQL \d/);
      expect(rows[0]?.name).toMatch(/^sync_databases_test_postgres_db_[0-9a-f]{8}$/);
      expect(rows[0]?.tables).toBe("0");
    } finally {
      await client.end();
      await database.drop();
    }
  });

  test("starts empty again under the same name", async () => {
    for (let round = 0; round < 2; round += 1) {
      const database = await postgres.freshDatabase(`${import.meta.url} again`);
      const client = new Client({ connectionString: database.url });
      await client.connect();
      await client.query("create table once (id int)");
      await client.end();
    }
  });

  test("serves two sessions whose transactions interleave", async () => {
    const database = await postgres.freshDatabase(`${import.meta.url} two sessions`);
    const [one, two] = [database.url, database.url].map((connectionString) => new Client({ connectionString }));
    if (!one || !two) throw new Error("two clients");
    await Promise.all([one.connect(), two.connect()]);
    try {
      await one.query("begin");
      await one.query("create table t (id int)");
      const seen = await two.query(`select to_regclass('t') is null as hidden`);
      expect(seen.rows).toEqual([{ hidden: true }]);
      await one.query("commit");
    } finally {
      await Promise.all([one.end(), two.end()]);
      await database.drop();
    }
  });
});

test("PGlite answers in process", async () => {
  const pglite = await openPglite();
  const { rows } = await pglite.query<{ version: string }>("select version()");
  expect(rows[0]?.version).toMatch(/^PostgreSQL/);
  await pglite.close();
});

import { afterEach, beforeEach, expect, test } from "vitest";
import { sqlDatabase } from "../src/index.ts";
import type { Executor, Statement } from "../src/index.ts";
import { onPostgres, type Session } from "./support/engines.ts";
import { city, country, ddl, sqlModel } from "./support/models.ts";

onPostgres(import.meta.url, (engine) => {
  let session: Session;
  beforeEach(async () => {
    session = await engine.open();
    for (const shape of [country, city]) await session.exec(ddl(shape, "postgres"));
    await session.exec(`insert into country (id, code) select n, 'C' || n from generate_series(1, 1000) n`);
    await session.exec(`insert into city (title, country_id) select 'City ' || n, n % 1000 + 1 from generate_series(1, 10000) n`);
  });
  afterEach(() => session.close());

  /** How the database goes about the look-up of the cities of 200 countries. */
  async function planOfLookUp(): Promise<string> {
    await session.exec("analyze");
    const sent: Statement[] = [];
    const executor: Executor = { ...session.executor, query: (statement) => (sent.push(statement), session.executor.query(statement)) };
    const database = sqlDatabase({ name: "test", executor, models: [country, city].map((shape) => sqlModel(shape, "postgres")) });
    await database.inspect(["Country", "City"]);
    const tuples = Array.from({ length: 200 }, (_, n) => [String(n + 1)]);
    const rows = await database.endpoints.get("City")!.fetch({ fields: ["title"], by: ["countryId"], tuples });
    expect(rows).toHaveLength(2000);
    const { sql, params } = sent.find(({ sql: text }) => text.includes(`"city"`) && text.includes("country_id"))!;
    return (await session.executor.query({ sql: `explain ${sql}`, params })).join("\n");
  }

  test("rows are looked up by a reference through its index, however small the table still is", async () => {
    await session.exec("create index city_country on city (country_id)");
    expect(await planOfLookUp()).toMatch(/Index.* on city_country/);
  });

  test("without an index they are found in one pass over the table", async () => {
    expect(await planOfLookUp()).toMatch(/Hash Semi Join[^]*Seq Scan on city/);
  });

  test("an index over some of the rows is none for a look-up", async () => {
    await session.exec("create index city_country on city (country_id) where title <> ''");
    expect(await planOfLookUp()).not.toMatch(/city_country/);
  });
});

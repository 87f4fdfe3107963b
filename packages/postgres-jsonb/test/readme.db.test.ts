import { countriesInRows } from "@sync/test-adapters/countries";
import { openPglite } from "@sync/test-databases";
import { expect, test } from "vitest";
// #region kinds
import { createSync, type DocumentOptions, jsonbDatabase, jsonbSchema, leftWins, naturalKey } from "@sync/postgres-jsonb";
import { drizzleDatabase } from "@sync/drizzle"; // the other side: any adapter
import { z } from "zod";

const airport = z.object({ ident: z.string(), name: z.string().optional() });
const country = z.object({ code: z.string(), name: z.string(), airports: z.array(airport).optional() });
export const documents = {
  Country: { table: "countries", schema: country, unique: ["code"], children: { airports: { key: "ident" } } },
} as const satisfies Record<string, DocumentOptions>;
export const migration = jsonbSchema(documents); // SQL for the table and its unique index
// #endregion

test("the README's example folds rows into documents and back", async () => {
  const { client, db, schema } = countriesInRows();
  const pool = await openPglite();
  await pool.exec(migration);
  // #region sync
  const sync = createSync({
    name: "folded",
    left: drizzleDatabase(db, { schema }),
    right: jsonbDatabase(pool, { documents }),
    models: {
      countries: { right: "Country", match: naturalKey("code") },
      airports: { right: "Country.airports", match: naturalKey("ident", { withoutUniqueKey: true }), fields: { countryId: "parent" } },
    },
    conflicts: leftWins(),
    firstLink: "left", // who is right where records that differ were on both sides before the first run
  });
  await sync.run();
  // #endregion
  expect((await pool.query("select document from countries")).rows).toEqual([{ document: { code: "FR", name: "France", airports: [{ ident: "LFPG", name: "Charles de Gaulle" }] } }]);
  await pool.exec(`update countries set document = jsonb_insert(document, '{airports,0}', '{"ident": "LFPO", "name": "Orly"}')`);
  await sync.run();
  expect(client.prepare("select ident, name, country_id from airports order by ident").raw().all()).toEqual([["LFPG", "Charles de Gaulle", 1], ["LFPO", "Orly", 1]]);
  expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  await pool.close();
  client.close();
});

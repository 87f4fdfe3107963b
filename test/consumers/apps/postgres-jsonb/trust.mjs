// Documents with records inside, a conflict that a person decides, a plan that goes through a file, and a run that is taken back.
import { readFile, writeFile } from "node:fs/promises";
import { PGlite } from "@electric-sql/pglite";
import { ask, createSync, jsonbDatabase, jsonbSchema, naturalKey, planPage, planTable } from "@sync/postgres-jsonb";
import { z } from "zod";

const airport = z.object({ ident: z.string(), name: z.string() });
const documents = {
  Country: { table: "country", schema: z.object({ code: z.string(), airports: z.array(airport) }), unique: ["code"], children: { airports: { key: "ident" } } },
};
const open = async () => {
  const client = await PGlite.create();
  await client.exec(jsonbSchema(documents));
  return client;
};
const [left, right] = [await open(), await open()];
const rename = (client, name) => client.query("update country set document = jsonb_set(document, '{airports,0,name}', to_jsonb($1::text))", [name]);
const nameIn = async (client) => (await client.query("select document #>> '{airports,0,name}' as name from country")).rows[0].name;
await left.exec(`insert into country (document) values ('{"code":"CH","airports":[{"ident":"LSZH","name":"Zurich"}]}')`);
const sync = createSync({
  name: "trust", left: jsonbDatabase(left, { documents }), right: jsonbDatabase(right, { documents }), conflicts: ask(),
  models: { Country: { match: naturalKey("code") }, "Country.airports": { match: naturalKey("ident", { withoutUniqueKey: true }) } },
});
await sync.run();

await rename(left, "Zürich");
await rename(right, "Kloten");
await sync.run();
const waiting = [];
for await (const { id, fields } of sync.conflicts({ open: true })) waiting.push({ id, fields });
await sync.decide(waiting[0].id, "right");

const plan = await sync.plan();
await writeFile("plan.ndjson", plan.lines());
const table = await planTable(plan);
let page = "";
for await (const text of planPage(plan)) page += text;
const applied = await sync.apply(await sync.load((await readFile("plan.ndjson", "utf8")).split("\n").filter(Boolean)));
const decided = await nameIn(left);
const undone = await sync.undo(applied.id);
const refused = await sync.run().catch((error) => error.code);
await sync.release();
console.log(JSON.stringify({
  waiting: waiting.map(({ fields }) => fields), decided, read: [table.includes("Country.airports"), page.startsWith("<!doctype html>")],
  restored: undone.models.get("Country.airports").restored, after: await nameIn(left), refused,
}));
await Promise.all([left.close(), right.close()]);

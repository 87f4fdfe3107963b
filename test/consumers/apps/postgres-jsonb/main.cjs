// An application with CommonJS `require`.
const { createSync, jsonbDatabase, jsonbSchema, leftWins, naturalKey, sqliteState } = require("@sync/postgres-jsonb");
const { isSyncError } = require("@sync/core");
const { PGlite } = require("@electric-sql/pglite");
const { z } = require("zod");

const documents = { Country: { table: "country", schema: z.object({ code: z.string(), name: z.string() }), unique: ["code"] } };

async function main() {
  const [left, right] = [await PGlite.create(), await PGlite.create()];
  for (const each of [left, right]) await each.exec(jsonbSchema(documents));
  await left.exec(`insert into country (document) values ('{"code":"FR","name":"France"}')`);
  const options = {
    name: "consumer", left: jsonbDatabase(left, { documents }), right: jsonbDatabase(right, { documents }),
    models: { Country: { match: naturalKey("code") } }, conflicts: leftWins(), state: sqliteState(":memory:"),
  };
  await createSync(options).run();
  let refusal;
  try {
    createSync({ ...options, modells: {} });
  } catch (error) {
    refusal = isSyncError(error) && error.message;
  }
  const { rows } = await right.query("select document->>'code' as code, document->>'name' as name from country");
  console.log(JSON.stringify({ rows, refusal }));
  await Promise.all([left.close(), right.close()]);
}
void main();

// An application with ESM imports: documents in one PGlite and in another.
import { PGlite } from "@electric-sql/pglite";
import { createSync, fieldMerge, jsonbDatabase, jsonbSchema, leftWins, naturalKey } from "@sync/postgres-jsonb";
import { left, right } from "./kinds.mjs";

const [one, other] = [await PGlite.create(), await PGlite.create()];
await one.exec(jsonbSchema(left));
await one.exec(`insert into country (document) values ('{"code":"FR","name":"France"}'), ('{"code":"IT","name":"Italy"}')`);
await other.exec(jsonbSchema(right));
const sync = createSync({
  name: "consumer",
  left: jsonbDatabase(one, { documents: left }),
  right: jsonbDatabase(other, { documents: right }),
  models: { Country: { match: naturalKey("code"), fields: { name: "title" }, omit: [] } },
  conflicts: fieldMerge({ otherwise: leftWins() }),
});
const first = await sync.run();
const { rows } = await other.query("select document->>'code' as code, document->>'title' as title from countries order by 1");
const second = await sync.run();
console.log(JSON.stringify({ created: first.models.get("Country").created, rows, idle: second.written, equal: (await sync.verify()).equal }));
await Promise.all([one.close(), other.close()]);

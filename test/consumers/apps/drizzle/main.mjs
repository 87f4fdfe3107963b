// An application with ESM imports: SQLite on the left, PGlite on the right.
import { PGlite } from "@electric-sql/pglite";
import { createSync, drizzleDatabase, fieldMerge, leftWins, naturalKey } from "@sync/drizzle";
import Database from "better-sqlite3";
import { drizzle as sqlite } from "drizzle-orm/better-sqlite3";
import { drizzle as pglite } from "drizzle-orm/pglite";
import { ddl, left, right } from "./tables.mjs";

const file = new Database(":memory:");
file.exec(ddl.left);
file.exec("insert into country (code, name) values ('FR', 'France'), ('IT', 'Italy')");
const postgres = await PGlite.create();
await postgres.exec(ddl.right);
const sync = createSync({
  name: "consumer",
  left: drizzleDatabase(sqlite(file), { schema: left }),
  right: drizzleDatabase(pglite(postgres), { schema: right }),
  models: { Country: { match: naturalKey("code"), fields: { name: "title" }, omit: [] } },
  conflicts: fieldMerge({ otherwise: leftWins() }),
});
const first = await sync.run();
const { rows } = await postgres.query("select code, title from countries order by code");
const second = await sync.run();
console.log(JSON.stringify({ created: first.models.get("Country").created, rows, idle: second.written, equal: (await sync.verify()).equal }));
await postgres.close();

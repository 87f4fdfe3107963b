// Compiled only: the names of models and fields are checked, on both sides.
import { createSync, drizzleDatabase, fallback, fieldMerge, leftWins, naturalKey, type RunResult, type Sync } from "@sync/drizzle";
import { integer as pgInteger, pgTable, serial, text as pgText } from "drizzle-orm/pg-core";
import { drizzle as pglite } from "drizzle-orm/pglite";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { drizzle as sqlite } from "drizzle-orm/better-sqlite3";

const schema = { Country: sqliteTable("country", { id: integer().primaryKey(), code: text().notNull().unique(), name: text().notNull() }) };
const other = {
  Country: pgTable("country", { id: serial().primaryKey(), code: pgText().notNull().unique(), title: pgText().notNull(), rank: pgInteger() }),
  Nation: pgTable("nation", { id: serial().primaryKey(), iso: pgText().notNull().unique() }),
};
const left = drizzleDatabase(sqlite(":memory:"), { schema });
const right = drizzleDatabase(pglite(), { schema: other });
const conflicts = fieldMerge({ otherwise: leftWins() });

const sync: Sync = createSync({ name: "typed", left, right, models: { Country: { match: naturalKey("code"), fields: { name: "title" } } }, conflicts });
createSync({ name: "typed", left, right, models: { Country: { right: "Nation", match: [naturalKey("code"), fallback(["name"])], fields: { code: "iso" }, omit: ["name"] } }, conflicts });
const counted = async (): Promise<number> => {
  const run: RunResult = await sync.run();
  return run.models.get("Country")?.created.right ?? 0;
};
void counted;

// @ts-expect-error no such model on the left
createSync({ name: "typed", left, right, models: { Contry: { match: naturalKey("code") } }, conflicts });
// @ts-expect-error no such field in a match rule
createSync({ name: "typed", left, right, models: { Country: { match: naturalKey("cod") } }, conflicts });
// @ts-expect-error no such field in a list of match rules
createSync({ name: "typed", left, right, models: { Country: { match: [naturalKey("code"), fallback(["nam"])] } }, conflicts });
// @ts-expect-error no such field on the left
createSync({ name: "typed", left, right, models: { Country: { match: naturalKey("code"), fields: { nam: "title" } } }, conflicts });
// @ts-expect-error no such field on the right
createSync({ name: "typed", left, right, models: { Country: { match: naturalKey("code"), fields: { name: "titel" } } }, conflicts });
// @ts-expect-error no such model on the right
createSync({ name: "typed", left, right, models: { Country: { right: "Nations", match: naturalKey("code") } }, conflicts });
// @ts-expect-error a field of the other right model
createSync({ name: "typed", left, right, models: { Country: { right: "Nation", match: naturalKey("code"), fields: { name: "title" } } }, conflicts });
// @ts-expect-error no such option
createSync({ name: "typed", left, right, models: { Country: { match: naturalKey("code") } }, conflicts, firstlink: "left" });
// @ts-expect-error no such field to leave out
createSync({ name: "typed", left, right, models: { Country: { match: naturalKey("code"), omit: ["nam"] } }, conflicts });
// @ts-expect-error no such table to take
drizzleDatabase(pglite(), { schema: other, models: ["Contry"] });

// Compiled only: the names of models and fields are checked, on both sides.
import { createSync, fallback, fieldMerge, jsonbDatabase, leftWins, naturalKey, type PgPoolLike, type RunResult, type Sync } from "@sync/postgres-jsonb";
import { z } from "zod";

declare const pool: PgPoolLike;
const airport = z.object({ ident: z.string(), place: z.object({ lat: z.number() }).optional() });
const schema = z.object({ code: z.string(), name: z.string(), airports: z.array(airport).optional() });
const children = { airports: { key: "ident" } } as const;
const left = jsonbDatabase(pool, { documents: { Country: { table: "country", schema, children } } });
const right = jsonbDatabase(pool, { documents: { Nation: { table: "nation", schema: z.object({ iso: z.string(), title: z.string(), fields: z.array(airport) }), children: { fields: { key: "ident" } } } } });
const conflicts = fieldMerge({ otherwise: leftWins() });

const sync: Sync = createSync({
  name: "typed", left, right, conflicts,
  models: {
    Country: { right: "Nation", match: [naturalKey("code"), fallback(["name"])], fields: { code: "iso", name: "title" } },
    "Country.airports": { right: "Nation.fields", match: naturalKey("ident"), fields: { "place.lat": "place.lat" } },
  },
});
const counted = async (): Promise<number> => {
  const run: RunResult = await sync.run();
  return run.models.get("Country.airports")?.created.right ?? 0;
};
void counted;

// @ts-expect-error no such model on the left
createSync({ name: "typed", left, right, models: { "Country.airport": { right: "Nation.fields", match: naturalKey("ident") } }, conflicts });
// @ts-expect-error no such field in a match rule
createSync({ name: "typed", left, right, models: { Country: { right: "Nation", match: naturalKey("cod") } }, conflicts });
// @ts-expect-error no such field on the right
createSync({ name: "typed", left, right, models: { Country: { right: "Nation", match: naturalKey("code"), fields: { name: "titel" } } }, conflicts });
// @ts-expect-error no such model on the right
createSync({ name: "typed", left, right, models: { Country: { right: "Nations", match: naturalKey("code") } }, conflicts });

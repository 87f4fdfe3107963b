import type { Model } from "@sync/core";
import { memoryDatabase, type MemoryDatabase } from "@sync/core/memory";
import { z } from "zod";
import type { DocumentOptions, PostgresLike, Sync } from "../../src/index.ts";
import { createSync, jsonbDatabase, kinds, leftWins, naturalKey } from "../../src/index.ts";

/** Countries with their regions and airports, as one document each. */
export const Country = {
  table: "countries",
  schema: z.object({
    code: z.string(),
    name: z.string().nullable(),
    population: z.bigint().optional(),
    regions: z.array(z.object({
      code: z.string(),
      name: z.string().optional(),
      airports: z.array(z.object({
        ident: z.string(),
        name: z.string().optional(),
        location: z.object({ lat: z.number().register(kinds, { type: "decimal" }) }).optional(),
      })).optional(),
    })).optional(),
  }),
  unique: ["code"],
  children: { regions: { key: "code", children: { airports: { key: "ident", unique: ["ident"] } } } },
} as const satisfies DocumentOptions;

const field = (name: string, kind: Model["fields"][number]["kind"], nullable = false): Model["fields"][number] => ({ name, kind, nullable, writable: true });
const text = (name: string, nullable = false): Model["fields"][number] => field(name, { type: "text" }, nullable);
const row = (name: string, fields: Model["fields"], references: readonly (readonly [string, string])[], unique: string): Model => ({
  name,
  fields: [text("id"), ...fields],
  primaryKey: ["id"],
  keySource: "allocated",
  uniqueKeys: [{ name: unique, fields: [unique] }],
  references: references.map(([from, target]) => ({ name: from, fields: [from], target, targetFields: ["id"], onDelete: "restrict" })),
  syncFields: {},
});

const rowModels: readonly Model[] = [
  row("Country", [text("code"), text("name", true), field("population", { type: "integer" }, true)], [], "code"),
  row("Region", [text("code"), text("name", true), text("countryId")], [["countryId", "Country"]], "code"),
  row("Airport", [text("ident"), text("name", true), field("latitude", { type: "decimal" }, true), text("regionId"), text("countryId")],
    [["regionId", "Region"], ["countryId", "Country"]], "ident"),
];

export interface Pair {
  readonly rows: MemoryDatabase;
  readonly sync: Sync;
  /** Keys of the rows by code. */
  readonly keys: Readonly<Record<string, string>>;
}

/** Rows in memory on the left, JSONB documents on the right. */
export function pairOn(client: PostgresLike): Pair {
  const rows = memoryDatabase({ name: "rows", models: rowModels });
  const { application } = rows;
  const keys: Record<string, string> = {};
  for (const code of ["FR", "CH"]) keys[code] = application.insert("Country", { code, name: code, population: "9007199254740993" })[0]!;
  for (const code of ["FR-A", "FR-B", "CH-A"]) keys[code] = application.insert("Region", { code, name: code, countryId: keys[code.slice(0, 2)]! })[0]!;
  for (const [ident, region] of [["LFAA", "FR-A"], ["LFAB", "FR-A"], ["LFBA", "FR-B"], ["LSAA", "CH-A"]] as const) {
    const [regionId, countryId] = [keys[region]!, keys[region.slice(0, 2)]!];
    keys[ident] = application.insert("Airport", { ident, name: ident, latitude: "46.5", regionId, countryId })[0]!;
  }
  const sync = createSync({
    name: "countries",
    left: rows,
    right: jsonbDatabase(client, { documents: { Country } }),
    conflicts: leftWins(),
    firstLink: "left",
    models: {
      Country: { right: "Country", match: naturalKey("code") },
      Region: { right: "Country.regions", match: naturalKey("code", { withoutUniqueKey: true }), fields: { countryId: "parent" } },
      Airport: { right: "Country.regions.airports", match: naturalKey("ident"), fields: { latitude: "location.lat" } },
    },
  });
  return { rows, sync, keys };
}

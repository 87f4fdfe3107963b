import { createSync, leftWins, naturalKey, unfold, type Database, type DocumentTree, type DocumentWrite, type JsonPatch, type Model, type SyncOptions, type Unit } from "@sync/core";
import { memoryDatabase, memoryDocuments, type MemoryDatabase, type MemoryDocuments, type MemoryDocumentsOptions } from "@sync/core/memory";
import { model, reference, text } from "./pairs.ts";

/** Countries with their regions and airports: rows in three tables, and documents two levels deep. */

// #region tree
export const tree: DocumentTree = {
  documents: "Country", json: "body",
  fields: [
    { name: "code", kind: { type: "text" } },
    { name: "name", kind: { type: "text" }, optional: true },
    { name: "population", path: "facts.population", kind: { type: "integer" }, nullable: true, optional: true },
  ],
  uniqueKeys: [["code"]],
  children: [{
    path: "regions", key: ["code"],
    fields: [{ name: "code", kind: { type: "text" } }, { name: "name", kind: { type: "text" }, optional: true }],
    children: [{
      path: "airports", key: ["ident"], uniqueKeys: [["ident"]],
      fields: [
        { name: "ident", kind: { type: "text" } },
        { name: "name", kind: { type: "text" }, optional: true },
        { name: "latitude", path: "location.lat", kind: { type: "decimal" }, optional: true },
      ],
    }],
  }],
};
// #endregion

export const names = { country: "Country", region: "Country.regions", airport: "Country.regions.airports" } as const;

export function documents(options: Partial<MemoryDocumentsOptions> = {}, trees: readonly DocumentTree[] = [tree]): { readonly inner: MemoryDocuments; readonly database: Database } {
  const inner = memoryDocuments({ name: "documents", models: trees.map((each) => each.documents), ...options });
  return { inner, database: unfold(inner, trees) };
}

/** What a write changes of its document. */
export function patchesOf(write: DocumentWrite): readonly JsonPatch[] {
  return write.op === "patch" && write.patches !== "whole" ? write.patches : [];
}

/** Commits batches as a runner does. */
export async function commit(database: Database, batches: Unit["batches"]): ReturnType<Database["commit"]> {
  const { fence } = await database.claim({ holder: "test", runner: "test", seconds: 60 });
  try {
    return await database.commit({ id: "unit", fence, batches });
  } finally {
    await database.release(fence, true);
  }
}

export const rowModels: readonly Model[] = [
  model("Country", [text("code"), text("name", true), { name: "population", kind: { type: "integer" }, nullable: true, writable: true }]),
  model("Region", [text("code"), text("name", true), text("countryId")], [reference("countryId", "Country")]),
  model("Airport", [text("ident"), text("name", true), { name: "latitude", kind: { type: "decimal" }, nullable: true, writable: true }, text("regionId"), text("countryId")],
    [reference("regionId", "Region"), reference("countryId", "Country")], { uniqueKeys: [{ name: "ident", fields: ["ident"] }] }),
];

export interface Countries {
  readonly rows: MemoryDatabase;
  readonly inner: MemoryDocuments;
  readonly database: Database;
  readonly sync: ReturnType<typeof createSync>;
}

/** Rows on the left, documents on the right. */
export function countries(options: Partial<MemoryDocumentsOptions> = {}, more: Partial<SyncOptions> = {}): Countries {
  const rows = memoryDatabase({ name: "rows", models: rowModels });
  const { inner, database } = documents(options);
  const sync = createSync({
    name: "pair", left: rows, right: database, conflicts: leftWins(), firstLink: "left", pageSize: 5, retry: { firstDelay: 1 },
    // #region mapping
    models: {
      Country: { match: naturalKey("code") },
      Region: { right: names.region, match: naturalKey("code", { withoutUniqueKey: true }), fields: { countryId: "parent" } },
      Airport: { right: names.airport, match: naturalKey("ident") },
    },
    // #endregion
    ...more,
  } as unknown as SyncOptions);
  return { rows, inner, database, sync };
}

/** Two countries, three regions, four airports. */
export function fillRows(rows: MemoryDatabase): Record<string, readonly string[]> {
  const { application } = rows;
  const keys: Record<string, readonly string[]> = {};
  for (const code of ["FR", "CH"]) keys[code] = application.insert("Country", { code, name: code, population: "9007199254740993" });
  for (const [code, country] of [["FR-A", "FR"], ["FR-B", "FR"], ["CH-A", "CH"]] as const) {
    keys[code] = application.insert("Region", { code, name: code, countryId: keys[country]![0]! });
  }
  for (const [ident, region] of [["LFAA", "FR-A"], ["LFAB", "FR-A"], ["LFBA", "FR-B"], ["LSAA", "CH-A"]] as const) {
    const country = region.slice(0, 2);
    keys[ident] = application.insert("Airport", { ident, name: ident, latitude: "46.5", regionId: keys[region]![0]!, countryId: keys[country]![0]! });
  }
  return keys;
}

export interface Airport { ident: string; name?: unknown; [key: string]: unknown }
export interface Region { code: string; name?: unknown; airports: Airport[]; [key: string]: unknown }
export interface Country { code: string; regions: Region[]; [key: string]: unknown }

/** The documents as plain objects by country code. */
export function byCode(inner: MemoryDocuments): Record<string, Country> {
  return Object.fromEntries(Object.values(inner.all("Country")).map((each) => {
    const country = JSON.parse(each) as Country;
    return [country.code, country];
  }));
}

/** Changes a document as an application does. */
export function edit(inner: MemoryDocuments, code: string, change: (document: Country) => void): void {
  const [id, body] = Object.entries(inner.all("Country")).find(([, each]) => (JSON.parse(each) as Country).code === code)!;
  const document = JSON.parse(body) as Country;
  change(document);
  inner.put("Country", id, JSON.stringify(document));
}

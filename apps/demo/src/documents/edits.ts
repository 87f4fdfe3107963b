import type { PGlite } from "@electric-sql/pglite";
import type { PrismaClient } from "../left/generated/client.ts";

export interface DocumentEdit {
  readonly side: "left" | "right";
  readonly record: string;
  readonly what: string;
  make(prisma: PrismaClient, documents: PGlite): Promise<unknown>;
}

/** What somebody does to one airport inside the document of its country: `change` gets the element as `airport`. */
const patched = (documents: PGlite, country: string, ident: string, change: string): Promise<unknown> =>
  documents.query(
    `update country_documents set document = jsonb_set(document, path, ${change})
    from (
      select c.id, array['regions', (r.at - 1)::text, 'airports', (a.at - 1)::text] as path, a.airport
      from country_documents c, jsonb_array_elements(c.document->'regions') with ordinality r (region, at),
        jsonb_array_elements(r.region->'airports') with ordinality a (airport, at)
      where c.document->>'code' = $1 and a.airport->>'ident' = $2
    ) found where country_documents.id = found.id`,
    [country, ident],
  );

/** Both sides are edited before they meet again, three times within the one document of Switzerland. */
export const documentEdits: readonly DocumentEdit[] = [
  {
    side: "right", record: "Airport LSGG", what: "another name, in Switzerland's document",
    make: (_, documents) => patched(documents, "CH", "LSGG", `airport || '{"name": "Genève Aéroport"}'`),
  },
  {
    side: "left", record: "Airport LSZB", what: "another home page: another airport of the same document",
    make: (prisma) => prisma.airport.update({ where: { ident: "LSZB" }, data: { homeUrl: "https://www.bernairport.ch/" } }),
  },
  {
    side: "right", record: "Airport LSMA", what: "gets `runways`, a key that the sync does not know",
    make: (_, documents) => patched(documents, "CH", "LSMA", `airport || '{"runways": [{"name": "06/24", "length": 2000.00}]}'`),
  },
  {
    side: "left", record: "Airport LSMA", what: "moves from Obwalden to Nidwalden: another array of the document",
    make: async (prisma) => {
      const { id } = await prisma.region.findUniqueOrThrow({ where: { code: "CH-NW" } });
      return prisma.airport.update({ where: { ident: "LSMA" }, data: { regionId: id } });
    },
  },
  {
    side: "right", record: "Airport LSPM", what: "new in Ticino, as an element of the document",
    make: (_, documents) => documents.query(
      `update country_documents set document = jsonb_insert(c.document, array['regions', (r.at - 1)::text, 'airports', '0'], $1::jsonb)
      from country_documents c, jsonb_array_elements(c.document->'regions') with ordinality r (region, at)
      where c.id = country_documents.id and c.document->>'code' = 'CH' and r.region->>'code' = 'CH-TI'`,
      [JSON.stringify({ ident: "LSPM", type: "small_airport", name: "Ambrì Airfield", location: { lat: 46.5125, lon: 8.69 }, scheduledService: false, codes: {} })],
    ),
  },
];

export async function makeDocumentEdits(prisma: PrismaClient, documents: PGlite): Promise<void> {
  for (const edit of documentEdits) await edit.make(prisma, documents);
}

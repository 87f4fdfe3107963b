import type { PGlite } from "@electric-sql/pglite";
import type { PrismaClient } from "../left/generated/client.ts";

interface DocumentAirport {
  readonly ident: string;
  readonly name: string;
  readonly elevationFt?: number;
  readonly location: { readonly lat: number; readonly lon: number };
}
interface CountryDocument {
  readonly code: string;
  readonly name: string;
  readonly regions: readonly { readonly code: string; readonly name: string; readonly airports: readonly DocumentAirport[] }[];
}

const airportLine = (country: string, region: string, { ident, name, elevationFt, location }: DocumentAirport): string =>
  JSON.stringify([country, region, ident, name, elevationFt ?? null, location.lat, location.lon]);

/** Both sides as lines, one for each record with the place it has, through Prisma and in plain SQL: no part of the sync reads here. */
export async function compareDocuments(prisma: PrismaClient, documents: PGlite): Promise<{ readonly equal: number; readonly different: readonly string[] }> {
  const { rows } = await documents.query<{ document: CountryDocument }>("select document from country_documents");
  const right = new Set(rows.flatMap(({ document: { code, name, regions } }) => [
    JSON.stringify([code, name]),
    ...regions.flatMap((region) => [
      JSON.stringify([code, region.code, region.name]),
      ...region.airports.map((airport) => airportLine(code, region.code, airport)),
    ]),
  ]));
  const countries = await prisma.country.findMany({ include: { regions: { include: { airports: true } } } });
  const left = new Set(countries.flatMap(({ code, name, regions }) => [
    JSON.stringify([code, name]),
    ...regions.flatMap((region) => [
      JSON.stringify([code, region.code, region.name]),
      ...region.airports.map(({ ident, name: called, elevationFt, latitude, longitude }) =>
        airportLine(code, region.code, { ident, name: called, ...(elevationFt === null ? {} : { elevationFt }), location: { lat: latitude, lon: longitude } })),
    ]),
  ]));
  const different = [...[...left].filter((line) => !right.has(line)), ...[...right].filter((line) => !left.has(line))];
  return { equal: [...left].filter((line) => right.has(line)).length, different };
}

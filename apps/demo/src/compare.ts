import { models, type ModelName } from "./models.ts";
import * as schema from "./right/schema.ts";
import type { Connections } from "./sync.ts";

/** What somebody finds who reads both databases through their ORMs and knows nothing of the sync. */
export interface Comparison {
  readonly equal: number;
  /** `Airport SLLP: elevationFt`. */
  readonly different: readonly string[];
  /** Records whose id is the same on both sides. */
  readonly sameIds: number;
}

type Plain = Readonly<Record<string, unknown>>;
type Side = Readonly<Record<ModelName, ReadonlyMap<string, { readonly id: string; readonly values: Plain }>>>;

/** Reads both sides whole, each through its own ORM, and holds them together by natural key. */
export async function compare(connections: Connections): Promise<Comparison> {
  const left = await readLeft(connections);
  const right = await readRight(connections);
  let equal = 0;
  let sameIds = 0;
  const different: string[] = [];
  for (const model of models) {
    for (const key of new Set([...left[model].keys(), ...right[model].keys()])) {
      const [here, there] = [left[model].get(key), right[model].get(key)];
      if (!here || !there) {
        different.push(`${model} ${key}: only on the ${here ? "left" : "right"}`);
        continue;
      }
      if (here.id === there.id) sameIds += 1;
      const fields = Object.keys(here.values).filter((field) => here.values[field] !== there.values[field]);
      if (fields.length === 0) equal += 1;
      else different.push(`${model} ${key}: ${fields.join(", ")}`);
    }
  }
  return { equal, different, sameIds };
}

async function readLeft({ prisma }: Connections): Promise<Side> {
  const omit = { updatedAt: true } as const; // each side stamps its own
  const countries = await prisma.country.findMany({ omit });
  const regions = await prisma.region.findMany({ omit });
  const airports = await prisma.airport.findMany({ omit });
  const country = new Map(countries.map(({ id, code }) => [id, code]));
  const region = new Map(regions.map(({ id, code }) => [id, code]));
  return {
    Country: new Map(countries.map(({ id, ...values }) => [values.code, { id, values }])),
    Region: new Map(regions.map(({ id, countryId, ...values }) => [values.code, { id, values: { ...values, country: country.get(countryId) } }])),
    Airport: new Map(
      airports.map(({ id, countryId, regionId, ...values }) => [
        values.ident,
        { id, values: { ...values, country: country.get(countryId), region: region.get(regionId) } },
      ]),
    ),
  };
}

/** The same records in the words of the left. */
async function readRight({ db }: Connections): Promise<Side> {
  const countries = await db.select().from(schema.countries);
  const regions = await db.select().from(schema.regions);
  const airports = await db.select().from(schema.airports);
  const country = new Map(countries.map(({ id, code }) => [id, code]));
  const region = new Map(regions.map(({ id, code }) => [id, code]));
  const texts = ({ title, wiki, tags }: { title: string; wiki: string | null; tags: string | null }) => ({ name: title, wikipediaUrl: wiki, keywords: tags });
  return {
    Country: new Map(countries.map((row) => [row.code, { id: String(row.id), values: { code: row.code, continent: row.continent, ...texts(row) } }])),
    Region: new Map(
      regions.map((row) => [
        row.code,
        { id: String(row.id), values: { code: row.code, localCode: row.localCode, country: country.get(row.countryId), ...texts(row) } },
      ]),
    ),
    Airport: new Map(
      airports.map((row) => [
        row.ident,
        {
          id: String(row.id),
          values: {
            ident: row.ident,
            type: row.type,
            latitude: row.lat,
            longitude: row.lon,
            elevationFt: row.elevation,
            municipality: row.city,
            scheduledService: row.scheduledService,
            gpsCode: row.gpsCode,
            iataCode: row.iataCode,
            localCode: row.localCode,
            homeUrl: row.homePage,
            country: country.get(row.countryId),
            region: region.get(row.regionId),
            ...texts(row),
          },
        },
      ]),
    ),
  };
}

import { inArray } from "drizzle-orm";
import type { ModelName } from "./models.ts";
import * as schema from "./right/schema.ts";
import type { Connections } from "./sync.ts";

/** A record as the sync speaks of it: by the keys it has on either side. */
export interface Keyed {
  readonly model: string;
  readonly leftKey?: readonly string[];
  readonly rightKey?: readonly string[];
}

/** What people call it: its natural key, the left side's where both have one. */
export async function nameOf(connections: Connections, record: Keyed): Promise<string> {
  return (await leftName(connections, record)) ?? (await rightName(connections, record)) ?? "gone";
}

async function leftName({ prisma }: Connections, { model, leftKey }: Keyed): Promise<string | undefined> {
  const id = leftKey?.[0];
  if (id === undefined) return undefined;
  const where = { id };
  switch (model as ModelName) {
    case "Country":
      return (await prisma.country.findUnique({ where }))?.code;
    case "Region":
      return (await prisma.region.findUnique({ where }))?.code;
    case "Airport":
      return (await prisma.airport.findUnique({ where }))?.ident;
  }
}

async function rightName({ db }: Connections, { model, rightKey }: Keyed): Promise<string | undefined> {
  if (rightKey === undefined) return undefined;
  const { airports, countries, regions } = schema;
  const ids = [Number(rightKey[0])];
  switch (model as ModelName) {
    case "Country":
      return (await db.select({ name: countries.code }).from(countries).where(inArray(countries.id, ids)))[0]?.name;
    case "Region":
      return (await db.select({ name: regions.code }).from(regions).where(inArray(regions.id, ids)))[0]?.name;
    case "Airport":
      return (await db.select({ name: airports.ident }).from(airports).where(inArray(airports.id, ids)))[0]?.name;
  }
}

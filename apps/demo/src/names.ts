import { eq } from "drizzle-orm";
import { airports, countries, regions } from "./right/schema.ts";
import type { Connections } from "./sync.ts";

/** A record as the sync speaks of it: by the keys it has on either side. */
export interface Keyed {
  readonly model: string;
  readonly leftKey?: readonly string[];
  readonly rightKey?: readonly string[];
}

/** What people call it: its natural key, the left side's where both have one. */
export async function nameOf(connections: Connections, { model, leftKey, rightKey }: Keyed): Promise<string> {
  const left = leftKey && (await leftName(connections, model, leftKey[0]!));
  // Inside a document it is the last part of the key.
  if (left === undefined && rightKey && rightKey.length > 1) return rightKey.at(-1)!;
  const right = left === undefined && rightKey ? await rightName(connections, model, Number(rightKey[0])) : undefined;
  return left ?? right ?? "gone";
}

async function leftName({ prisma }: Connections, model: string, id: string): Promise<string | undefined> {
  if (model === "Country") return (await prisma.country.findUnique({ where: { id } }))?.code;
  if (model === "Region") return (await prisma.region.findUnique({ where: { id } }))?.code;
  return (await prisma.airport.findUnique({ where: { id } }))?.ident;
}

async function rightName({ db }: Connections, model: string, id: number): Promise<string | undefined> {
  if (model === "Country") return (await db.select().from(countries).where(eq(countries.id, id)))[0]?.code;
  if (model === "Region") return (await db.select().from(regions).where(eq(regions.id, id)))[0]?.code;
  return (await db.select().from(airports).where(eq(airports.id, id)))[0]?.ident;
}

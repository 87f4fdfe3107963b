import { eq } from "drizzle-orm";
import * as right from "./right/schema.ts";
import type { Connections } from "./sync.ts";

/** Something that somebody does to one of the two databases, through that side's own ORM. */
export interface Edit {
  readonly side: "left" | "right";
  readonly record: string;
  readonly what: string;
  make(connections: Connections): PromiseLike<unknown>;
}

/** Both sides are edited before they meet again; the left ones first, so that `newest` finds the right ones newer. */
export const edits: readonly Edit[] = [
  {
    side: "left",
    record: "Airport EGLL",
    what: "another home page",
    make: ({ prisma }) => prisma.airport.update({ where: { ident: "EGLL" }, data: { homeUrl: "https://www.heathrow.com/" } }),
  },
  {
    side: "right",
    record: "Airport EGLL",
    what: "another title: a different field of the same record",
    make: ({ db }) => db.update(right.airports).set({ title: "Heathrow Airport" }).where(eq(right.airports.ident, "EGLL")),
  },
  {
    side: "left",
    record: "Airport LSZH",
    what: 'municipality "Zürich"',
    make: ({ prisma }) => prisma.airport.update({ where: { ident: "LSZH" }, data: { municipality: "Zürich" } }),
  },
  {
    side: "right",
    record: "Airport LSZH",
    what: 'city "Kloten": the same field, and later',
    make: ({ db }) => db.update(right.airports).set({ city: "Kloten" }).where(eq(right.airports.ident, "LSZH")),
  },
  {
    side: "left",
    record: "Airport LTBA",
    what: "no scheduled service any more",
    make: ({ prisma }) => prisma.airport.update({ where: { ident: "LTBA" }, data: { scheduledService: false } }),
  },
  {
    side: "right",
    record: "Airport LTBA",
    what: "deleted",
    make: ({ db }) => db.delete(right.airports).where(eq(right.airports.ident, "LTBA")),
  },
  {
    side: "left",
    record: "Region KZ-YUZ",
    what: "is now KZ-61, Turkistan Region: its natural key is another",
    make: ({ prisma }) => prisma.region.update({ where: { code: "KZ-YUZ" }, data: { code: "KZ-61", localCode: "61", name: "Turkistan Region" } }),
  },
  {
    side: "left",
    record: "Airport SLLP",
    what: "elevation 133,550 ft, a slip that a check on the right refuses",
    make: ({ prisma }) => prisma.airport.update({ where: { ident: "SLLP" }, data: { elevationFt: 133_550 } }),
  },
  {
    side: "right",
    record: "Region ID-PD",
    what: "new, with two new airports, WASN and WAST",
    make: addSouthwestPapua,
  },
];

async function addSouthwestPapua({ db }: Connections): Promise<void> {
  const [indonesia] = await db.select({ id: right.countries.id }).from(right.countries).where(eq(right.countries.code, "ID"));
  const countryId = indonesia!.id;
  const [region] = await db
    .insert(right.regions)
    .values({ countryId, code: "ID-PD", localCode: "PD", title: "Papua Barat Daya (Southwest Papua)" })
    .returning({ id: right.regions.id });
  const place = { countryId, regionId: region!.id, type: "small_airport", scheduledService: true } as const;
  await db.insert(right.airports).values([
    { ...place, ident: "WASN", title: "Marinda Airport", city: "Waisai", iataCode: "RJM", lat: -0.4236, lon: 130.7731, elevation: 10 },
    { ...place, ident: "WAST", title: "Teminabuan Airport", city: "Teminabuan", iataCode: "TXM", lat: -1.4447, lon: 132.0211 },
  ]);
}

/** Makes them all, each side in its turn. */
export async function makeEdits(connections: Connections): Promise<void> {
  for (const side of ["left", "right"] as const) {
    for (const edit of edits) if (edit.side === side) await edit.make(connections);
    // So that the right ones bear a later time, however fast the machine is.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

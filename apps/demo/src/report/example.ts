import { eq } from "drizzle-orm";
import type { Demo } from "../open.ts";
import { airports, regions } from "../right/schema.ts";
import { paint } from "./page.ts";

/** One record as each side has it: other names, other ids, and a reference that follows them. */
export async function exampleRows({ prisma, db }: Demo, ident: string): Promise<string[][]> {
  const left = await prisma.airport.findUniqueOrThrow({ where: { ident }, include: { region: true } });
  const [right] = await db.select().from(airports).innerJoin(regions, eq(airports.regionId, regions.id)).where(eq(airports.ident, ident));
  if (!right) throw new Error(`${ident} is not on the right.`);
  const { airports: airport, regions: region } = right;
  const rows: [string, unknown, string, unknown][] = [
    ["id", left.id, "id", airport.id],
    ["ident", left.ident, "ident", airport.ident],
    ["name", left.name, "title", airport.title],
    ["latitude", left.latitude, "lat", airport.lat],
    ["elevationFt", left.elevationFt, "elevation_ft", airport.elevation],
    ["regionId", `${left.regionId} (${left.region.code})`, "region_id", `${airport.regionId} (${region.code})`],
  ];
  const sides = [paint("dim", "left"), "", paint("dim", "right"), ""];
  return [sides, ...rows.map(([leftName, leftValue, rightName, rightValue]) => [paint("dim", leftName), String(leftValue), paint("dim", rightName), String(rightValue)])];
}

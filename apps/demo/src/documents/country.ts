import type { DocumentOptions } from "@sync/postgres-jsonb";
import { z } from "zod";

const airport = z.object({
  ident: z.string(),
  type: z.enum(["large_airport", "medium_airport", "small_airport"]),
  name: z.string(),
  location: z.object({ lat: z.number(), lon: z.number() }),
  elevationFt: z.int32().optional(),
  municipality: z.string().optional(),
  scheduledService: z.boolean(),
  codes: z.object({ gps: z.string().optional(), iata: z.string().optional(), local: z.string().optional() }).optional(),
  homeUrl: z.string().optional(),
  wikipediaUrl: z.string().optional(),
  keywords: z.string().optional(),
});

const region = z.object({
  code: z.string(),
  localCode: z.string(),
  name: z.string(),
  wikipediaUrl: z.string().optional(),
  keywords: z.string().optional(),
  airports: z.array(airport),
});

/** One document per country, with its regions, and these with their airports. */
export const Country = {
  table: "country_documents",
  schema: z.object({
    code: z.string(),
    name: z.string(),
    continent: z.string(),
    wikipediaUrl: z.string().optional(),
    keywords: z.string().optional(),
    regions: z.array(region),
  }),
  unique: ["code"],
  children: { regions: { key: "code", unique: ["code"], children: { airports: { key: "ident", unique: ["ident"] } } } },
} as const satisfies DocumentOptions;

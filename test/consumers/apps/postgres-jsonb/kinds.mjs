import { z } from "zod";

export const left = { Country: { table: "country", schema: z.object({ code: z.string(), name: z.string() }), unique: ["code"] } };
export const right = { Country: { table: "countries", schema: z.object({ code: z.string(), title: z.string(), rank: z.int().optional() }), unique: ["code"] } };

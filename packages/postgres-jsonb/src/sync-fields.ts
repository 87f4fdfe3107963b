import { iso, string } from "zod";
import type { ZodISODateTime, ZodOptional, ZodString } from "zod";

/**
 * Members of a zod object that belong to the sync: `z.object({ …, ...syncProperties })`, of documents and of the records inside
 * them. None of them is needed. `jsonbSchema` then gives the unique index of the documents' cloudId.
 */
export const syncProperties: {
  readonly cloudId: ZodOptional<ZodString>;
  readonly lastSyncedAt: ZodOptional<ZodISODateTime>;
  readonly syncStatus: ZodOptional<ZodString>;
} = {
  // A text, not a uuid, which could be spelled in several ways: so the index finds it.
  cloudId: string().optional(),
  lastSyncedAt: iso.datetime().optional(),
  syncStatus: string().optional(),
};

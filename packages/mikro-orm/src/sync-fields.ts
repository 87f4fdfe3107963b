import { p } from "@mikro-orm/core";
import type { PropertyChain } from "@mikro-orm/core";

/**
 * Properties of an entity that belong to the sync: `properties: { …, ...syncProperties }` of `defineEntity`. None of them is
 * needed. `mikro-orm migration:create` then writes the migration that adds their columns, and the unique index of the cloudId.
 */
export const syncProperties: {
  readonly cloudId: PropertyChain<string, { nullable: true }>;
  readonly lastSyncedAt: PropertyChain<Date, { nullable: true }>;
  readonly syncStatus: PropertyChain<string, { nullable: true }>;
} = {
  cloudId: p.uuid().nullable().unique() as never,
  lastSyncedAt: p.datetime().nullable() as never,
  syncStatus: p.string().nullable() as never,
};

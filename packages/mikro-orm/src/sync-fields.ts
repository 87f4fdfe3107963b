import { p } from "@mikro-orm/core";
import type { PropertyChain } from "@mikro-orm/core";

type Nullable = { nullable: true };

/**
 * Properties of an entity that belong to the sync: `properties: { …, ...syncProperties }` of `defineEntity`. None of them is
 * needed. `mikro-orm migration:create` then writes the migration that adds their columns, and the unique index of the cloudId.
 */
export const syncProperties: {
  readonly cloudId: PropertyChain<string, Nullable>;
  readonly lastSyncedAt: PropertyChain<Date, Nullable>;
  readonly syncStatus: PropertyChain<string, Nullable>;
} = {
  cloudId: p.uuid().nullable().unique() as never,
  lastSyncedAt: p.datetime().nullable() as never,
  syncStatus: p.string().nullable() as never,
};

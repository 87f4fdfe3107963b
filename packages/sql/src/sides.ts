import type { SideTables } from "./dialect.ts";
import { quoted } from "./model.ts";

/** The layout below. A database that says more was written by a newer version of this package. */
export const SIDE_VERSION = 1;

/** SQLite: a unit that is not the fence's breaks this constraint with its first statement, and so undoes itself. */
export const FENCE_CONSTRAINT = "sync_fence";

/** How the constraints of `sync_identity` begin, in both engines' refusals. */
export const IDENTITY_CONSTRAINT = "sync_identity_";

const names = {
  database: "sync_database", identity: "sync_identity", base: "sync_base", record: "sync_record", state: "sync_state", fence: "sync_state_fence",
  encounter: "sync_encounter", pair: "sync_pair",
} as const;

/** What our own tables are called, whatever schema they are in. */
export const sideTableNames: readonly string[] = Object.values(names);

/** Our own tables: beside the user's, or in a schema that the user names. */
export function sideTables(schema: string | undefined): SideTables {
  const named = Object.entries(names).map(([role, name]) => [role, schema === undefined ? name : `${quoted(schema)}.${name}`]);
  return { ...(Object.fromEntries(named) as Record<keyof typeof names, string>), schema };
}

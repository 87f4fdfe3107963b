import type { SideTables } from "./dialect.ts";
import { quoted } from "./model.ts";

/** The layout below. A database that says more was written by a newer version of this package. */
export const SIDE_VERSION = 1;

/** SQLite: a unit that is not the fence's breaks this constraint with its first statement, and so undoes itself. */
export const FENCE_CONSTRAINT = "sync_fence";

/** How the constraints of `sync_identity` begin, in both engines' refusals. */
export const IDENTITY_CONSTRAINT = "sync_identity_";

/** Our own tables: beside the user's, or in a schema that the user names. */
export function sideTables(schema: string | undefined): SideTables {
  const name = (table: string): string => (schema === undefined ? table : `${quoted(schema)}.${table}`);
  return {
    database: name("sync_database"),
    identity: name("sync_identity"),
    base: name("sync_base"),
    record: name("sync_record"),
    state: name("sync_state"),
    fence: name("sync_state_fence"),
    encounter: name("sync_encounter"),
    pair: name("sync_pair"),
    schema,
  };
}

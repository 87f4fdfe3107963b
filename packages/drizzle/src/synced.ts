import { declare } from "@sync/core";
import type { Declaration } from "@sync/core";
import type { Table } from "drizzle-orm";

/**
 * Says on the table itself how it is kept the same, so that `createSync` needs no entry for it:
 * `export const airports = synced(pgTable("airports", { … }), { match: naturalKey("ident") })`. Gives the table back.
 */
export function synced<Synced extends Table>(table: Synced, declaration: Declaration<keyof Synced["$inferSelect"] & string>): Synced {
  return declare(table, declaration);
}

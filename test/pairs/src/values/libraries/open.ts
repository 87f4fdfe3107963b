import { join } from "node:path";
import type { KitServer } from "@sync/test-adapters/conformance";
import { type MongoServer, temporaryFolder } from "@sync/test-databases";
import type { ValueSide } from "../side.ts";

export interface Servers {
  postgres(): KitServer;
  mongo(): Promise<MongoServer>;
}

/** An empty database with the tables of the corpus, and the library's own models of them. `namespace`: nobody else's. */
export type OpenValues = (servers: Servers, namespace: string) => Promise<ValueSide>;

/** Where a database of SQLite stands until it is removed. */
export function sqliteFile(): { readonly path: string; remove(): void } {
  const folder = temporaryFolder("values");
  return { path: join(folder.path, "values.sqlite"), remove: () => folder.remove() };
}

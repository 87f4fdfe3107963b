import type { Kind } from "@sync/core";
import { SyncError } from "@sync/core";
import { checkLibraryOptions } from "@sync/sql";
import type { LibraryOptions } from "@sync/sql";

export interface TypeormDatabaseOptions<Model extends string = string> extends LibraryOptions<Model> {
  /**
   * For columns with a `transformer`, by entity and property: what kind of value its `from` gives. And `{ type: "local", … }` for
   * a PostgreSQL `timestamp` that holds the time on a wall somewhere, rather than a moment in this process's zone.
   * @default a column with a transformer takes no part
   */
  readonly kinds?: { readonly [Name in Model]?: Readonly<Record<string, Kind>> };
  /**
   * Makes the keys of new records, by entity, where the application makes them in a hook or a constructor.
   * @default keys that TypeORM or the database generates; any other key has to come with the record
   */
  readonly keys?: { readonly [Name in Model]?: () => string };
  /**
   * `"bulk"`: rows in bulk. `"orm"`: one record after another through TypeORM's entity manager, so that listeners and subscribers
   * run; what they alter is reported. Join tables, and records that get other keys, go in bulk. PostgreSQL.
   * @default "bulk"
   */
  readonly writes?: "bulk" | "orm";
  /**
   * Listens, with a subscriber of its own, to what the application writes through this data source, so that
   * `sync.run({ hinted: true })` looks at that alone. `close` of the database takes the subscriber back.
   * @default false
   */
  readonly hints?: boolean;
}

const own: Readonly<Record<Exclude<keyof TypeormDatabaseOptions, keyof LibraryOptions>, true>> = { kinds: true, keys: true, writes: true, hints: true };

export function checkOptions(options: TypeormDatabaseOptions): void {
  checkLibraryOptions(options, "typeormDatabase", Object.keys(own));
  if (!["bulk", "orm", undefined].includes(options.writes)) throw new SyncError("OPTIONS.VALUE", '`writes` is "bulk" or "orm".');
  if (!["boolean", "undefined"].includes(typeof options.hints)) throw new SyncError("OPTIONS.VALUE", "`hints` is true or false.");
}

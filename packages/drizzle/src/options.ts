import { SyncError } from "@sync/core";
import type { Kind } from "@sync/core";
import { checkLibraryOptions } from "@sync/sql";
import type { LibraryOptions } from "@sync/sql";

export interface DrizzleDatabaseOptions<Schema extends object = Readonly<Record<string, unknown>>> extends LibraryOptions<keyof Schema & string> {
  /** The object with your tables, as Drizzle gets it; its keys are the models' names. */
  readonly schema: Schema;
  /**
   * For columns of a `customType`, by model and field: what kind of value its `fromDriver` gives.
   * @default the value as the database stores it
   */
  readonly kinds?: { readonly [Model in keyof Schema & string]?: Readonly<Record<string, Kind>> };
  /**
   * `"bulk"`: rows in bulk. `"orm"`: records through Drizzle's `insert`, `update` and `delete`, so that `$defaultFn`, `$onUpdate` and the
   * mappers of your types run in Drizzle itself, those that give SQL too; what comes of it is reported. Not on a single `Client`.
   * @default "bulk"
   */
  readonly writes?: "bulk" | "orm";
}

const own: Readonly<Record<Exclude<keyof DrizzleDatabaseOptions, keyof LibraryOptions>, true>> = { schema: true, kinds: true };

export function checkOptions(options: DrizzleDatabaseOptions): void {
  if (typeof options?.schema !== "object" || options.schema === null) {
    throw new SyncError("OPTIONS.MISSING", "drizzleDatabase needs `schema`: the object with your tables.");
  }
  checkLibraryOptions(options, "drizzleDatabase", Object.keys(own));
}

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
}

const own: Readonly<Record<Exclude<keyof DrizzleDatabaseOptions, keyof LibraryOptions>, true>> = { schema: true, kinds: true };

export function checkOptions(options: DrizzleDatabaseOptions): void {
  if (typeof options?.schema !== "object" || options.schema === null) {
    throw new SyncError("OPTIONS.MISSING", "drizzleDatabase needs `schema`: the object with your tables.");
  }
  checkLibraryOptions(options, "drizzleDatabase", Object.keys(own));
}

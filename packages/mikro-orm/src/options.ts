import { SyncError } from "@sync/core";
import { checkLibraryOptions } from "@sync/sql";
import type { LibraryOptions, OwnTypeOptions } from "@sync/sql";

/** `kinds` is for properties with a `Type` of your own: what its `convertToJSValue` gives. */
export interface MikroOrmDatabaseOptions<Model extends string = string> extends LibraryOptions<Model>, OwnTypeOptions<Model> {
  /**
   * `"bulk"`: rows in bulk. `"orm"`: through an entity manager of its own, so that lifecycle hooks and subscribers run; what they
   * alter is reported. Pivot tables, entities with relations of several columns, and records that get other keys, go in bulk.
   * @default "bulk"
   */
  readonly writes?: "bulk" | "orm";
  /**
   * Listens, with a subscriber of its own, to what the application's entity managers flush, so that `sync.run({ hinted: true })`
   * looks at that alone.
   * @default false
   */
  readonly hints?: boolean;
}

export function checkOptions(options: MikroOrmDatabaseOptions): void {
  checkLibraryOptions(options, "mikroOrmDatabase", ["kinds", "keys", "writes", "hints"]);
  if (!["boolean", "undefined"].includes(typeof options.hints)) throw new SyncError("OPTIONS.VALUE", "`hints` is true or false.");
  if (!["bulk", "orm", undefined].includes(options.writes)) throw new SyncError("OPTIONS.VALUE", '`writes` is "bulk" or "orm".');
}

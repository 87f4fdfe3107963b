import { SyncError } from "@sync/core";
import type { LibraryOptions } from "./library.ts";
import { checkLibraryOptions } from "./library.ts";
import type { OwnTypeOptions } from "./per-model.ts";

/** Options of libraries whose entities can be written one by one, and tell subscribers of it. */
export interface EntityOptions<Model extends string = string> extends LibraryOptions<Model>, OwnTypeOptions<Model> {
  /**
   * `"bulk"`: rows in bulk. `"orm"`: one record after another through the library's entity manager, so that hooks, listeners and
   * subscribers run; what they alter is reported. Join tables, and records that get other keys, go in bulk.
   * @default "bulk"
   */
  readonly writes?: "bulk" | "orm";
  /**
   * Listens, with a subscriber of its own, to what the application writes through the library, so that `sync.run({ hinted: true })`
   * looks at that alone. `close` of the database takes the subscriber back.
   * @default false
   */
  readonly hints?: boolean;
}

export function checkEntityOptions(options: EntityOptions, factory: string): void {
  checkLibraryOptions(options, factory, ["kinds", "keys", "hints"]);
  if (!["boolean", "undefined"].includes(typeof options.hints)) throw new SyncError("OPTIONS.VALUE", "`hints` is true or false.");
}

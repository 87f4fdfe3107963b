import { checkLibraryOptions } from "@sync/sql";
import type { LibraryOptions, OwnTypeOptions } from "@sync/sql";

/** `kinds` is for properties with a `Type` of your own: what its `convertToJSValue` gives. */
export interface MikroOrmDatabaseOptions<Model extends string = string> extends LibraryOptions<Model>, OwnTypeOptions<Model> {}

export function checkOptions(options: MikroOrmDatabaseOptions): void {
  checkLibraryOptions(options, "mikroOrmDatabase", ["kinds", "keys"]);
}

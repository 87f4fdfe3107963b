import type { Kind } from "@sync/core";
import { checkLibraryOptions } from "@sync/sql";
import type { LibraryOptions } from "@sync/sql";

export interface MikroOrmDatabaseOptions<Model extends string = string> extends LibraryOptions<Model> {
  /**
   * For properties of a `Type` of your own, by entity and property: what kind of value its `convertToJSValue` gives.
   * @default such a property takes no part
   */
  readonly kinds?: { readonly [Name in Model]?: Readonly<Record<string, Kind>> };
  /**
   * Makes the keys of new records, by entity, where the application makes them in a constructor or a hook.
   * @default keys that MikroORM (`onCreate`) or the database generates; any other key has to come with the record
   */
  readonly keys?: { readonly [Name in Model]?: () => string };
}

const own: Readonly<Record<Exclude<keyof MikroOrmDatabaseOptions, keyof LibraryOptions>, true>> = { kinds: true, keys: true };

export function checkOptions(options: MikroOrmDatabaseOptions): void {
  checkLibraryOptions(options, "mikroOrmDatabase", Object.keys(own));
}

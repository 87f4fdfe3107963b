import { hintFor, SyncError } from "@sync/core";
import type { Kind } from "@sync/core";

/** Options of libraries in which an application can have types of its own, and make keys where the library does not see it. */
export interface OwnTypeOptions<Model extends string = string> {
  /**
   * For fields with a type of the application's own, by model and field: what kind of value the application sees.
   * @default such a field takes no part
   */
  readonly kinds?: { readonly [Name in Model]?: Readonly<Record<string, Kind>> };
  /**
   * Makes the keys of new records, by model, where the application makes them in a constructor or a hook.
   * @default keys that the library or the database generates; any other key has to come with the record
   */
  readonly keys?: { readonly [Name in Model]?: () => string };
}

/** Something that options say by the name of a model. */
export type PerModel<What> = Readonly<Record<string, What | undefined>>;

/**
 * Refuses names in `kinds` and `keys` that nobody has, since nobody else would miss them. `models`: fields by model, and whether
 * they have a type of the application's own.
 */
export function checkPerModel(
  { kinds, keys }: { readonly kinds: PerModel<Readonly<Record<string, unknown>>>; readonly keys: PerModel<unknown> },
  models: ReadonlyMap<string, ReadonlyMap<string, boolean>>,
): void {
  for (const name of new Set([...Object.keys(kinds), ...Object.keys(keys)])) {
    const fields = models.get(name);
    if (!fields) throw new SyncError("OPTIONS.UNKNOWN_MODEL", `There is no model \`${name}\`.${hintFor(name, [...models.keys()])}`, { model: name });
    for (const field of Object.keys(kinds[name] ?? {})) {
      const isOwn = fields.get(field);
      if (isOwn) continue;
      const [code, why] = isOwn === undefined
        ? ["OPTIONS.UNKNOWN_FIELD", `which is no field.${hintFor(field, [...fields.keys()])}`] as const
        : ["OPTIONS.VALUE", "whose values nothing of yours converts."] as const;
      throw new SyncError(code, `\`kinds\` names \`${name}.${field}\`, ${why}`, { model: name, field });
    }
  }
}

import { hintFor, SyncError } from "@sync/core";

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
      const why = isOwn === undefined ? `which is no field.${hintFor(field, [...fields.keys()])}` : "whose values nothing of yours converts.";
      throw new SyncError(isOwn === undefined ? "OPTIONS.UNKNOWN_FIELD" : "OPTIONS.VALUE", `\`kinds\` names \`${name}.${field}\`, ${why}`, { model: name, field });
    }
  }
}

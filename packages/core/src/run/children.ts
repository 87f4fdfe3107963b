import type { Key, Row } from "../endpoint.ts";
import type { PairField, PairModel, SideName } from "../mapping/pair-model.ts";
import type { ChildRows } from "../unit.ts";
import { keyText, type RunContext } from "./context.ts";

/** A row that refers to one that is to be deleted. */
export interface Child {
  readonly model: PairModel;
  /** By which it does; the row's only values are that. */
  readonly field: PairField;
  readonly row: Row;
}

const referring = (models: readonly PairModel[], parent: PairModel): { readonly model: PairModel; readonly field: PairField }[] =>
  models.flatMap((model) => model.fields.flatMap((field) => (field.parent === parent.name ? [{ model, field }] : [])));

export async function childrenOf(
  context: RunContext, models: readonly PairModel[], parent: PairModel, side: SideName, keys: readonly Key[],
): Promise<Child[]> {
  const found: Child[] = [];
  if (keys.length === 0) return found;
  for (const { model, field } of referring(models, parent)) {
    const { names } = field[side];
    const rows = await context.retrying(() => model[side].endpoint.fetch({ fields: names, by: names, tuples: keys }));
    for (const row of rows) found.push({ model, field, row });
  }
  return found;
}

/** The key of its parent, as text. */
export const parentOf = ({ row }: Child): string => keyText(row.values as string[]);

/**
 * What the unit that deletes rows of `parent` has to look for itself: only the database sees a child that somebody has hung
 * under one of them in the meantime. `known`: those that were found, and may go.
 */
export function toLookFor(models: readonly PairModel[], parent: PairModel, side: SideName, known: readonly Child[]): { readonly children?: readonly ChildRows[] } {
  const children = referring(models, parent).flatMap(({ model, field }): ChildRows[] => {
    const { endpoint, name } = model[side];
    const { names } = field[side];
    const reference = endpoint.model.references.find(({ target, fields }) => target === parent[side].name && names.join() === fields.join());
    if (reference?.onDelete !== "cascade" && reference?.onDelete !== "set-null") return [];
    return [{ model: name, fields: names, known: known.flatMap((child) => (child.model === model && child.field === field ? [child.row.key] : [])) }];
  });
  return children.length === 0 ? {} : { children };
}

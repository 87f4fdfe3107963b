import type { StoredField } from "../convert.ts";

/** A list of a library to which one that is null is empty: which is not what was sent then. */
export function nullIsEmptyList({ column, ...field }: StoredField): StoredField {
  const orEmpty = (expr: string): string => `coalesce(${expr}, '{}')`;
  const changed = { read: (expr: string) => column.read(orEmpty(expr)), write: (expr: string) => orEmpty(column.write(expr)) };
  return { ...field, column: { ...column, ...changed, customWrite: true, lossy: true } };
}

import type { InsertBatch } from "../unit.ts";
import { REST, type Node, type NodeField } from "./node.ts";

/** How the rows of an insert batch become elements: looked up once for all of them. */
export interface Layout {
  /** Where a row has what no field says; -1 for nowhere. */
  readonly rest: number;
  readonly given: readonly { readonly at: number; readonly field: NodeField }[];
  /** What each element must have and no row brings. */
  readonly missing: string | undefined;
}

export function layoutOf(node: Node, { fields }: InsertBatch): Layout {
  const given = fields.flatMap((name, at) => {
    const field = node.fields.get(name);
    return field ? [{ at, field }] : [];
  });
  const brought = new Set([...fields, ...node.key.map(({ name }) => name)]);
  const missing = [...node.fields.values()].find(({ name, nullable, optional }) => !nullable && !optional && !brought.has(name))?.name;
  return { rest: fields.indexOf(REST), given, missing };
}

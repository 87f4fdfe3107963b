import type { Key } from "../endpoint.ts";
import type { Batch } from "../unit.ts";
import type { Node } from "./node.ts";
import type { Tree } from "./tree.ts";

/** What somebody needs of a document to change it. */
export interface Needed {
  readonly document: Key;
  /** Only this record: a part that holds it is enough. */
  readonly only?: { readonly node: Node; readonly key: Key };
}

/** Documents that one row of a batch is in, or is to go to. `whole`: a part is never enough. */
export function neededFor(tree: Tree, node: Node, batch: Batch, row: number, whole: boolean): Needed[] {
  const { key } = batch.rows[row]!;
  const width = tree.root.model.primaryKey.length;
  const document = key.slice(0, width);
  if (!whole && staysInPlace(node, batch, row)) return [{ document, only: { node, key } }];
  if (batch.op !== "update" || !node.parent) return [{ document }];
  const values = node.model.primaryKey.slice(0, width).map((name) => batch.rows[row]!.values[batch.fields.indexOf(name)]);
  return [{ document }, { document: document.map((part, at) => values[at] ?? part) }];
}

/** Only values of this one record change, and neither its key nor its place. */
function staysInPlace({ model, orderBy }: Node, batch: Batch, row: number): boolean {
  if (batch.op !== "update" || batch.rows[row]!.cloudId !== undefined) return false;
  return !batch.fields.some((name) => name === orderBy?.name || model.primaryKey.includes(name));
}

import type { DocumentDatabase } from "./contract.ts";
import type { Key } from "../endpoint.ts";
import { keyText } from "./document.ts";
import type { Node } from "./node.ts";
import type { Tree } from "./tree.ts";

/** Under which name the document database keeps the identities of this level. */
export function identityModel(tree: Tree, node: Node): string {
  return node.parent ? node.model.name : tree.inner;
}

/** CloudIds of records, by the text of their key. */
export async function cloudIdsByKey(database: DocumentDatabase, model: string, keys: readonly Key[]): Promise<Map<string, string>> {
  const known = keys.length === 0 ? [] : await database.documents.identities(model, "key", keys);
  return new Map(known.map(({ key, cloudId }) => [keyText(key), cloudId]));
}

import type { InnerIdentity } from "./contract.ts";
import type { Key } from "../endpoint.ts";
import { keyText } from "./document.ts";
import { cloudIdsByKey, identityModel } from "./identity.ts";
import type { JsonObject } from "./json.ts";
import type { Node } from "./node.ts";
import type { Unfolded } from "./unfolded.ts";
import type { Work } from "./work.ts";

/** What is to be remembered with each document, by its name, once the work on it is written. */
export async function changedIdentities({ database, trees }: Unfolded, { stood, given, dropped, documents, moved: keysMoved }: Work): Promise<Map<string, InnerIdentity[]>> {
  const lists = new Map([...dropped].map(([name, list]) => [name, [...list]]));
  const add = (name: string, identity: InnerIdentity): void => {
    const list = lists.get(name);
    if (list) list.push(identity);
    else lists.set(name, [identity]);
  };
  if (!keysMoved) {
    for (const { cloudId, node, key, document } of given.values()) add(document, { model: identityModel(trees.get(node)!, node), key, cloudId });
    return lists;
  }
  const standing = new Set<JsonObject>();
  const moved: { readonly node: Node; readonly was: Key; readonly key: Key; readonly from: string; readonly name: string }[] = [];
  for (const [name, document] of documents) {
    for (const node of document.tree.nodes) {
      if (node.cloudId) continue;
      for (const { key, element } of document.places(node)) {
        if (!(element instanceof Map)) continue;
        standing.add(element);
        const cloudId = given.get(element)?.cloudId;
        const before = stood.get(element);
        if (cloudId !== undefined) add(name, { model: identityModel(document.tree, node), key, cloudId });
        if (!before || keyText(before.key) === keyText(key)) continue;
        if (cloudId === undefined) moved.push({ node, was: before.key, key, from: before.document, name });
        else add(before.document, { model: identityModel(document.tree, node), key: before.key, cloudId: null });
      }
    }
  }
  for (const [element, { node, key, document }] of stood) {
    if (!node.cloudId && !standing.has(element)) add(document, { model: identityModel(trees.get(node)!, node), key, cloudId: null });
  }
  for (const node of new Set(moved.map((each) => each.node))) {
    const own = moved.filter((each) => each.node === node);
    const known = await cloudIdsByKey(database, node.model.name, own.map(({ was }) => was));
    for (const { was, key, from, name } of own) {
      const cloudId = known.get(keyText(was));
      if (cloudId === undefined) continue;
      add(from, { model: node.model.name, key: was, cloudId: null });
      add(name, { model: node.model.name, key, cloudId });
    }
  }
  return lists;
}

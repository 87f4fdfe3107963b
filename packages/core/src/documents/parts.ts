import type { FoundElement, Way, WantedElement } from "./contract.ts";
import type { Key } from "../endpoint.ts";
import { OpenDocument } from "./document.ts";
import { jsonText, parseJson, setAt, Unread, valueAt, type Json, type JsonObject } from "./json.ts";
import { REST, type Node } from "./node.ts";
import { elementWith, hasOneSpelling } from "./shape.ts";
import type { Tree } from "./tree.ts";
import { isValueError } from "../value.ts";

/** Of more records of one document it costs less to read all of it. */
export const fewRecords = 3;

/** How records of this level are read one by one; undefined where only the whole document tells what their fields say. */
export function wayTo(tree: Tree, node: Node, fields: readonly string[]): Way | undefined {
  const levels = levelsAbove(node);
  const told = levels.every(({ single, key }) => !single && key.every(hasOneSpelling));
  if (!node.parent || !told || fields.includes(REST)) return undefined;
  return {
    field: tree.json,
    arrays: levels.slice(1).map(({ path }) => path),
    without: levels.map(({ children }) => children.map(({ path }) => path)),
  };
}

/** What is asked for to read the record of this key; undefined where there can be none. */
export function wantedElement(tree: Tree, node: Node, key: Key): WantedElement | undefined {
  let from = tree.root.model.primaryKey.length;
  const shapes: string[] = [];
  for (const level of levelsAbove(node).slice(1)) {
    const element = elementWith(level, level.key, key.slice(from, (from += level.key.length)));
    if (!element) return undefined;
    shapes.push(jsonText(element));
  }
  return { key: key.slice(0, tree.root.model.primaryKey.length), shapes };
}

/** A document of which these elements were read; undefined where it has to be read whole after all. */
export function partOf(tree: Tree, node: Node, found: readonly FoundElement[]): OpenDocument | undefined {
  const [{ key, revision, cloudId, texts }] = found as [FoundElement];
  if (found.some((each) => each.revision !== revision)) return undefined;
  try {
    const root = parseJson(texts[0]!) as JsonObject;
    for (const element of found) {
      levelsAbove(node).slice(1).reduce((above, { path }, at) => put(above, path, element.positions[at]!, element.texts[at + 1]!), root);
    }
    const size = found.reduce((sum, element) => sum + element.texts.reduce((all, { length }) => all + length, 0), 0);
    return new OpenDocument(tree, key, { text: null, part: { root, size }, revision, cloudId });
  } catch (error) {
    // The whole document will say the same.
    if (isValueError(error)) return undefined;
    throw error;
  }
}

/** Two records may have the same one above them. */
function put(above: JsonObject, path: readonly string[], at: number, text: string): JsonObject {
  const there = valueAt(above, path);
  const array: Json[] = there !== "blocked" && Array.isArray(there.value) ? there.value : [];
  setAt(above, path, array);
  while (array.length <= at) array.push(new Unread());
  if (array[at] instanceof Unread) array[at] = parseJson(text);
  return array[at] as JsonObject;
}

/** The root first. */
function levelsAbove(node: Node): Node[] {
  return node.parent ? [...levelsAbove(node.parent), node] : [node];
}

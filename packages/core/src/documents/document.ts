import type { Key } from "../endpoint.ts";
import { hash64 } from "../hash.ts";
import { isValueError } from "../value.ts";
import { jsonText, parseJson, Single, Unread, valueAt, type Json, type JsonObject } from "./json.ts";
import { read, type Node } from "./node.ts";
import type { Tree } from "./tree.ts";

/** A record's place in a document. */
export interface Place {
  readonly key: Key;
  /** Undefined where an array should stand and something else does. */
  readonly element: Json | undefined;
  /** Why this is no record. */
  readonly code?: string;
  /** Its key is a stand-in, for want of one: nothing inside can be told from anything else either. */
  readonly odd?: true;
}

/** What one array holds. */
export interface Elements {
  /** Undefined: there is no array. */
  readonly array: Json[] | undefined;
  /** By the texts of their own key. */
  readonly byKey: Map<string, { readonly own: Key; readonly element: JsonObject; readonly code?: string }>;
  /** Elements without a key of their own; what stands in `own` says where they are. */
  readonly odd: readonly { readonly own: Key; readonly element: Json | undefined; readonly code: string; readonly odd: true; readonly at?: number }[];
}

/** Some records of a document: what was not read of an array is `Unread`. */
export interface DocumentPart {
  readonly root: JsonObject;
  readonly size: number;
}

export const keyText = (key: Key): string => (key.length === 1 ? key[0]! : JSON.stringify(key));

/** Names the document that holds the record of this key, among those of all trees. */
export function documentName(tree: Tree, key: Key): string {
  const width = tree.root.model.primaryKey.length;
  return width === 1 ? `${tree.inner.length} ${tree.inner} ${key[0]!}` : JSON.stringify([tree.inner, ...key.slice(0, width)]);
}

/** One document, read and perhaps changed in memory. */
export class OpenDocument {
  readonly tree: Tree;
  readonly key: Key;
  /** Of the whole document, as its database gave it; undefined for one that is not stored yet. */
  readonly revision: string | undefined;
  readonly cloudId: string | null;
  readonly text: string | undefined;
  /** Only some of its records were read, with all those above them. Others may be there; what is found stands where it says. */
  readonly partial: boolean;
  /** In letters, as it was read. */
  readonly size: number;
  /** Undefined: there is no document, or none that holds records. */
  root: JsonObject | undefined;
  /** Why it holds none. */
  readonly code: string | undefined;
  readonly #elements = new Map<JsonObject, Map<Node, Elements>>();

  constructor(tree: Tree, key: Key, stored?: { readonly text: string | null; readonly part?: DocumentPart; readonly revision: string; readonly cloudId: string | null }) {
    this.tree = tree;
    this.key = key;
    this.revision = stored?.revision;
    this.cloudId = stored?.cloudId ?? null;
    this.text = stored?.text ?? undefined;
    this.partial = stored?.part !== undefined;
    this.size = stored?.part?.size ?? this.text?.length ?? 0;
    this.root = stored?.part?.root;
    if (!stored || stored.part) return;
    try {
      const json = stored.text === null ? null : parseJson(stored.text);
      if (json instanceof Map) {
        this.root = json;
        if (tree.nodes.some((node) => node.single)) openSingles(tree.root, json);
      } else this.code = "DOCUMENT.NOT_AN_OBJECT";
    } catch (error) {
      if (!isValueError(error)) throw error;
      this.code = error.code;
    }
  }

  /** Every record of one level, in the order of their keys; things without a place in the tree among them. */
  places(node: Node): Place[] {
    if (!node.parent) {
      if (this.code !== undefined) return [{ key: this.key, element: undefined, code: this.code }];
      return this.root ? [{ key: this.key, element: this.root }] : [];
    }
    return this.places(node.parent).flatMap((above) => {
      const { key, element } = above;
      if (!(element instanceof Map)) return [];
      const { byKey, odd } = this.elements(node, element);
      const inOrder = [...byKey.values(), ...odd].sort((a, b) => compareKeys(node, a.own, b.own));
      return inOrder.map((each) => placeOf([...key, ...each.own], each, above));
    });
  }

  /**
   * The record of this key. `"unknown"`: it may be there, since something stands in its array, or in place of it, whose key
   * nobody can tell.
   */
  find(node: Node, key: Key): Place | "unknown" | undefined {
    if (!node.parent) return this.places(node)[0];
    const above = this.find(node.parent, key.slice(0, -node.key.length));
    if (above === undefined || above === "unknown") return above;
    if (!(above.element instanceof Map)) return above.code === undefined ? undefined : "unknown";
    const { byKey, odd } = this.elements(node, above.element);
    const own = key.slice(-node.key.length);
    const text = keyText(own);
    const found = byKey.get(text) ?? odd.find((each) => keyText(each.own) === text);
    if (!found) return odd.length > 0 ? "unknown" : undefined;
    return placeOf(key, found, above);
  }

  /** Where the record of this key stands: `regions[2].airports[0]`; else the nearest array or element on the way to it. */
  pathTo(node: Node, key: Key): string {
    if (!node.parent) return "";
    const keyAbove = key.slice(0, -node.key.length);
    const above = this.find(node.parent, keyAbove);
    const path = this.pathTo(node.parent, keyAbove);
    if (above === undefined || above === "unknown" || !(above.element instanceof Map)) return path;
    const { array, byKey, odd } = this.elements(node, above.element);
    const own = keyText(key.slice(-node.key.length));
    const element = byKey.get(own)?.element;
    const at = element ? array!.indexOf(element) : odd.find((each) => keyText(each.own) === own)?.at;
    return inside(path, node.path) + (at === undefined ? "" : `[${at}]`);
  }

  elements(node: Node, above: JsonObject): Elements {
    let known = this.#elements.get(above);
    if (!known) this.#elements.set(above, (known = new Map()));
    let elements = known.get(node);
    if (!elements) known.set(node, (elements = sift(node, above)));
    return elements;
  }

  /** What stands in this array was changed. */
  forget(node: Node, above: JsonObject): void {
    this.#elements.get(above)?.delete(node);
  }
}

/** Whether it holds this record, and there is nothing amiss with its place. */
export function holdsRecord(document: OpenDocument, node: Node, key: Key): boolean {
  const place = document.find(node, key);
  return place !== undefined && place !== "unknown" && place.code === undefined;
}

/** A path of object keys behind another path. */
export function inside(path: string, steps: readonly string[]): string {
  return [path, ...steps].filter((step) => step !== "").join(".");
}

function placeOf(key: Key, found: { readonly element: Json | undefined; readonly code?: string; readonly odd?: true }, above: Place): Place {
  const code = found.code ?? (above.odd ? "DOCUMENT.NO_KEY_ABOVE" : undefined);
  return { key, element: found.element, ...(code === undefined ? {} : { code }), ...(found.odd || above.odd ? { odd: true } : {}) };
}

/** The state of one record: its own part of the document, without what stands in its children's arrays. */
export function revisionOf(node: Node, element: Json | undefined): string {
  return element === undefined ? "" : hash64(jsonText(element, node.inside), 1);
}

/** Compares the last parts of two keys: numbers by value, everything else by UTF-16 code unit. */
export function compareKeys(node: Node, a: Key, b: Key): number {
  const from = node.numeric.length - a.length;
  for (let part = 0; part < a.length; part++) {
    const [x, y] = [a[part]!, b[part]!];
    if (x === y) continue;
    // A stand-in for a key is no number.
    const [left, right] = node.numeric[from + part] ? [/^-?\d+$/.test(x), /^-?\d+$/.test(y)] : [false, false];
    if (left && right) return BigInt(x) < BigInt(y) ? -1 : 1;
    if (left !== right) return left ? -1 : 1;
    return x < y ? -1 : 1;
  }
  return 0;
}

/** Single values that are records become objects that can be told apart. */
function openSingles(node: Node, above: JsonObject): void {
  for (const child of node.children) {
    const found = valueAt(above, child.path);
    if (found === "blocked" || !Array.isArray(found.value)) continue;
    const array = found.value;
    array.forEach((element, at) => {
      if (!child.single) {
        if (element instanceof Map) openSingles(child, element);
      } else if (element !== null && !(element instanceof Map) && !Array.isArray(element)) array[at] = new Single([["", element]]);
    });
  }
}

function sift(node: Node, above: JsonObject): Elements {
  const byKey: Elements["byKey"] = new Map();
  const found = valueAt(above, node.path);
  const value = found === "blocked" ? undefined : found.value;
  if (found !== "blocked" && (value === undefined || value === null)) return { array: undefined, byKey, odd: [] };
  if (!Array.isArray(value)) {
    const code = found === "blocked" ? "DOCUMENT.PATH" : "DOCUMENT.NOT_A_LIST";
    return { array: undefined, byKey, odd: [{ own: node.key.map(() => "(no list)"), element: undefined, code, odd: true }] };
  }
  const odd: { own: Key; element: Json; code: string; odd: true; at: number }[] = [];
  value.forEach((element, at) => {
    if (element instanceof Unread) return;
    const own = ownKey(node, element);
    if (!own) odd.push({ own: node.key.map(() => `(element ${at})`), element, code: "DOCUMENT.NO_KEY", odd: true, at });
    else if (byKey.has(keyText(own))) {
      if (node.single) return; // said twice
      byKey.set(keyText(own), { ...byKey.get(keyText(own))!, code: "DOCUMENT.DUPLICATE_KEY" });
      odd.push({ own: node.key.map(() => `(element ${at})`), element, code: "DOCUMENT.DUPLICATE_KEY", odd: true, at });
    } else byKey.set(keyText(own), { own, element: element as JsonObject });
  });
  return { array: value, byKey, odd };
}

/** The values of an element's own key; undefined where one of them is missing or is not of its kind. */
function ownKey(node: Node, element: Json): Key | undefined {
  if (node.single && !(element instanceof Single)) return undefined;
  const own: string[] = [];
  for (const field of node.key) {
    const { value } = read(field, element);
    if (value === null) return undefined;
    own.push(value);
  }
  return own;
}

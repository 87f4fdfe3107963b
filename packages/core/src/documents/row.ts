import type { Row, RowFault } from "../endpoint.ts";
import type { Value } from "../value.ts";
import { inside, revisionOf, type OpenDocument, type Place } from "./document.ts";
import { read, REST, type Node } from "./node.ts";
import { restOf } from "./rest.ts";

/** What a record says in one field; a code where that is not of its kind. */
export function valueOf(node: Node, place: Place, name: string): { readonly value: Value; readonly code?: string } {
  if (name === REST) return { value: restOf(node, place.element) };
  const field = node.fields.get(name);
  if (!field) return { value: place.key[node.model.primaryKey.indexOf(name)] ?? null };
  return place.element === undefined ? { value: null } : read(field, place.element);
}

/** A record as a row. What has no place in the tree is faulty in every field, its key first. */
export function rowOf(node: Node, document: OpenDocument, place: Place, fields: readonly string[], cloudId: string | null): Row {
  const row = { key: place.key, cloudId, revision: revisionOf(node, place.element) };
  if (place.code !== undefined) {
    const path = pathOfPlace(node, document, place);
    const fault = { code: place.code, ...(path === "" ? {} : { path }) };
    const keyFirst = [...fields].sort((a, b) => node.model.primaryKey.indexOf(b) - node.model.primaryKey.indexOf(a));
    return { ...row, values: fields.map(() => null), faults: keyFirst.map((field) => ({ field, ...fault })) };
  }
  const faults: RowFault[] = [];
  const values = fields.map((name) => {
    const { value, code } = valueOf(node, place, name);
    if (code !== undefined) faults.push({ field: name, code, path: inside(document.pathTo(node, place.key), node.fields.get(name)!.path) });
    return value;
  });
  return { ...row, values, ...(faults.length > 0 ? { faults } : {}) };
}

/** Where an element is amiss, down to the part of its key where that is why; of one above where that is amiss. */
function pathOfPlace(node: Node, document: OpenDocument, { key, element, code }: Place): string {
  const above = code === "DOCUMENT.NO_KEY_ABOVE" ? document.find(node.parent!, key.slice(0, -node.key.length)) : undefined;
  if (above && above !== "unknown") return pathOfPlace(node.parent!, document, above);
  const path = document.pathTo(node, key);
  if (!(element instanceof Map)) return path;
  const missing = node.key.find((field) => read(field, element).value === null);
  const field = missing ?? (code === "DOCUMENT.DUPLICATE_KEY" && node.key.length === 1 ? node.key[0] : undefined);
  return field ? inside(path, field.path) : path;
}

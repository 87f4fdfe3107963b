import { jsonText, parseJson, valueAt, type Json, type JsonObject } from "./json.ts";
import { read, type Node } from "./node.ts";

/**
 * Everything of an element but what its fields say and the records inside it, as JSON text; null where there is nothing.
 * With the fields it makes the same element again: what is null or empty and what is missing are told apart.
 */
export function restOf(node: Node, element: Json | undefined): string | null {
  if (!(element instanceof Map)) return null;
  const said = [...node.fields.values()].flatMap((field) => (read(field, element).value === null ? [] : [field.path]));
  const inside = node.children.flatMap(({ path }) => (isFilled(element, path) ? [path] : []));
  const rest = without(element, [...said, ...inside]);
  return rest.size === 0 ? null : jsonText(rest);
}

/** The element that an insert begins with. */
export function fromRest(text: string | null | undefined): JsonObject {
  const json = text == null ? undefined : parseJson(text);
  return json instanceof Map ? json : new Map();
}

/** Whether anything stands there, be it null. */
export const holds = (element: JsonObject, path: readonly string[]): boolean => {
  const found = valueAt(element, path);
  return found !== "blocked" && found.value !== undefined;
};

function isFilled(element: JsonObject, path: readonly string[]): boolean {
  const found = valueAt(element, path);
  return found !== "blocked" && Array.isArray(found.value) && found.value.length > 0;
}

export function without(object: JsonObject, paths: readonly (readonly string[])[]): JsonObject {
  const kept: JsonObject = new Map();
  for (const [key, value] of object) {
    const deeper = paths.flatMap(([first, ...rest]) => (first === key ? [rest] : []));
    if (deeper.some((rest) => rest.length === 0)) continue;
    kept.set(key, deeper.length > 0 && value instanceof Map ? without(value, deeper) : value);
  }
  return kept;
}

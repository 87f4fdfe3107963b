import { isValueError, type Kind } from "../value.ts";
import { jsonText, setAt, Single, type Json, type JsonObject } from "./json.ts";
import { toJson } from "./kinds.ts";
import type { Node, NodeField } from "./node.ts";

/** Kinds of which a document can hold each value in one spelling only, as `@>` compares it. */
const oneSpelling = new Set<Kind["type"]>(["text", "enum", "boolean", "integer", "decimal"]);

/**
 * What a document contains that holds a record with one of these values, as JSON texts; undefined where a document may
 * spell such a value in several ways, and so contain it without looking like it.
 */
export function shapesOf(node: Node, by: readonly string[], tuples: readonly (readonly string[])[]): readonly string[] | undefined {
  const fields = by.map((name) => node.fields.get(name));
  if (!fields.every(hasOneSpelling)) return undefined;
  return tuples.flatMap((tuple) => {
    const element = elementWith(node, fields, tuple);
    return element ? [jsonText(inDocument(node, element))] : [];
  });
}

/** Undefined: no document holds what has no JSON form. */
export function elementWith(node: Node, fields: readonly NodeField[], values: readonly string[]): JsonObject | undefined {
  const element: JsonObject = node.single ? new Single() : new Map();
  try {
    fields.forEach((field, at) => setAt(element, field.path, toJson(field.kind, values[at]!, field.numbers)));
  } catch (error) {
    if (isValueError(error)) return undefined;
    throw error;
  }
  return element;
}

export function hasOneSpelling(field: NodeField | undefined): field is NodeField {
  return field !== undefined && oneSpelling.has(field.kind.type) && (field.numbers === "number" || field.kind.type === "text");
}

function inDocument(node: Node, element: JsonObject): Json {
  if (!node.parent) return element;
  const above: JsonObject = new Map();
  setAt(above, node.path, [element]);
  return inDocument(node.parent, above);
}

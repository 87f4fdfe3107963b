import { canonical, fits, misfit, ValueError, type Kind } from "../value.ts";
import { listItems } from "../values/canonical.ts";
import { canonicalJsonNumber } from "../values/number.ts";
import { jsonText, JsonNumber, parseJson, type Json } from "./json.ts";

/** How numbers stand in the document: as JSON numbers, or as texts, which every JSON library reads without rounding. */
export type NumberForm = "number" | "text";

const malformed = (): ValueError => new ValueError("VALUE.MALFORMED");

/** The JSON form of a canonical text of this kind. Times are ISO 8601 texts, bytes Base64, lists arrays of their items. */
export function toJson(kind: Kind, text: string, numbers: NumberForm): Json {
  switch (kind.type) {
    case "boolean":
      if (text !== "true" && text !== "false") throw malformed();
      return text === "true";
    case "integer":
    case "decimal":
    case "float":
      if (numbers === "text") return text;
      if (!/^-?\d/.test(text)) throw new ValueError("VALUE.NOT_A_NUMBER"); // a float's NaN and infinities
      return new JsonNumber(canonicalJsonNumber(text));
    case "json":
      return parseJson(text);
    case "list":
      return listItems(text).map((item) => (item === null ? null : toJson(kind.of, item, numbers)));
    default:
      return text;
  }
}

/** `jsonText` of `toJson`, for the many values of one field. */
export function jsonTextOf(kind: Kind, numbers: NumberForm): (text: string) => string {
  switch (kind.type) {
    case "boolean":
    case "float":
    case "json":
    case "list":
      return (text) => jsonText(toJson(kind, text, numbers));
    case "integer":
    case "decimal":
      return numbers === "number" ? canonicalJsonNumber : JSON.stringify;
    default:
      return JSON.stringify;
  }
}

/**
 * What another side of the very same kind holds beyond it would be written, and never be read again.
 *
 * @throws {ValueError} for a text, canonical of its kind, that does not fit one that has sizes
 */
export function refuseMisfit(kind: Kind, text: string): void {
  const code = isBounded(kind) ? misfit(kind, text, text) : undefined;
  if (code !== undefined) throw new ValueError(code);
}

function isBounded(kind: Kind): boolean {
  switch (kind.type) {
    case "text":
      return kind.maxLength !== undefined || kind.noNul === true;
    case "integer":
      return kind.bits !== undefined || kind.unsigned === true;
    case "decimal":
      return kind.precision !== undefined || kind.scale !== undefined;
    default:
      return kind.type === "enum";
  }
}

/**
 * The canonical text of what stands in a document.
 *
 * @throws {ValueError} if it has another JSON type, or does not fit the kind
 */
export function fromJson(kind: Kind, json: Json, numbers: NumberForm): string {
  const text = textOf(kind, json, numbers);
  const code = fits(kind, text);
  if (code !== undefined) throw new ValueError(code);
  return text;
}

function textOf(kind: Kind, json: Json, numbers: NumberForm): string {
  switch (kind.type) {
    case "boolean":
      if (typeof json !== "boolean") throw malformed();
      return String(json);
    case "integer":
    case "decimal":
    case "float":
      if (numbers === "number" && json instanceof JsonNumber) return canonical(kind, json.text);
      if (numbers === "text" && typeof json === "string") return canonical(kind, json);
      throw malformed();
    case "json":
      return canonical(kind, jsonText(json));
    case "list":
      if (!Array.isArray(json)) throw malformed();
      return JSON.stringify(json.map((item) => (item === null ? null : fromJson(kind.of, item, numbers))));
    default:
      if (typeof json !== "string") throw malformed();
      return canonical(kind, json);
  }
}

import { JSON_DEPTH, readJson, type JsonBuilder } from "../values/json.ts";

/** A JSON number as exact text: no JavaScript number takes part, so nothing beyond 2⁵³ is rounded. */
export class JsonNumber {
  /** Canonical. */
  readonly text: string;
  /** As it stands in the document: 2000.00 stays that while nobody writes another value. */
  readonly written: string;
  constructor(text: string, written: string = text) {
    this.text = text;
    this.written = written;
  }
}

export type JsonObject = Map<string, Json>;

/** A single value that is a record of its own: an object while it is worked on, and only its value in the document. */
export class Single extends Map<string, Json> {
  /** Where its value stands. */
  static readonly path: readonly string[] = [""];
}

/** An element of an array of which nothing was read. */
export class Unread extends Map<string, Json> {}

export type Json = null | boolean | string | JsonNumber | Json[] | JsonObject;

const builder: JsonBuilder<Json> = {
  string: (content) => content,
  number: (text, written) => new JsonNumber(text, written),
  literal: (value) => value,
  array: (items) => items,
  object: (entries) => new Map(entries.map(({ key, value }) => [key, value])),
};

/** A value as deep as values may be has its place in a document, and one that is deeper is a fault of its field alone. */
export const DOCUMENT_DEPTH: number = 2 * JSON_DEPTH;

/** @throws {ValueError} for a text that is no JSON, or holds what no database can keep */
export function parseJson(text: string): Json {
  return readJson(text, builder, DOCUMENT_DEPTH);
}

/** Paths of object keys, step by step; null ends one. */
export type Paths = ReadonlyMap<string, Paths | null>;

/** Keys in their order, so that equal values have one text. `without`: what stands at these paths, and objects of nothing else. */
export function jsonText(json: Json, without?: Paths | null): string {
  if (json === null || typeof json === "boolean") return String(json);
  if (typeof json === "string") return JSON.stringify(json);
  if (json instanceof JsonNumber) return json.written;
  if (Array.isArray(json)) {
    let items = "";
    for (const item of json) items += items === "" ? jsonText(item) : `,${jsonText(item)}`;
    return `[${items}]`;
  }
  if (json instanceof Single) return jsonText(json.get("") ?? null);
  let members = "";
  for (const key of keysInOrder(json)) {
    const inside = without?.get(key);
    if (inside === null) continue;
    const text = jsonText(json.get(key)!, inside);
    if (inside === undefined || text !== "{}") members += `${members === "" ? "" : ","}${nameText(key)}:${text}`;
  }
  return `{${members}}`;
}

/** The names of members are the same few in document after document. */
const nameTexts = new Map<string, string>();
const namesKept = 1000;

function nameText(name: string): string {
  let text = nameTexts.get(name);
  if (text !== undefined) return text;
  text = JSON.stringify(name);
  if (nameTexts.size < namesKept && name.length < 100) nameTexts.set(name, text);
  return text;
}

/** Mostly few, and in order but for one or two: each is moved to its place, which makes nothing to clear away. */
function keysInOrder(json: JsonObject): string[] {
  const keys = [...json.keys()];
  if (keys.length > 32) return keys.sort();
  for (let from = 1; from < keys.length; from++) {
    const key = keys[from]!;
    let at = from;
    for (; at > 0 && keys[at - 1]! > key; at--) keys[at] = keys[at - 1]!;
    keys[at] = key;
  }
  return keys;
}

/** What stands at a path of object keys: `undefined` for nothing, `"blocked"` where something other than an object is in the way. */
export function valueAt(json: JsonObject, path: readonly string[]): { readonly value: Json | undefined } | "blocked" {
  let here: Json | undefined = json;
  for (const step of path) {
    if (here === undefined || here === null) return { value: undefined };
    if (!(here instanceof Map)) return "blocked";
    here = here.get(step);
  }
  return { value: here };
}

/**
 * Sets what stands at a path, or removes it (`undefined`); objects on the way are made where they are missing. False where
 * something other than an object is in the way.
 */
export function setAt(json: JsonObject, path: readonly string[], value: Json | undefined): boolean {
  let here = json;
  for (let at = 0; at < path.length - 1; at++) {
    const step = path[at]!;
    let next = here.get(step) ?? null;
    if (next === null) {
      if (value === undefined) return true;
      next = new Map();
      here.set(step, next);
    }
    if (!(next instanceof Map)) return false;
    here = next;
  }
  const last = path[path.length - 1]!;
  if (value === undefined) here.delete(last);
  else here.set(last, value);
  return true;
}

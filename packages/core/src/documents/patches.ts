import type { JsonPatch } from "./contract.ts";
import type { DocumentChange, Patcher } from "../engines/patcher.ts";
import { SyncError } from "../errors.ts";
import { jsonText, parseJson, Single, Unread, type Json, type JsonObject } from "./json.ts";

/** What each object of a document was before somebody worked on it. */
export type Origins = Map<JsonObject, JsonObject>;

/** A copy that stays as it is; `origins` leads from the objects that are worked on to theirs in the copy. */
export function copyOf(json: JsonObject, origins: Origins): JsonObject {
  const copy = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(copy);
    if (!(value instanceof Map)) return value;
    // Nobody works on what was not read.
    const twin: JsonObject = value instanceof Unread ? value : value instanceof Single ? new Single() : new Map();
    origins.set(value, twin);
    for (const [key, member] of value) twin.set(key, copy(member));
    return twin;
  };
  return copy(json) as JsonObject;
}

/** What makes the one out of the other, as few and as deep as paths go. */
export function patchesBetween(before: JsonObject, after: JsonObject, origins: Origins): JsonPatch[] {
  const patches: JsonPatch[] = [];
  const compare = (path: JsonPatch["path"], was: Json, is: Json): void => {
    if (was instanceof Map && is instanceof Map && !(was instanceof Single) && !(is instanceof Single)) objects(path, was, is);
    else if (Array.isArray(was) && Array.isArray(is) && inPlace(was, is, origins)) {
      for (let at = 0; at < is.length; at++) if (is[at] !== was[at]) compare([...path, at], was[at]!, is[at]!);
    } else if (Array.isArray(was) && Array.isArray(is) && keepsOrder(was, is, origins)) arrays(path, was, is as JsonObject[]);
    else if (jsonText(was) !== jsonText(is)) patches.push({ path, value: jsonText(is) });
  };
  const objects = (path: JsonPatch["path"], was: JsonObject, is: JsonObject): void => {
    for (const key of was.keys()) if (!is.has(key)) patches.push({ path: [...path, key], value: undefined });
    for (const [key, value] of is) {
      const old = was.get(key);
      if (old === value) continue;
      if (old !== undefined) compare([...path, key], old, value);
      else patches.push({ path: [...path, key], value: jsonText(value) });
    }
  };
  const arrays = (path: JsonPatch["path"], was: readonly Json[], is: readonly JsonObject[]): void => {
    const here = new Set<Json | undefined>(was);
    const kept = new Set<Json | undefined>(is.map((element) => origins.get(element)));
    for (let at = was.length - 1; at >= 0; at--) if (!kept.has(was[at])) patches.push({ path: [...path, at], value: undefined });
    is.forEach((element, at) => {
      const origin = origins.get(element);
      if (origin && here.has(origin)) compare([...path, at], origin, element);
      else patches.push({ path: [...path, at], value: jsonText(element) });
    });
  };
  objects([], before, after);
  return patches;
}

/** Whether the same elements stand where they stood. */
function inPlace(was: readonly Json[], is: readonly Json[], origins: Origins): boolean {
  return was.length === is.length && is.every((element, at) => element instanceof Map && origins.get(element) === was[at]);
}

/** Whether removing, changing in place and appending lead from the one to the other, and something is kept. */
function keepsOrder(was: readonly Json[], is: readonly Json[], origins: Origins): boolean {
  if (was.length === 0 || ![...was, ...is].every((element) => element instanceof Map)) return false;
  const places = new Map(was.map((element, at) => [element, at]));
  let last = -1;
  let kept = 0;
  for (const [at, element] of is.entries()) {
    const place = places.get(origins.get(element as JsonObject) ?? null);
    if (place === undefined) continue;
    if (place < last || kept < at) return false;
    last = place;
    kept++;
  }
  return kept > 0;
}

/** What a patcher makes of a change, tried out before it is sent: no document becomes another than it was meant to. */
export function patchesOf(patcher: Patcher, change: DocumentChange): readonly JsonPatch[] | "whole" {
  const patches = patcher.patch(change);
  if (patches === "whole" || patches === change.patches || leadsTo(change, patches)) return patches;
  const message = `The patches that \`${patcher.name}\` makes do not turn a document of \`${change.model}\` into what it is to become.`;
  throw new SyncError("DOCUMENT.PATCHES", message, { model: change.model });
}

function leadsTo({ before, after }: DocumentChange, patches: readonly JsonPatch[]): boolean {
  const json = parseJson(before);
  return patches.every((patch) => applied(patch, json)) && jsonText(json) === jsonText(parseJson(after));
}

/** The JSON text after a patch. */
export function patchedBy(text: string, patch: JsonPatch): string {
  const json = parseJson(text);
  if (!applied(patch, json)) throw new TypeError("A patch leads to a place that is not there.");
  return jsonText(json);
}

/** Carries one patch out; false where its path leads nowhere. */
function applied({ path, value }: JsonPatch, json: Json): boolean {
  let here: Json | undefined = json;
  for (const step of path.slice(0, -1)) here = here instanceof Map ? here.get(String(step)) : Array.isArray(here) ? here[Number(step)] : undefined;
  const last = path[path.length - 1];
  if (last === undefined) return false;
  if (here instanceof Map) {
    if (value === undefined) here.delete(String(last));
    else here.set(String(last), parseJson(value));
  } else if (Array.isArray(here) && Number(last) <= here.length) here.splice(Number(last), 1, ...(value === undefined ? [] : [parseJson(value)]));
  else return false;
  return true;
}

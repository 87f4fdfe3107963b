import type { Codec } from "./codec.ts";
import { isObject, Misfit, parsed } from "./json.ts";
import type { Shape } from "./shape.ts";

/** Path → what it has to equal somewhere in the document. */
type Conditions = readonly (readonly [string, unknown])[];

/**
 * A filter for documents that contain one of these JSON texts, as `Documents.containing` means it. Arrays are passed through, so
 * that a few too many may be found where a text asks for several values of one element; every index of such paths can be used.
 * Undefined: no document can hold any of them.
 */
export function filterFor(codec: Codec, shape: Shape, texts: readonly string[]): object | undefined {
  const all = texts.flatMap((text): Conditions[] => {
    try {
      return [conditions(codec, parsed(text), shape, "")];
    } catch (error) {
      if (error instanceof Misfit) return [];
      throw error;
    }
  });
  if (all.length === 0) return undefined;
  const [[path] = [""]] = all[0]!;
  if (all.every((each) => each.length === 1 && each[0]![0] === path)) return { [path]: { $in: all.map((each) => each[0]![1]) } };
  return { $or: all.map((each) => ({ $and: each.map(([at, value]) => ({ [at]: { $eq: value } })) })) };
}

function conditions(codec: Codec, json: unknown, shape: Shape | undefined, path: string): Conditions {
  const below = shape?.is === "list" ? shape.of : shape;
  if (Array.isArray(json)) return json.flatMap((item) => conditions(codec, item, below, path));
  if (!isObject(json)) return [[path, codec.fromJson(json, shape)]];
  const members: ReadonlyMap<string, Shape> = below?.is === "object" ? below.members : new Map();
  return Object.entries(json).flatMap(([key, value]) => conditions(codec, value, members.get(key), path === "" ? key : `${path}.${key}`));
}

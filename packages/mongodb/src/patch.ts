import type { DocumentWrite, JsonPatch } from "@sync/core";
import type { Codec } from "./codec.ts";
import type { BsonObject } from "./driver.ts";
import { isObject, Misfit, put } from "./json.ts";
import type { MongoModel } from "./model.ts";
import { shapeAt, type Shape } from "./shape.ts";

type Patch = Pick<DocumentWrite & { readonly op: "patch" }, "patches" | "whole">;
type Stored = Pick<MongoModel, "shape" | "versionKey" | "stamps">;
export type Change = { readonly update: object } | { readonly whole: BsonObject };

/**
 * What makes of a document what it is to become. Its patches are carried out on the document as it was just read, BSON on
 * BSON, so that what they do not name keeps its types; what changed is set by the names at the top. The library's stamp and version
 * move as they do when it saves, so that its own save of an array read before is refused. `before`: what the same transaction has
 * done to it since.
 */
export function changed(codec: Codec, stored: Stored, { patches, whole }: Patch, document: BsonObject, before: readonly JsonPatch[] = []): Change {
  const { shape, versionKey, stamps } = stored;
  const now = stamps.updatedAt === undefined ? {} : { [stamps.updatedAt]: new Date() };
  if (patches === "whole") {
    const kept = versionKey !== undefined && versionKey in document ? { [versionKey]: document[versionKey] } : {};
    return { whole: { _id: document["_id"], ...kept, ...now, ...(codec.fromText(whole!, shape) as BsonObject) } };
  }
  const touched = new Set(before.map(({ path }) => String(path[0])));
  for (const patch of patches) {
    touched.add(String(patch.path[0]));
    apply(codec, shape, patch, document);
  }
  const names = [...touched];
  const set = { ...now, ...Object.fromEntries(names.flatMap((name) => (Object.hasOwn(document, name) ? [[name, document[name]]] : []))) };
  const unset = names.filter((name) => !Object.hasOwn(document, name));
  // What such a name would mean in an update is something else.
  if (names.some((name) => name.includes(".") || name.startsWith("$") || name === "")) return { whole: { ...document, ...now } };
  return {
    update: {
      ...(Object.keys(set).length > 0 ? { $set: set } : {}),
      ...(unset.length > 0 ? { $unset: Object.fromEntries(unset.map((name) => [name, "" as const])) } : {}),
      ...(versionKey === undefined || touched.has(versionKey) ? {} : { $inc: { [versionKey]: 1 } }),
    },
  };
}

/** Sets, appends or removes the one value at the end of the path. */
function apply(codec: Codec, shape: Shape, { path, value }: JsonPatch, document: BsonObject): void {
  let here: unknown = document;
  for (const step of path.slice(0, -1)) here = Array.isArray(here) ? (here as unknown[])[Number(step)] : isObject(here) ? here[String(step)] : undefined;
  const last = path.at(-1)!;
  const meant = shapeAt(shape, path);
  if (Array.isArray(here)) here.splice(Number(last), 1, ...(value === undefined ? [] : [codec.fromText(value, meant)]));
  else if (!isObject(here)) throw new Misfit();
  else if (value === undefined) delete here[String(last)];
  else put(here, String(last), codec.fromText(value, meant));
}

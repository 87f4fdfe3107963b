import type { JsonPatch, Kind } from "@sync/core";

/** Single values that BSON has a type for. */
export type Scalar = "text" | "boolean" | "double" | "int32" | "long" | "decimal" | "date" | "objectId" | "uuid" | "bytes";

/** What a schema says of a place in its documents. */
export type Shape =
  | { readonly is: Scalar }
  | { readonly is: "list" | "map"; readonly of: Shape }
  | ObjectShape
  | { readonly is: "anything" };

/** `id`: the library gives each such object an ObjectId as `_id`. */
export interface ObjectShape {
  readonly is: "object";
  readonly members: ReadonlyMap<string, Shape>;
  readonly id: boolean;
}

/** What core calls a value, and how it stands in a document's JSON. */
export interface StandsAs {
  readonly kind: Kind;
  readonly numbers?: "text";
}

export const scalars: Readonly<Record<Scalar, StandsAs>> = {
  text: { kind: { type: "text" } },
  boolean: { kind: { type: "boolean" } },
  // As a text: a document can hold NaN and infinities, JSON cannot.
  double: { kind: { type: "float", bits: 64 }, numbers: "text" },
  int32: { kind: { type: "integer", bits: 32 } },
  long: { kind: { type: "integer", bits: 64 } },
  decimal: { kind: { type: "decimal", precision: 34 } },
  date: { kind: { type: "instant", digits: 3, noInfinity: true } },
  objectId: { kind: { type: "text", maxLength: 24 } },
  uuid: { kind: { type: "uuid" } },
  bytes: { kind: { type: "bytes" } },
};

/** What the schema says of the place at the end of a path. */
export function shapeAt(shape: Shape, path: JsonPatch["path"]): Shape {
  let says: Shape | undefined = shape;
  for (const step of path) says = says?.is === "object" ? says.members.get(String(step)) : says?.is === "list" || says?.is === "map" ? says.of : undefined;
  return says ?? { is: "anything" };
}

import type { Kind, TreeField } from "@sync/core";
import { scalars } from "@sync/mongodb";
import type { ObjectShape, Scalar, Shape, StandsAs } from "@sync/mongodb";
import type { Schema, SchemaType } from "mongoose";

/** An array whose elements are records of their own: subdocuments, or keys of other documents. */
export interface ChildArray {
  readonly path: string;
  readonly element: { readonly schema: Schema } | { readonly kind: Kind; readonly ref: string | undefined };
}

/** What a schema says of the objects of one level. */
export interface Level {
  readonly fields: readonly TreeField[];
  readonly members: ReadonlyMap<string, Shape>;
  /** Arrays that can be children, by path. */
  readonly arrays: ReadonlyMap<string, ChildArray>;
  /** Field → name of the model that it refers to. */
  readonly refs: ReadonlyMap<string, string>;
  /** Paths that cannot be carried, and why. */
  readonly leftOut: ReadonlyMap<string, string>;
}

/** What of a schema type counts here; the library's own types hide half of it. */
interface PathType {
  readonly instance: string;
  readonly isRequired?: boolean;
  readonly enumValues?: readonly unknown[];
  readonly defaultValue?: unknown;
  readonly schema?: Schema;
  readonly embeddedSchemaType?: SchemaType;
  /** Of a map. */
  readonly $__schemaType?: SchemaType;
  readonly options: { readonly ref?: unknown; readonly refPath?: unknown; readonly auto?: boolean };
}

const SCALARS: Readonly<Record<string, Scalar>> = {
  String: "text", Boolean: "boolean", Number: "double", Double: "double", Int32: "int32", BigInt: "long", Decimal128: "decimal",
  Date: "date", ObjectId: "objectId", UUID: "uuid", Buffer: "bytes",
};
const JSON_KIND: Kind = { type: "json" };

/** What stands at a path; a text says why it cannot be carried. */
export function typeOf(type: SchemaType): (StandsAs & { readonly shape: Shape }) | string {
  const { instance, enumValues, schema, embeddedSchemaType, $__schemaType } = type as unknown as PathType;
  const scalar = SCALARS[instance];
  if (scalar) {
    const words = instance === "String" ? (enumValues ?? []).filter((word) => typeof word === "string") : [];
    return { shape: { is: scalar }, ...scalars[scalar], ...(words.length === 0 ? {} : { kind: { type: "enum", values: words } }) };
  }
  if (schema && instance !== "Map") {
    if (schema.discriminators) return "its discriminators give it several schemas";
    const shape = shapeOf(schema);
    return { shape: instance === "Array" ? { is: "list", of: shape } : shape, kind: JSON_KIND };
  }
  if (instance === "Mixed") return { shape: { is: "anything" }, kind: JSON_KIND };
  const inner = instance === "Array" ? embeddedSchemaType : instance === "Map" ? $__schemaType : undefined;
  const item = inner && typeOf(inner);
  if (!item) return `its type ${instance} cannot be carried`;
  if (typeof item === "string") return item;
  if (instance === "Map") return { shape: { is: "map", of: item.shape }, kind: JSON_KIND };
  const shape: Shape = { is: "list", of: item.shape };
  const single = item.kind.type !== "json" && item.kind.type !== "list";
  return single ? { shape, kind: { type: "list", of: item.kind }, ...(item.numbers ? { numbers: item.numbers } : {}) } : { shape, kind: JSON_KIND };
}

/** Goes through nested paths and single subdocuments; names are paths with dots. `children`: arrays that are no fields. */
export function levelOf(schema: Schema, isChild: (path: string, array: ChildArray) => boolean, shown: ReadonlySet<string>): Level {
  const fields: TreeField[] = [];
  const members = new Map<string, Shape>();
  const arrays = new Map<string, ChildArray>();
  const refs = new Map<string, string>();
  const leftOut = new Map<string, string>();

  const visit = (here: Schema, above: string, into: Map<string, Shape>, optionalAbove: boolean): void => {
    const { createdAt, updatedAt } = stampsOf(here);
    for (const [path, type] of Object.entries(here.paths)) {
      if (path.includes("$*")) continue;
      const name = above + path;
      const { instance, isRequired, defaultValue, schema: inside, embeddedSchemaType, options } = type as unknown as PathType;
      const optional = optionalAbove || isRequired !== true;
      if (instance === "Embedded" && inside && !inside.discriminators) {
        const below = new Map<string, Shape>();
        visit(inside, `${name}.`, below, optional);
        add(into, path, { is: "object", members: below, id: hasId(inside) });
        continue;
      }
      const found = typeOf(type);
      if (typeof found === "string") {
        leftOut.set(name, found);
        continue;
      }
      add(into, path, found.shape);
      if ((path === "_id" || path === here.get("versionKey")) && !shown.has(name)) continue;
      const array = instance === "Array" ? arrayOf(name, inside, embeddedSchemaType, found.kind) : undefined;
      if (array && isChild(name, array)) {
        arrays.set(name, array);
        continue;
      }
      const ref = refOf(options);
      if (ref !== undefined) refs.set(name, ref);
      fields.push({
        name, path: name.split("."), kind: found.kind,
        ...(found.numbers ? { numbers: found.numbers } : {}),
        ...(optional ? { nullable: true } : {}),
        ...(optional || (defaultValue !== undefined && defaultValue !== null) ? { optional: true } : {}),
        ...(path === createdAt || path === updatedAt ? { stamped: true } : {}),
      });
    }
  };
  visit(schema, "", members, false);
  return { fields, members, arrays, refs, leftOut };
}

/** Names of the paths that Mongoose stamps by itself. */
export function stampsOf(schema: Schema): { readonly createdAt?: string; readonly updatedAt?: string } {
  const { createdAt, updatedAt } = (schema as unknown as { $timestamps?: Record<string, unknown> }).$timestamps ?? {};
  return { ...(typeof createdAt === "string" ? { createdAt } : {}), ...(typeof updatedAt === "string" ? { updatedAt } : {}) };
}

function arrayOf(path: string, schema: Schema | undefined, item: SchemaType | undefined, kind: Kind): ChildArray | undefined {
  if (schema) return { path, element: { schema } };
  return kind.type === "list" ? { path, element: { kind: kind.of, ref: item && refOf((item as unknown as PathType).options) } } : undefined;
}

function shapeOf(schema: Schema): ObjectShape {
  return { is: "object", members: levelOf(schema, () => false, new Set()).members, id: hasId(schema) };
}

const hasId = (schema: Schema): boolean => (schema.paths["_id"] as unknown as PathType | undefined)?.instance === "ObjectId";

/** Only by the name of a model: what a function or another path names differs from document to document. */
function refOf({ ref, refPath }: PathType["options"]): string | undefined {
  if (refPath !== undefined) return undefined;
  if (typeof ref === "string") return ref;
  return typeof ref === "function" && "modelName" in ref && typeof ref.modelName === "string" ? ref.modelName : undefined;
}

/** At a path with dots, through objects that are made on the way. */
function add(into: Map<string, Shape>, path: string, shape: Shape): void {
  const [first, ...rest] = path.split(".");
  if (rest.length === 0) {
    into.set(first!, shape);
    return;
  }
  const known = into.get(first!);
  const members = known?.is === "object" ? (known.members as Map<string, Shape>) : new Map<string, Shape>();
  if (known?.is !== "object") into.set(first!, { is: "object", members, id: false });
  add(members, rest.join("."), shape);
}

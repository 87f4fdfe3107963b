import type { TreeField } from "@sync/core";
import type { $ZodObject, $ZodType, $ZodTypes } from "zod/v4/core";
import { kinds, storedBy, type Stored } from "./kinds.ts";

/** An array that was named as children. Its elements: objects, or single values. */
export interface ChildArray {
  readonly element: { readonly object: $ZodObject } | { readonly single: Stored };
  readonly required: boolean;
}

/** What a schema says of the objects of one level. */
export interface Level {
  readonly fields: readonly TreeField[];
  /** By path. */
  readonly children: ReadonlyMap<string, ChildArray>;
  /** Paths that cannot be carried, and why. */
  readonly leftOut: ReadonlyMap<string, string>;
  /** Those among them that no new object may be without. */
  readonly required: readonly string[];
}

interface Bare {
  readonly schema: $ZodTypes;
  readonly optional: boolean;
  readonly nullable: boolean;
}

/** Goes through the objects inside one another down to the fields; names are paths with dots. `children`: paths of arrays. */
export function levelOf(schema: $ZodObject, children: ReadonlySet<string>): Level {
  const fields: TreeField[] = [];
  const found = new Map<string, ChildArray>();
  const leftOut = new Map<string, string>();
  const required: string[] = [];

  const visit = (object: $ZodObject, path: readonly string[], above: { readonly optional: boolean }): void => {
    for (const [key, member] of Object.entries(object._zod.def.shape)) {
      const here = [...path, key];
      const name = here.join(".");
      const bare = bareOf(member);
      const element = elementOf(bare.schema);
      const optional = above.optional || bare.optional;
      if (children.has(name)) {
        if (element) found.set(name, { element, required: !optional && !bare.nullable });
        else leftOut.set(name, "it is declared as children, which an array of objects or of single values can hold");
        continue;
      }
      if (bare.schema._zod.def.type === "object" && !kinds.has(bare.schema)) {
        visit(bare.schema as $ZodObject, here, { optional: optional || bare.nullable });
        continue;
      }
      const stored = listOf(bare.schema) ?? storedBy(bare.schema);
      if (typeof stored === "string") {
        leftOut.set(name, stored);
        if (!optional && !bare.nullable) required.push(name);
        continue;
      }
      fields.push({
        name,
        path: here,
        kind: stored.kind,
        ...(bare.nullable ? { nullable: true } : {}),
        ...(optional ? { optional: true } : {}),
        ...(stored.numbers === "text" ? { numbers: "text" } : {}),
      });
    }
  };
  visit(schema, [], { optional: false });
  return { fields, children: found, leftOut, required };
}

/** Without what only says whether it is there, and as it stands in the document: what goes into a pipe, not what comes out. */
function bareOf(member: $ZodType): Bare {
  let schema = member as $ZodTypes;
  let optional: boolean | undefined;
  let nullable = false;
  while (!kinds.has(schema)) {
    const { def } = schema._zod;
    if (def.type === "optional" || def.type === "default" || def.type === "prefault" || def.type === "catch") optional ??= true;
    else if (def.type === "nonoptional") optional ??= false;
    else if (def.type === "nullable") nullable = true;
    else if (def.type !== "readonly" && def.type !== "pipe") break;
    schema = (def.type === "pipe" ? def.in : def.innerType) as $ZodTypes;
  }
  const { type } = schema._zod.def;
  const anything = type === "any" || type === "unknown";
  return { schema, optional: optional ?? anything, nullable: nullable || anything };
}

function elementOf(schema: $ZodTypes): ChildArray["element"] | undefined {
  if (schema._zod.def.type !== "array") return undefined;
  const element = bareOf(schema._zod.def.element).schema;
  if (element._zod.def.type === "object" && !kinds.has(element)) return { object: element as $ZodObject };
  const single = singleOf(schema);
  return single && { single };
}

/** An array of single values is a list; of anything else, one JSON value. */
function listOf(schema: $ZodTypes): Stored | undefined {
  const item = kinds.has(schema) ? undefined : singleOf(schema);
  return item && { kind: { type: "list", of: item.kind }, numbers: item.numbers };
}

/** What the elements of an array are, where each is a single value. */
function singleOf(schema: $ZodTypes): Stored | undefined {
  if (schema._zod.def.type !== "array") return undefined;
  const item = storedBy(bareOf(schema._zod.def.element).schema);
  return typeof item === "string" || item.kind.type === "json" || item.kind.type === "list" ? undefined : item;
}

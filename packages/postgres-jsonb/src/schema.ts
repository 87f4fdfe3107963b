import type { TreeField } from "@sync/core";
import type { $ZodObject, $ZodType, $ZodTypes } from "zod/v4/core";
import { kinds, storedBy } from "./kinds.ts";

/** What a schema says of the objects of one level. */
export interface Level {
  readonly fields: readonly TreeField[];
  /** Arrays of objects that were named as children, by path. */
  readonly children: ReadonlyMap<string, { readonly element: $ZodObject; readonly required: boolean }>;
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
  const found = new Map<string, { element: $ZodObject; required: boolean }>();
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
        else leftOut.set(name, "it is declared as children, which an array of objects can hold");
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

function elementOf(schema: $ZodTypes): $ZodObject | undefined {
  if (schema._zod.def.type !== "array") return undefined;
  const element = bareOf(schema._zod.def.element).schema;
  return element._zod.def.type === "object" ? (element as $ZodObject) : undefined;
}

/** An array of single values is a list; of anything else, one JSON value. */
function listOf(schema: $ZodTypes): ReturnType<typeof storedBy> | undefined {
  if (schema._zod.def.type !== "array" || kinds.has(schema)) return undefined;
  const item = storedBy(bareOf(schema._zod.def.element).schema);
  if (typeof item === "string" || item.kind.type === "json" || item.kind.type === "list") return undefined;
  return { kind: { type: "list", of: item.kind }, numbers: item.numbers };
}

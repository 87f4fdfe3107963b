import type { EntityMetadata } from "@mikro-orm/core";
import { declarationOf, declare } from "@sync/core";
import type { Declaration } from "@sync/core";

/** `author` of `author.id`. */
type Property<Field extends string> = Field extends `${infer First}.${string}` ? First : Field;

/**
 * Says on the entity class itself how it is kept the same, so that `createSync` needs no entry for it:
 * `@Entity() @Synced({ match: naturalKey("ident") }) class Airport { … }`. For ES decorators and for legacy ones. Properties
 * that the class has not do not compile.
 */
export function Synced<Fields extends string = never>(
  declaration: Declaration<Fields>,
): (entity: abstract new (...args: never) => { [Name in Property<Fields>]?: unknown }, context?: unknown) => void {
  return (entity) => void declare(entity, declaration);
}

/** The same for `defineEntity` and `EntitySchema`: `synced(defineEntity({ … }), { match: … })` gives the schema back. */
export function synced<Schema extends { readonly "~entity": unknown; readonly class: object }>(
  schema: Schema,
  declaration: Declaration<(keyof Schema["~entity"] & string) | `${keyof Schema["~entity"] & string}.${string}`>,
): Schema {
  // An ORM works on copies of the schema; the class stays.
  declare(schema.class, declaration);
  return schema;
}

/** What an entity says of itself. A class that `setClass` put in the place of the schema's own extends that one; a pivot table goes with what it joins. */
export function declaredBy({ class: entity, className, pivotTable, relations }: EntityMetadata): Declaration | undefined {
  if (pivotTable) return relations.every(({ targetMeta }) => targetMeta && declaredBy(targetMeta)) ? {} : undefined;
  const base = Object.getPrototypeOf(entity) as { readonly name: string };
  return declarationOf(entity) ?? (base.name === className ? declarationOf(base) : undefined);
}

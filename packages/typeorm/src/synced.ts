import { declarationOf, declare } from "@sync/core";
import type { Declaration } from "@sync/core";
import type { EntityMetadata, EntitySchema } from "typeorm";
import type { DataSourceLike } from "./client.ts";

/** `author` of `author.id`. */
type Property<Field extends string> = Field extends `${infer First}.${string}` ? First : Field;

/** Nothing to ask for where the class has all the properties; else what no class is. */
type Having<Fields extends string, Entity> = [Property<Fields>] extends [keyof Entity] ? unknown : { readonly "no such property": Exclude<Property<Fields>, keyof Entity> };

/**
 * Says on the entity class itself how it is kept the same, so that `createSync` needs no entry for it:
 * `@Entity() @Synced({ match: naturalKey("ident") }) class Airport { … }`. Properties that the class has not do not compile.
 */
export function Synced<Fields extends string = never>(
  declaration: Declaration<Fields>,
): <Entity>(entity: (abstract new (...args: never) => Entity) & Having<Fields, Entity>) => void {
  return (entity) => void declare(entity, declaration);
}

/** The same for an `EntitySchema`, which it gives back: `synced(new EntitySchema({ … }), { match: … })`. */
export function synced<Entity>(schema: EntitySchema<Entity>, declaration: Declaration<keyof Entity & string>): EntitySchema<Entity> {
  return declare(schema, declaration);
}

/** What entities say of themselves. A schema's metadata does not lead back to it: it is found among the data source's `entities`. */
export function declaredBy(dataSource: DataSourceLike): (entity: EntityMetadata) => Declaration | undefined {
  const { entities } = dataSource.options as { readonly entities?: object };
  const schemas = Object.values(entities ?? {}).filter(
    (each: unknown): each is EntitySchema => typeof each === "object" && each !== null && "options" in each,
  );
  return ({ target }) => {
    const schema = schemas.find(({ options }) => (options.target ?? options.name) === target);
    return (schema && declarationOf(schema)) ?? (typeof target === "function" ? declarationOf(target) : undefined);
  };
}

import { defineEntity, EntitySchema, p } from "@mikro-orm/core";
import { Entity, ManyToOne, PrimaryKey, Property, ReflectMetadataProvider, Unique } from "@mikro-orm/decorators/legacy";
import { MikroORM } from "@mikro-orm/sqlite";
import type { Declaration } from "@sync/core";
import { expect, test } from "vitest";
import { mikroOrmDatabase, naturalKey, Synced, synced } from "../src/index.ts";

function declared(entities: readonly unknown[], options: object = {}): Readonly<Record<string, Declaration | undefined>> {
  const orm = new MikroORM({ entities: entities as never, dbName: ":memory:", ...options });
  return Object.fromEntries([...mikroOrmDatabase(orm).endpoints].map(([name, { model }]) => [name, model.declared]));
}

test("a class says by a decorator how it is kept the same, and so does each class on its own", () => {
  @Entity()
  @Synced({ match: naturalKey("code") })
  class Country {
    @PrimaryKey()
    id!: number;

    @Property()
    @Unique()
    code!: string;
  }

  @Entity()
  class Airport {
    @PrimaryKey()
    id!: number;

    @ManyToOne(() => Country)
    country!: Country;
  }
  expect(declared([Country, Airport], { metadataProvider: ReflectMetadataProvider })).toEqual({ Country: { match: naturalKey("code") }, Airport: undefined });
});

const properties = { id: p.integer().primary(), code: p.string().unique() };

test("an ES decorator says the same", () => {
  // As a compiler calls it, since nothing that runs these tests lowers ES decorators.
  const Country = defineEntity({ name: "Country", properties });
  Synced({ match: naturalKey("code") })(Country.class, { kind: "class", name: "Country" });
  expect(declared([Country])).toEqual({ Country: { match: naturalKey("code") } });
});

test("what defineEntity gave says it, for every ORM that it is given to", () => {
  const Country = synced(defineEntity({ name: "Country", properties }), { match: naturalKey("code") });
  expect(declared([Country])).toEqual({ Country: { match: naturalKey("code") } });
  expect(declared([Country])).toEqual({ Country: { match: naturalKey("code") } });
});

test("a schema says it for the class that takes its place", () => {
  const schema = synced(defineEntity({ name: "Country", properties }), { match: naturalKey("code") });
  class Country extends schema.class {}
  schema.setClass(Country);
  expect(declared([Country])).toEqual({ Country: { match: naturalKey("code") } });
});

test("an EntitySchema says it", () => {
  const schema = new EntitySchema<{ id: number; code: string }>({ name: "Country", properties: { id: { type: "number", primary: true }, code: { type: "string", unique: true } } });
  expect(declared([synced(schema, { match: naturalKey("code") })])).toEqual({ Country: { match: naturalKey("code") } });
});

test("a class that extends another says nothing by it", () => {
  const Base = synced(defineEntity({ name: "Base", abstract: true, properties }), { match: naturalKey("code") });
  const Country = defineEntity({ name: "Country", extends: Base, properties: { name: p.string() } });
  expect(declared([Base, Country])).toEqual({ Country: undefined });
});

test("a pivot table goes with the entities that it joins", () => {
  const Tag = synced(defineEntity({ name: "Tag", properties }), { match: naturalKey("code") });
  const Post = defineEntity({ name: "Post", properties: { ...properties, tags: () => p.manyToMany(Tag) } });
  expect(declared([Tag, Post])["post_tags"]).toBeUndefined();
  synced(Post, { match: naturalKey("code") });
  expect(declared([Tag, Post])["post_tags"]).toEqual({});
});

import { defineEntity, p } from "@mikro-orm/core";

// The conformance kit's schema, as an application would declare it with MikroORM.

const id = p.integer().primary();
const choices = ["red", "green", "Deep blue", "it's"] as const;

/** Names as they are, and what differs between the two. */
function entities(cloudId: object, size: () => object, things: Readonly<Record<string, object>>): object[] {
  const entity = (name: string, properties: Readonly<Record<string, unknown>>, rest: object = {}) => defineEntity({ name, tableName: name, properties, ...rest } as never) as object;
  const Parent = entity("Parent", { id, code: p.text().unique(), name: p.text().nullable(), size: size() });
  const Book = entity("Book", { id: p.text().primary(), title: p.text().nullable() });
  const Node = entity("Node", {
    id, name: p.text(), aboveId: () => p.manyToOne(Node as never).joinColumn("aboveId").nullable().deleteRule("restrict"),
  }, { uniques: [{ properties: ["aboveId", "name"] }] });
  return [
    Parent, Book, Node,
    entity("Child", {
      id, cloudId, name: p.text(), rank: p.integer().default(7), parentId: () => p.manyToOne(Parent as never).joinColumn("parentId").nullable().deleteRule("restrict"),
    }),
    entity("Entry", { book: () => p.manyToOne(Book as never).joinColumn("book").primary().deleteRule("cascade"), page: p.bigint().primary(), note: p.text().nullable() }),
    entity("Thing", { id: p.text().primary(), ...things }),
  ];
}

const common = {
  text: p.text().nullable(),
  flag: p.boolean().nullable(),
  small: p.integer().nullable(),
  big: p.bigint().nullable(),
  day: p.date().nullable(),
  ratio: p.double().nullable(),
  moment: p.datetime().nullable(),
  bytes: p.blob().nullable(),
  data: p.json().nullable(),
};

export const postgresKit = entities(p.uuid().nullable().unique(), () => p.bigint().nullable(), {
  ...common,
  price: p.decimal().columnType("numeric").nullable(),
  // MikroORM makes a Date of it, and so a moment, where nothing says otherwise.
  wall: p.string().columnType("timestamp").runtimeType("string").nullable(),
  clock: p.string().columnType("time").nullable(),
  span: p.interval().nullable(),
  token: p.uuid().nullable(),
  tags: p.array().nullable(),
  choice: p.enum(choices).nativeEnumName("Choice").nullable(),
});

export const sqliteKit = entities(p.text().nullable().unique(), () => p.integer().nullable(), {
  ...common,
  price: p.decimal().precision(15).nullable(),
  choice: p.enum(choices).nullable(),
});

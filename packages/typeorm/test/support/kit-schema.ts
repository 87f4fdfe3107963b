import { EntitySchema } from "typeorm";
import type { EntitySchemaColumnOptions } from "typeorm";

// The conformance kit's schema, as an application would declare it with TypeORM.

type Columns = Readonly<Record<string, EntitySchemaColumnOptions>>;
type Options = ConstructorParameters<typeof EntitySchema<Record<string, unknown>>>[0];

const id = { type: "int", primary: true, generated: "increment" } as const;
const orNull = (options: EntitySchemaColumnOptions): EntitySchemaColumnOptions => ({ ...options, nullable: true });
const text = orNull({ type: "text" });

function entities(cloudId: EntitySchemaColumnOptions, size: EntitySchemaColumnOptions, things: Columns): EntitySchema[] {
  const entity = (name: string, columns: Columns, rest: Partial<Options> = {}): EntitySchema => new EntitySchema<Record<string, unknown>>({ name, tableName: name, columns, ...rest }) as EntitySchema;
  const reference = (target: string, column: string, onDelete: "RESTRICT" | "CASCADE") => ({ type: "many-to-one", target, joinColumn: { name: column }, onDelete, nullable: true }) as const;
  return [
    entity("Parent", { id, code: { type: "text", unique: true }, name: text, size: orNull(size) }),
    entity("Child", { id, cloudId: orNull({ ...cloudId, unique: true }), name: { type: "text" }, rank: { type: "int", default: 7 }, parentId: orNull({ type: "int" }) }, {
      relations: { parent: reference("Parent", "parentId", "RESTRICT") },
    }),
    entity("Node", { id, name: { type: "text" }, aboveId: orNull({ type: "int" }) }, {
      relations: { above: reference("Node", "aboveId", "RESTRICT") }, uniques: [{ columns: ["aboveId", "name"] }],
    }),
    entity("Book", { id: { type: "text", primary: true }, title: text }),
    entity("Entry", { book: { type: "text", primary: true }, page: { ...size, primary: true }, note: text }, { relations: { of: reference("Book", "book", "CASCADE") } }),
    entity("Thing", { id: { type: "text", primary: true }, ...things }),
  ];
}

const choices = ["red", "green", "Deep blue", "it's"];
const common: Columns = { text, flag: orNull({ type: "boolean" }), small: orNull({ type: "int" }), big: orNull({ type: "bigint" }), day: orNull({ type: "date" }), clock: orNull({ type: "time" }) };

export const postgresEntities = entities({ type: "uuid" }, { type: "bigint" }, {
  ...common,
  price: orNull({ type: "numeric" }),
  ratio: orNull({ type: "double precision" }),
  moment: orNull({ type: "timestamptz" }),
  wall: orNull({ type: "timestamp" }),
  span: orNull({ type: "interval" }),
  bytes: orNull({ type: "bytea" }),
  token: orNull({ type: "uuid" }),
  choice: orNull({ type: "enum", enum: choices, enumName: "Choice" }),
  data: orNull({ type: "jsonb" }),
  tags: orNull({ type: "text", array: true }),
});

export const sqliteEntities = entities({ type: "text" }, { type: "int" }, {
  ...common,
  price: orNull({ type: "decimal" }),
  ratio: orNull({ type: "double" }),
  moment: orNull({ type: "datetime" }),
  bytes: orNull({ type: "blob" }),
  choice: orNull({ type: "simple-enum", enum: choices }),
  data: orNull({ type: "simple-json" }),
});

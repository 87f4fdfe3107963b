import { defineEntity, p } from "@mikro-orm/core";
import { MikroORM as PostgresOrm } from "@mikro-orm/postgresql";
import { MikroORM as SqliteOrm } from "@mikro-orm/sqlite";
import type { Field, Model } from "@sync/core";
import { describe, expect, test } from "vitest";
import { mikroOrmDatabase } from "../src/index.ts";
import type { MikroOrmDatabaseOptions, MikroOrmLike } from "../src/index.ts";
import { postgresEntities, sqliteEntities } from "./support/entities.ts";

// An ORM connects when it is first used: here none is.
const sqlite = (entities: readonly object[], more: object = {}): MikroOrmLike => new SqliteOrm({ entities: [...entities] as never, dbName: ":memory:", ...more });
const postgres = (entities: readonly object[], more: object = {}): MikroOrmLike => new PostgresOrm({ entities: [...entities] as never, dbName: "none", ...more });

interface Read {
  readonly names: readonly string[];
  model(name: string): Model;
  readonly leftOut: Readonly<Record<string, string>>;
}

function read(orm: MikroOrmLike, options: MikroOrmDatabaseOptions = {}): Read {
  const { endpoints, leftOut } = mikroOrmDatabase(orm, options as MikroOrmDatabaseOptions<never>);
  return { names: [...endpoints.keys()], model: (name) => endpoints.get(name)!.model, leftOut: Object.fromEntries(leftOut) };
}

/** `kind`, with `?` for nullable, `=` for "an insert may leave it out", `~` for stamped, `!` for never written. */
function described({ kind, nullable, optional, stamped, writable }: Field): string {
  const { type, ...sizes } = kind;
  const shown = "of" in sizes ? `${type} of ${sizes.of.type}` : [type, ...Object.entries(sizes).map(([name, size]) => `${name}:${size}`)].join(" ");
  return `${shown}${nullable ? "?" : ""}${optional ? "=" : ""}${stamped ? "~" : ""}${writable ? "" : "!"}`;
}

const fields = (of: Model): Record<string, string> => Object.fromEntries(of.fields.map((field) => [field.name, described(field)]));

describe("PostgreSQL", () => {
  const models = read(postgres(postgresEntities));

  test("entities and pivot tables are the models", () => {
    expect(models.names.toSorted()).toEqual(["Grant", "Place", "Role", "Tenant", "Thing", "place_twins", "role_holders"]);
  });

  test("each property has its kind", () => {
    expect(fields(models.model("Thing"))).toEqual({
      id: "integer bits:64=",
      small: "integer bits:16?=",
      whole: "integer bits:32?=",
      big: "integer bits:64?=",
      safe: "integer bits:53?=",
      digits: "integer bits:64?=",
      single: "float bits:32?=",
      double: "float bits:64?=",
      amount: "decimal precision:20 scale:4?=",
      asNumber: "decimal precision:12 scale:3?=",
      active: "boolean=",
      text: "text noNul:true?=",
      short: "text noNul:true maxLength:20?=",
      tidy: "text noNul:true maxLength:255?=",
      fixed: "text noNul:true maxLength:3?=",
      code: "uuid?=",
      oneOf: "enum values:a,b?=",
      level: "integer bits:16?=",
      at: "instant digits:6?=",
      day: "date?=",
      hour: "time digits:0?=",
      data: "json noNul:true?=",
      bytes: "bytes?=",
      raw: "bytes?=",
      tags: "list of text?=",
      few: "list of enum?=",
      twice: "integer bits:32?=!",
      made: "text noNul:true maxLength:255=",
      updatedAt: "instant digits:6?=~",
      version: "integer bits:32=~",
      local: "instant digits:6?=",
      exact: "instant digits:6?=",
      asText: "instant digits:6?=",
      span: "duration digits:6?=",
      any: "decimal?=",
      counts: "list of integer?=",
      mood: "enum values:happy,Sad and long?=",
      moods: "list of enum?=",
    });
  });

  test("what cannot be carried is named with its reason", () => {
    expect(models.leftOut).toEqual({
      "Thing.corner": "a value of type point cannot be carried",
      "Thing.money": "a value of Money is converted: say in `kinds` what kind of value the application sees",
      "Thing.stamp": "a value of Seconds is converted: say in `kinds` what kind of value the application sees",
      "Thing.shouted": "a value of Shouted is converted in SQL, which is not supported",
    });
  });

  test("keys: sequence, the application's own, values", () => {
    const keys = models.names.map((name) => [name, models.model(name).keySource, models.model(name).primaryKey] as const);
    expect(Object.fromEntries(keys.map(([name, ...key]) => [name, key]))).toEqual({
      Thing: ["allocated", ["id"]],
      Place: ["allocated", ["id"]],
      Tenant: ["values", ["id"]],
      Role: ["values", ["tenant", "name"]],
      Grant: ["values", ["place", "tenant", "role.name"]],
      place_twins: ["values", ["place_1_id", "place_2_id"]],
      role_holders: ["values", ["role_tenant_id", "role_name", "place_id"]],
    });
  });

  test("unique keys are found on properties, on entities and on relations; one over a part of the table is none", () => {
    expect(models.model("Thing").uniqueKeys).toEqual([
      { name: "text", fields: ["text"] },
      { name: "short_of_code", fields: ["short", "code"] },
    ]);
    expect(models.model("Place").uniqueKeys).toEqual([
      { name: "cloudId", fields: ["cloudId"] },
      { name: "name_of_place", fields: ["name"] },
    ]);
    expect(models.model("Grant").uniqueKeys).toEqual([{ name: "seal", fields: ["seal"] }]);
  });

  test("references: to itself, in keys, of several columns, with a column that two of them share, without a foreign key", () => {
    expect(models.model("Place").references).toEqual([{ name: "within", fields: ["within"], target: "Place", targetFields: ["id"], onDelete: "set-null" }]);
    expect(models.model("Role").references).toEqual([{ name: "tenant", fields: ["tenant"], target: "Tenant", targetFields: ["id"], onDelete: "restrict" }]);
    expect(models.model("Grant").references).toEqual([
      { name: "place", fields: ["place"], target: "Place", targetFields: ["id"], onDelete: "cascade" },
      { name: "role", fields: ["tenant", "role.name"], target: "Role", targetFields: ["tenant", "name"], onDelete: "cascade" },
      { name: "tenant", fields: ["tenant"], target: "Tenant", targetFields: ["id"], onDelete: "none" },
      { name: "deputy", fields: ["deputy.tenant", "deputy.name"], target: "Role", targetFields: ["tenant", "name"], onDelete: "set-null" },
      { name: "seal", fields: ["seal"], target: "Tenant", targetFields: ["id"], onDelete: "set-null" },
    ]);
  });

  test("columns of relations have the kind of what they refer to, and are null where the relation may be", () => {
    expect(fields(models.model("Grant"))).toEqual({
      place: "uuid",
      "role.name": "text noNul:true maxLength:255",
      tenant: "integer bits:32",
      "deputy.tenant": "integer bits:32?=",
      "deputy.name": "text noNul:true maxLength:255?=",
      seal: "integer bits:32?=",
      note: "text noNul:true maxLength:255?=",
    });
  });

  test("a pivot table is made of its references", () => {
    expect(models.model("role_holders").references).toEqual([
      { name: "role_tenant_id_role_name", fields: ["role_tenant_id", "role_name"], target: "Role", targetFields: ["tenant", "name"], onDelete: "cascade" },
      { name: "place_id", fields: ["place_id"], target: "Place", targetFields: ["id"], onDelete: "cascade" },
    ]);
  });

  test("no foreign key is relied on where the schema generator makes none", () => {
    const { references } = read(postgres(postgresEntities, { schemaGenerator: { createForeignKeyConstraints: false } })).model("Place");
    expect(references.map(({ onDelete }) => onDelete)).toEqual(["none"]);
  });

  test("a unique cloudId is known by its name", () => {
    expect(models.model("Place").syncFields).toEqual({ cloudId: "cloudId" });
    expect(read(postgres(postgresEntities), { syncFields: { cloudId: false } }).model("Place").syncFields).toEqual({});
  });

  test("a type of the application's own takes part where its kind is declared", () => {
    const declared = read(postgres(postgresEntities), { kinds: { Thing: { money: { type: "integer", bits: 53 } } } });
    expect(fields(declared.model("Thing"))["money"]).toBe("integer bits:53?=");
    expect(Object.keys(declared.leftOut)).not.toContain("Thing.money");
  });
});

describe("SQLite", () => {
  const models = read(sqlite(sqliteEntities));

  test("each property has its kind", () => {
    expect(fields(models.model("Thing"))).toEqual({
      id: "integer bits:64=",
      small: "integer bits:53?=",
      whole: "integer bits:53?=",
      big: "integer bits:64?=",
      safe: "integer bits:53?=",
      digits: "integer bits:64?=",
      single: "float bits:64 noNaN:true?=",
      double: "float bits:64 noNaN:true?=",
      amount: "decimal precision:15?=",
      asNumber: "decimal precision:12?=",
      active: "boolean=",
      text: "text?=",
      short: "text?=",
      tidy: "text?=",
      fixed: "text?=",
      code: "text?=",
      oneOf: "enum values:a,b?=",
      level: "integer bits:53?=",
      at: "instant digits:3 noInfinity:true?=",
      day: "date?=",
      hour: "time digits:0?=",
      data: "json?=",
      bytes: "bytes?=",
      raw: "bytes?=",
      tags: "list of text?=",
      few: "list of enum?=",
      twice: "integer bits:53?=!",
      made: "text=",
      updatedAt: "instant digits:3 noInfinity:true?=~",
      version: "integer bits:53=~",
    });
  });
});

describe("what cannot take part is named with its reason", () => {
  const id = p.integer().primary();
  const Address = defineEntity({ embeddable: true, name: "Address", properties: { city: p.string() } });
  const Animal = defineEntity({ name: "Animal", discriminatorColumn: "type", properties: { id, type: p.enum(["animal", "dog"]) } });
  const Dog = defineEntity({ name: "Dog", extends: Animal, discriminatorValue: "dog", properties: { barks: p.boolean() } });
  const Vehicle = defineEntity({ name: "Vehicle", inheritance: "tpt", properties: { id, wheels: p.integer() } });
  const Lorry = defineEntity({ name: "Lorry", extends: Vehicle, properties: { load: p.integer() } });
  const Person = defineEntity({ name: "Person", properties: { id, home: () => p.embedded(Address) } });
  const Seen = defineEntity({ name: "Seen", view: true, expression: "select 1 as id", properties: { id } });
  const Virtual = defineEntity({ name: "Virtual", expression: "select 1 as one", properties: { one: p.integer() } });
  const Moving = defineEntity({ name: "Moving", schema: "*", properties: { id } });
  const Elsewhere = defineEntity({ name: "Elsewhere", schema: "far", properties: { id } });
  const Like = defineEntity({ name: "Like", properties: { id, of: () => p.manyToOne([Place, Person]) } });
  const Place = defineEntity({ name: "Place", properties: { id } });
  const entities = [Address, Animal, Dog, Vehicle, Lorry, Person, Seen, Virtual, Moving, Elsewhere, Like, Place];

  test("inheritance, embeddables, views, polymorphic relations and schemas that are nowhere named", () => {
    const models = read(postgres(entities));
    expect(models.names).toEqual(["Place", "Elsewhere"]);
    expect(models.leftOut).toEqual({
      Animal: "single table inheritance is not supported",
      Dog: "single table inheritance is not supported",
      Vehicle: "table-per-type inheritance is not supported",
      Lorry: "table-per-type inheritance is not supported",
      Person: "its property `home` is an embeddable, which is not supported",
      Seen: "it is a view",
      Virtual: "it is made of an expression, not of a table",
      Moving: "its schema is chosen with each query",
      Like: "its relation `of` is polymorphic, which is not supported",
    });
  });

  test("attached databases of SQLite", () => {
    expect(read(sqlite(entities)).leftOut["Elsewhere"]).toBe("its table is in an attached database");
  });
});

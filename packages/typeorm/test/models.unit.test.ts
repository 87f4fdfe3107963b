import type { Field, Model } from "@sync/core";
import { naturalKey } from "@sync/core";
import type { LibraryModels } from "@sync/sql";
import { Column, CreateDateColumn, DeleteDateColumn, Entity, EntitySchema, PrimaryColumn, PrimaryGeneratedColumn, TableInheritance, Tree, TreeChildren, TreeParent, UpdateDateColumn, VersionColumn, ViewEntity } from "typeorm";
import { ChildEntity, ManyToOne, Unique, ViewColumn, VirtualColumn } from "typeorm";
import { describe, expect, test } from "vitest";
import { Synced, synced } from "../src/index.ts";
import { modelsOf } from "../src/models.ts";
import { describedBy } from "./support/open.ts";
import { notes, people, places, tenants, things } from "./support/schemas.ts";

type Context = Parameters<typeof modelsOf>[1];

async function read(engine: "postgres" | "sqlite", entities: readonly object[], context: Partial<Context> = {}): Promise<LibraryModels> {
  const dataSource = await describedBy(engine === "postgres" ? "postgres" : "better-sqlite3", entities as never);
  return modelsOf(dataSource, { engine, syncFields: {}, kinds: {}, keys: {}, ...context });
}

const found = (models: LibraryModels, name: string) => models.models.find((each) => each.model.name === name)!;
const model = (models: LibraryModels, name: string): Model => found(models, name).model;

/** `kind`, with `?` for nullable, `=` for "an insert may leave it out", `~` for stamped, `!` for never written. */
function described({ kind, nullable, optional, stamped, writable }: Field): string {
  const { type, ...sizes } = kind;
  const shown = "of" in sizes ? `${type} of ${sizes.of.type}` : [type, ...Object.entries(sizes).map(([name, size]) => `${name}:${size}`)].join(" ");
  return `${shown}${nullable ? "?" : ""}${optional ? "=" : ""}${stamped ? "~" : ""}${writable ? "" : "!"}`;
}

const fields = (of: Model): Record<string, string> => Object.fromEntries(of.fields.map((field) => [field.name, described(field)]));

describe("on PostgreSQL", async () => {
  const models = await read("postgres", [things, tenants, people, places]);

  test("entities are the models, and so are the join tables of many-to-many relations", () => {
    expect(models.models.map(({ model: { name }, table }) => [name, table.name])).toEqual([
      ["Thing", "all_things"], ["Tenant", "tenant"], ["Person", "person"], ["Place", "place"], ["visits", "visits"],
    ]);
  });

  test("each type has its kind", () => {
    expect(fields(model(models, "Thing"))).toEqual({
      id: "integer bits:64=",
      small: "integer bits:16?=",
      whole: "integer bits:32?=",
      big: "integer bits:64?=",
      single: "float bits:32?=",
      double: "float bits:64?=",
      amount: "decimal precision:20 scale:4?=",
      any: "decimal?=",
      active: "boolean=",
      text: "text noNul:true?=",
      short: "text noNul:true maxLength:20?=",
      fixed: "text noNul:true maxLength:3?=",
      code: "uuid?=",
      at: "instant digits:6?=",
      moment: "instant digits:6?=",
      day: "date?=",
      hour: "time digits:3?=",
      span: "duration digits:6?=",
      data: "json noNul:true?=",
      plainJson: "json noNul:true?=",
      simpleJson: "json?=",
      bytes: "bytes?=",
      mood: "enum values:happy,Sad and long?=",
      level: "enum values:0,1,2?=",
      tags: "list of text?=",
      counts: "list of integer?=",
      moods: "list of enum?=",
      times: "list of instant?=",
      words: "list of text?=",
      twice: "integer bits:32?=!",
    });
  });

  test("columns of unknown types and of transformers of unknown kinds are left out, with the reason", () => {
    expect(Object.fromEntries(models.leftOut)).toEqual({
      "Thing.cents": "a value of unknown kind comes from its transformer: say in `kinds` which",
      "Thing.stamp": "a value of unknown kind comes from its transformer: say in `kinds` which",
      "Thing.corner": "a value of type point cannot be carried",
    });
  });

  test("unique columns, constraints and indexes are unique keys, an index over a part of the table is none", () => {
    expect(model(models, "Thing").uniqueKeys.map((key) => key.fields)).toEqual([["text"], ["short", "code"], ["whole"]]);
  });

  test("keys are allocated where TypeORM or the database makes them", () => {
    expect(models.models.map((each) => [each.model.primaryKey, each.model.keySource, typeof each.keyMaker])).toEqual([
      [["id"], "allocated", "string"],
      [["id"], "allocated", "function"],
      [["tenant", "number"], "values", "undefined"],
      [["id"], "allocated", "string"],
      [["personTenant", "personNumber", "placeId"], "values", "undefined"],
    ]);
  });

  test("relations are references, also those that share a column and those that the database does not hold", () => {
    expect(model(models, "Person").references).toEqual([
      { name: "tenantOf", fields: ["tenant"], target: "Tenant", targetFields: ["id"], onDelete: "cascade" },
      { name: "boss", fields: ["tenant", "boss.number"], target: "Person", targetFields: ["tenant", "number"], onDelete: "restrict" },
      { name: "home", fields: ["home"], target: "Place", targetFields: ["id"], onDelete: "set-null" },
    ]);
    expect(model(models, "Place").references).toEqual([{ name: "within", fields: ["within"], target: "Place", targetFields: ["id"], onDelete: "none" }]);
    expect(model(models, "visits").references).toEqual([
      { name: "personTenant", fields: ["personTenant", "personNumber"], target: "Person", targetFields: ["tenant", "number"], onDelete: "cascade" },
      { name: "placeId", fields: ["placeId"], target: "Place", targetFields: ["id"], onDelete: "cascade" },
    ]);
    expect(found(models, "Person").columns.map((column) => column.column)).toEqual(["tenant", "number", "name", "boss_number", "home_id"]);
  });

  test("fields that belong to the sync are recognised", () => {
    expect(model(models, "Tenant").syncFields).toEqual({ cloudId: "cloudId" });
  });
});

describe("on SQLite", async () => {
  const models = await read("sqlite", [notes]);

  test("each type has its kind", () => {
    expect(fields(model(models, "Note"))).toEqual({
      id: "integer bits:53=",
      whole: "integer bits:53?=",
      big: "integer bits:64?=",
      active: "boolean?=",
      ratio: "float bits:64 noNaN:true?=",
      amount: "decimal precision:15?=",
      bytes: "bytes?=",
      text: "text?=",
      code: "text?=",
      at: "instant digits:3 noInfinity:true?=",
      day: "date noInfinity:true?=",
      hour: "time digits:6?=",
      data: "json?=",
      binary: "json?=",
      simpleJson: "json?=",
      level: "enum values:0,1,2?=",
      words: "list of text?=",
      made: "instant digits:3 noInfinity:true=",
      changed: "instant digits:3 noInfinity:true=~",
      gone: "instant digits:3 noInfinity:true?=",
      version: "integer bits:53=~",
    });
  });

  test("of a moment, TypeORM shows milliseconds, and so do we, whatever stands there", () => {
    const at = found(models, "Note").columns.find(({ field }) => field === "at")!;
    for (const stored of ["2026-01-02 03:04:05.678", "2026-01-02T03:04:05.678Z", "2026-01-02 03:04:05.678901"]) {
      expect(at.decode(stored)).toBe("2026-01-02T03:04:05.678Z");
    }
  });
});

describe("decorated classes", () => {
  class Dated {
    @CreateDateColumn() made!: Date;
    @UpdateDateColumn() changed!: Date;
    @DeleteDateColumn() gone!: Date | null;
    @VersionColumn() version!: number;
  }

  class Name {
    @Column({ type: "varchar" }) first!: string;
    @Column({ type: "varchar", nullable: true }) last!: string | null;
  }

  @Entity()
  @Synced({ match: naturalKey("code") })
  @Unique(["code"])
  class Airport extends Dated {
    @PrimaryGeneratedColumn("uuid") id!: string;
    @Column({ type: "varchar" }) code!: string;
    @Column(() => Name) name!: Name;
    @Column({ type: "varchar", insert: false, update: false, default: "x" }) fixed!: string;
    @VirtualColumn({ query: (alias) => `select count(*) from airport where id = ${alias}.id` }) count!: number;
    @ManyToOne(() => Airport, { nullable: true }) hub!: Airport | null;
  }

  test("give the same as schemas, with the columns of their base classes and of embedded classes", async () => {
    const { models: [airport] } = await read("sqlite", [Airport]);
    expect(fields(airport!.model)).toEqual({
      id: "text=",
      code: "text",
      fixed: "text=!",
      hub: "text?=",
      made: "instant digits:3 noInfinity:true=",
      changed: "instant digits:3 noInfinity:true=~",
      gone: "instant digits:3 noInfinity:true?=",
      version: "integer bits:53=~",
      "name.first": "text",
      "name.last": "text?=",
    });
    expect(airport!.columns.map((column) => column.column)).toEqual(["made", "changed", "gone", "version", "id", "code", "fixed", "hubId", "nameFirst", "nameLast"]);
    expect(airport!.model.references).toMatchObject([{ name: "hub", fields: ["hub"], target: "Airport", targetFields: ["id"] }]);
  });

  test("say how they are kept the same; a delete date is how they are deleted", async () => {
    const { models: [airport] } = await read("postgres", [Airport]);
    expect(airport!.model.declared).toEqual({ match: naturalKey("code"), softDelete: "gone" });
    const gone = new EntitySchema<{ id: number; gone: Date; old: boolean }>({
      name: "Gone", columns: { id: { type: Number, primary: true }, gone: { type: Date, deleteDate: true }, old: { type: Boolean } },
    });
    for (const declaration of [{ omit: ["gone"] }, { softDelete: "old" }] as const) {
      expect(model(await read("postgres", [synced(gone, declaration)]), "Gone").declared).toEqual(declaration);
    }
  });

  test("that inherit in one table, views and trees are left out, with the reason", async () => {
    @Entity()
    @TableInheritance({ column: { type: "varchar", name: "type" } })
    class Content {
      @PrimaryGeneratedColumn() id!: number;
    }
    @ChildEntity()
    class Photo extends Content {
      @Column({ type: "varchar" }) size!: string;
    }
    @ViewEntity({ expression: "select 1 as one" })
    class One {
      @ViewColumn() one!: number;
    }
    @Entity()
    @Tree("closure-table")
    class Branch {
      @PrimaryColumn({ type: "int" }) id!: number;
      @TreeChildren() children!: Branch[];
      @TreeParent() parent!: Branch | null;
    }
    const { models, leftOut } = await read("postgres", [Content, Photo, One, Branch, Airport]);
    expect(models.map((each) => each.model.name)).toEqual(["Airport"]);
    expect(Object.fromEntries(leftOut)).toEqual({
      Content: "single table inheritance is not supported",
      Photo: "single table inheritance is not supported",
      One: "it is a view",
      Branch: "TypeORM itself keeps the columns and tables of a tree",
      branch_closure: "TypeORM itself keeps the columns and tables of a tree",
    });
  });
});

describe("relations", () => {
  interface Person {
    id: number;
    code: string;
    friends: Person[];
    boss: Person | null;
  }
  const person = new EntitySchema<Person>({
    name: "Person",
    columns: { id: { type: Number, primary: true, generated: true }, code: { type: String, unique: true } },
    relations: {
      friends: { type: "many-to-many", target: "Person", joinTable: true },
      boss: { type: "many-to-one", target: "Person", joinColumn: { name: "boss_code", referencedColumnName: "code" } },
    },
  });

  test("may be among records of one entity, and by another key than the primary one", async () => {
    const models = await read("postgres", [person]);
    expect(model(models, "Person").references).toEqual([{ name: "boss", fields: ["boss"], target: "Person", targetFields: ["code"], onDelete: "restrict" }]);
    expect(model(models, "person_friends_person").references).toMatchObject([
      { name: "personId_1", fields: ["personId_1"], target: "Person", targetFields: ["id"] },
      { name: "personId_2", fields: ["personId_2"], target: "Person", targetFields: ["id"] },
    ]);
  });

  test("a join table declares itself when its ends do", async () => {
    expect(model(await read("postgres", [person]), "person_friends_person").declared).toBeUndefined();
    synced(person, { match: naturalKey("code") });
    expect(model(await read("postgres", [person]), "person_friends_person").declared).toEqual({});
  });
});

describe("schemas", () => {
  const named = (options: object) => new EntitySchema<{ id: string; name: string }>({
    name: "Named", columns: { id: { type: "varchar", primary: true }, name: { type: "varchar", ...options } },
  });

  test("say how they are kept the same", async () => {
    const schema = synced(named({ unique: true }), { match: naturalKey("name"), omit: ["id"] });
    expect(model(await read("sqlite", [schema]), "Named").declared).toEqual({ match: naturalKey("name"), omit: ["id"] });
    expect(model(await read("sqlite", [named({ unique: true })]), "Named").declared).toBeUndefined();
  });

  test("a required column that cannot be carried leaves the entity out", async () => {
    expect((await read("postgres", [named({ type: "point" })])).leftOut.get("Named")).toBe("its field `name` is required, and a value of type point cannot be carried");
    expect((await read("postgres", [named({ transformer: { to: String, from: String } })])).leftOut.get("Named"))
      .toBe("its field `name` is required, and a value of unknown kind comes from its transformer: say in `kinds` which");
  });

  test("keys that the application makes are made by `keys`", async () => {
    const make = (): string => "made";
    const [one] = (await read("sqlite", [named({})], { keys: { Named: make } })).models;
    expect([one!.model.keySource, one!.keyMaker]).toEqual(["allocated", make]);
  });

  test("a kind that is declared for a transformer stands", async () => {
    const kinds = { Named: { name: { type: "integer", bits: 53 } as const } };
    expect(fields(model(await read("sqlite", [named({ transformer: { to: String, from: Number } })], { kinds }), "Named"))).toEqual({ id: "text", name: "integer bits:53" });
  });
});

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { getDMMF } from "@prisma/get-dmmf";
import type { Field, Model } from "@sync/core";
import type { LibraryModels, SyncFieldNames } from "@sync/sql";
import { describe, expect, test } from "vitest";
import type { Engine } from "../src/client.ts";
import { readSchema } from "../src/dmmf.ts";
import type { PrismaDmmf } from "../src/dmmf.ts";
import { modelsOf } from "../src/models.ts";

const path = (engine: string): string => fileURLToPath(new URL(`./${engine}/schema.prisma`, import.meta.url));

function read(source: string, engine: Engine = "sqlite", syncFields: SyncFieldNames = {}): LibraryModels {
  return modelsOf(readSchema(source), { engine, schemaName: engine === "postgres" ? "public" : undefined, timestampFormat: "iso8601", syncFields, declarations: new Map() });
}

/** A schema with these models in it. */
function schema(models: string, datasource = 'provider = "sqlite"'): string {
  return `datasource db {\n  ${datasource}\n}\n${models}`;
}

function model(models: LibraryModels, name: string): Model {
  return models.models.find((each) => each.model.name === name)!.model;
}

/** `kind`, with `?` for nullable, `=` for "an insert may leave it out", `~` for stamped. */
function described({ kind, nullable, optional, stamped }: Field): string {
  const { type, ...sizes } = kind;
  const shown = "of" in sizes ? `${type} of ${sizes.of.type}` : [type, ...Object.entries(sizes).map(([name, size]) => `${name}:${size}`)].join(" ");
  return `${shown}${nullable ? "?" : ""}${optional ? "=" : ""}${stamped ? "~" : ""}`;
}

function fields(of: Model): Record<string, string> {
  return Object.fromEntries(of.fields.map((field) => [field.name, described(field)]));
}

describe("SQLite", () => {
  const models = read(path("sqlite"));

  test("each type has its kind", () => {
    expect(fields(model(models, "User"))).toEqual({
      id: "text=",
      email: "text?=",
      age: "integer bits:32?=",
      big: "integer bits:64?=",
      amount: "decimal precision:15?=",
      ratio: "float bits:64 noNaN:true?=",
      active: "boolean=",
      bornAt: "instant digits:3 noInfinity:true=",
      updatedAt: "instant digits:3 noInfinity:true=~",
      settings: "json?=",
      picture: "bytes?=",
      color: "enum values:RED,GREEN=",
    });
  });

  test("tables and columns have their mapped names", () => {
    const user = models.models[0]!;
    expect(user.table).toEqual({ name: "users" });
    expect(user.columns.map((column) => column.column)).toEqual([
      "id", "email", "age", "big", "amount", "ratio", "active", "born_at", "updated_at", "settings", "picture", "color",
    ]);
  });

  test("an enum travels by its names and is stored by its mapped values", () => {
    const color = models.models[0]!.columns.at(-1)!;
    expect([color.encode("RED"), color.encode("GREEN")]).toEqual(["r", "GREEN"]);
    expect([color.decode("r"), color.decode("GREEN")]).toEqual(["RED", "GREEN"]);
  });

  test("a time is read as text, as milliseconds and as CURRENT_TIMESTAMP, and written as Prisma writes it", () => {
    const column = models.models[0]!.columns.find((each) => each.field === "bornAt")!;
    for (const stored of ["2026-01-02T03:04:05.600+00:00", "1767323045600", "2026-01-02T03:04:05.6Z", "2026-01-02 03:04:05.6", "2026-01-02T03:04:05.600999Z"]) {
      expect(column.decode(stored)).toBe("2026-01-02T03:04:05.6Z");
    }
    expect(column.encode("2026-01-02T03:04:05.6Z")).toBe("2026-01-02T03:04:05.600+00:00");
    expect(column.encode("2026-01-02T03:04:05Z")).toBe("2026-01-02T03:04:05.000+00:00");
    expect(column.encode("+012026-01-02T03:04:05Z")).toBe("+012026-01-02T03:04:05.000+00:00");
    expect(() => column.encode("+294276-12-31T23:59:59Z")).toThrow("VALUE.OUT_OF_RANGE");
  });
});

describe("PostgreSQL", () => {
  const models = read(path("postgres"), "postgres");

  test("each type has its kind", () => {
    expect(fields(model(models, "Thing"))).toEqual({
      id: "integer bits:32=",
      small: "integer bits:16?=",
      big: "integer bits:64?=",
      single: "float bits:32?=",
      double: "float bits:64?=",
      amount: "decimal precision:65 scale:30?=",
      price: "decimal precision:10 scale:2?=",
      active: "boolean=",
      text: "text noNul:true?=",
      short: "text noNul:true maxLength:20?=",
      fixed: "text noNul:true maxLength:3?=",
      code: "uuid?=",
      at: "instant digits:3?=",
      atMicros: "instant digits:6?=",
      moment: "instant digits:6?=",
      day: "date?=",
      hour: "time digits:3?=",
      data: "json noNul:true?=",
      plainJson: "json noNul:true?=",
      bytes: "bytes?=",
      mood: "enum values:happy,sad=",
      plain: "enum values:one,Two?=",
      tags: "list of text=",
      counts: "list of integer=",
      moods: "list of enum=",
      times: "list of instant=",
      updatedAt: "instant digits:3=~",
    });
  });

  test("a type that cannot be carried leaves its field out, with the reason", () => {
    expect([...models.leftOut]).toEqual([["Thing.money", "a value of type @db.Money cannot be carried"]]);
  });

  test("a required type that cannot be carried leaves its model out, even if Prisma's client would fill it in", () => {
    const source = schema("model M {\nid Int @id\nat DateTime @updatedAt @db.Timetz\n}", 'provider = "postgresql"');
    expect([...read(source, "postgres").leftOut]).toEqual([["M", "its field `at` is required, and a value of type @db.Timetz cannot be carried"]]);
  });

  test("casts name the types as they are in the database", () => {
    const types = Object.fromEntries(models.models[0]!.columns.map((column) => [column.field, column.write("x")]));
    expect(types).toMatchObject({ mood: 'x::"public"."mood_type"', plain: 'x::"public"."Plain"', at: "x::timestamp" });
    expect(types).toMatchObject({ moods: `coalesce(x::"public"."mood_type"[], '{}')`, tags: "coalesce(x::text[], '{}')" });
  });

  test("a list may be another than was sent: no list is an empty one", () => {
    expect(models.models[0]!.columns.filter(({ lossy }) => lossy).map(({ field }) => field)).toEqual(["fixed", "tags", "counts", "moods", "times"]);
  });

  test("a timestamp without a zone is a moment in UTC", () => {
    const at = models.models[0]!.columns.find((column) => column.field === "at")!;
    expect(at.decode('"2026-01-02T03:04:05.6"')).toBe("2026-01-02T03:04:05.6Z");
    expect(at.encode("2026-01-02T03:04:05.6Z")).toBe("2026-01-02T03:04:05.6");
  });
});

describe("keys", () => {
  const keyed = (declaration: string, engine: Engine = "sqlite"): { source: string; maker: unknown } => {
    const provider = engine === "sqlite" ? "sqlite" : "postgresql";
    const { models } = read(schema(`model M {\n${declaration}\n}`, `provider = "${provider}"`), engine);
    const { keyMaker } = models[0]!;
    return { source: models[0]!.model.keySource, maker: typeof keyMaker === "function" ? keyMaker() : keyMaker };
  };

  test.each([
    ["id Int @id @default(autoincrement())", /^database$/],
    ["id String @id @default(cuid())", /^c[0-9a-z]{24}$/],
    ["id String @id @default(cuid(2))", /^[a-z][0-9a-z]{23}$/],
    ["id String @id @default(uuid())", /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/],
    ["id String @id @default(uuid(7))", /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/],
    ["id String @id @default(nanoid())", /^[\w-]{21}$/],
    ["id String @id @default(nanoid(10))", /^[\w-]{10}$/],
    ["id String @id @default(ulid())", /^[0-9A-HJKMNP-TV-Z]{26}$/],
  ])("%s", (declaration, form) => {
    const { source, maker } = keyed(declaration);
    expect(source).toBe("allocated");
    expect(maker).toEqual(expect.stringMatching(form));
  });

  test("a uuid that the database would make is made by us", () => {
    const { source, maker } = keyed('id String @id @default(dbgenerated("gen_random_uuid()")) @db.Uuid', "postgres");
    expect(source).toBe("allocated");
    expect(maker).toEqual(expect.stringMatching(/^[0-9a-f-]{36}$/));
  });

  test("a text that only the database can make is told from one that the record brings", () => {
    const { models } = read(schema('model M {\nid String @id @default(dbgenerated("lower(hex(randomblob(8)))"))\n}'));
    expect(models[0]!.model).toMatchObject({ keySource: "values", fields: [{ name: "id", optional: true }] });
  });

  test.each(["code String @id", "a Int\nb Int\n@@id([a, b])"])("%s: the record brings it", (declaration) => {
    expect(keyed(declaration)).toEqual({ source: "values", maker: undefined });
  });

  test("made ids are not made twice", () => {
    const { models } = read(schema("model M {\nid String @id @default(cuid())\n}"));
    const make = models[0]!.keyMaker as () => string;
    expect(new Set(Array.from({ length: 10_000 }, make)).size).toBe(10_000);
  });

  test("a model without an id has the first unique key without nulls for one", () => {
    const source = schema("model M {\nmaybe Int? @unique\ncode String @unique\nother Int @unique\n}");
    expect(model(read(source), "M")).toMatchObject({
      primaryKey: ["code"],
      uniqueKeys: [{ name: "maybe", fields: ["maybe"] }, { name: "other", fields: ["other"] }],
    });
  });

  test("unique keys of several fields are seen, with their names", () => {
    expect(model(read(path("sqlite")), "Post").uniqueKeys).toEqual([
      { name: "cloudId", fields: ["cloudId"] },
      { name: "titleOfAuthor", fields: ["title", "authorId"] },
    ]);
    expect(model(read(path("sqlite")), "Grant")).toMatchObject({ primaryKey: ["role", "right"], uniqueKeys: [] });
  });
});

describe("references", () => {
  test("each relation with fields is one, with what the database does when the parent goes", () => {
    expect(model(read(path("sqlite")), "Post").references).toEqual([
      { name: "author", fields: ["authorId"], target: "User", targetFields: ["id"], onDelete: "cascade" },
      { name: "parent", fields: ["parentId"], target: "Post", targetFields: ["id"], onDelete: "set-null" },
    ]);
  });

  const pair = (relation: string, optional = ""): string =>
    `model A {\nid Int @id\nbs B[]\n}\nmodel B {\nid Int @id\naId Int${optional}\na A${optional} @relation(fields: [aId], references: [id]${relation})\n}`;

  test.each([
    ["", "", "restrict"],
    ["", "?", "set-null"],
    [", onDelete: Cascade", "", "cascade"],
    [", onDelete: NoAction", "", "restrict"],
  ])("onDelete%s on an a%s is %s", (relation, optional, onDelete) => {
    expect(model(read(schema(pair(relation, optional))), "B").references[0]).toMatchObject({ onDelete });
  });

  test("without foreign keys in the database nothing is done", () => {
    const source = schema(pair("").replace("aId Int\n", "aId Int\n@@index([aId])\n"), 'provider = "sqlite"\n  relationMode = "prisma"');
    expect(model(read(source), "B").references[0]).toMatchObject({ onDelete: "none" });
  });

  describe("an implicit many-to-many relation", () => {
    const posts = "model Tag {\nid String @id\nposts Post[]\n}\nmodel Post {\nkey Int @id @map(\"k\")\ntags Tag[]\n}";

    test("is a model under the name of its table, keyed by its two references", () => {
      const { models, leftOut } = read(schema(posts));
      const edge = models.find((each) => each.model.name === "_PostToTag")!;
      expect(edge.table).toEqual({ name: "_PostToTag" });
      expect(edge.columns.map(({ column }) => column)).toEqual(["A", "B"]);
      expect(fields(edge.model)).toEqual({ A: "integer bits:32", B: "text" });
      expect(edge.model).toMatchObject({
        primaryKey: ["A", "B"], keySource: "values", references: [
          { fields: ["A"], target: "Post", targetFields: ["key"], onDelete: "cascade" }, { fields: ["B"], target: "Tag", targetFields: ["id"], onDelete: "cascade" },
        ],
      });
      expect([...leftOut]).toEqual([]);
    });

    test("has the name that the schema gives it; a model's relation to itself has its ends in the order of the fields", () => {
      const { models } = read(schema("model U {\nid Int @id\nzFans U[] @relation(\"fans\")\naIdols U[] @relation(\"fans\")\nbest U? @relation(\"best\", fields: [bestId], references: [id])\nbestId Int?\nbestOf U[] @relation(\"best\")\n}"));
      expect(models.map((each) => each.model.name)).toEqual(["U", "_fans"]);
      expect(models[1]!.model.references.map(({ target }) => target)).toEqual(["U", "U"]);
    });

    test("refers to rows that nobody watches over where Prisma keeps relations by itself", () => {
      const source = schema(posts, 'provider = "sqlite"\nrelationMode = "prisma"');
      expect(model(read(source), "_PostToTag").references.map(({ onDelete }) => onDelete)).toEqual(["none", "none"]);
    });

    test("is left out with a way to mend it where its table cannot be told, or one of its models takes no part", () => {
      const apart = read(
        schema('model Post {\nid Int @id\ntags Tag[]\n@@schema("a")\n}\nmodel Tag {\nid Int @id\nposts Post[]\n@@schema("b")\n}', 'provider = "postgresql"\nschemas = ["a", "b"]'),
        "postgres",
      );
      expect(apart.leftOut.get("_PostToTag")).toMatch(/two schemas.*; declare the table of the relation as a model/);
      expect(apart.leftOut.get("Post.tags")).toMatch(/implicit many-to-many relation.*two schemas/);
      const without = read(schema("model Post {\nid Int @id\ntags Tag[]\n}\nmodel Tag {\nid Decimal @id @db.Money\nposts Post[]\n}", 'provider = "postgresql"'), "postgres");
      expect(without.leftOut.get("_PostToTag")).toMatch(/its model `Tag` cannot take part; declare/);
    });
  });
});

describe("fields of the sync", () => {
  const source = schema("model M {\nid Int @id\ncloudId String? @unique\nlastSyncedAt DateTime?\nsyncStatus String?\nother String? @unique\n}");

  test("are known by their names", () => {
    expect(model(read(source), "M").syncFields).toEqual({ cloudId: "cloudId", lastSyncedAt: "lastSyncedAt", syncStatus: "syncStatus" });
  });

  test("may have other names or be switched off", () => {
    const syncFields = { cloudId: "other", syncStatus: false } as const;
    expect(model(read(source, "sqlite", syncFields), "M").syncFields).toEqual({ cloudId: "other", lastSyncedAt: "lastSyncedAt" });
  });

  test("a cloudId that is not unique is refused, with the way out", () => {
    const plain = schema("model M {\nid Int @id\ncloudId String?\n}");
    expect(() => read(plain)).toThrow(expect.objectContaining({ code: "MODEL.CLOUD_ID", model: "M", field: "cloudId" }));
    expect(() => read(plain)).toThrow("cloudId: false");
    expect(model(read(plain, "sqlite", { cloudId: false }), "M").syncFields).toEqual({});
  });
});

describe("a schema", () => {
  const text = readFileSync(path("sqlite"), "utf8");

  test("may be given as text, path, folder or DMMF", () => {
    const expected = read(path("sqlite")).models.map((each) => each.model);
    for (const source of [text, path("sqlite").replace("/schema.prisma", "")]) {
      expect(read(source).models.map((each) => each.model)).toEqual(expected);
    }
    expect(modelsOf(readSchema(getDMMF({ datamodel: text }) as PrismaDmmf), { engine: "sqlite", schemaName: undefined, timestampFormat: "iso8601", syncFields: {}, declarations: new Map() }).models).toHaveLength(3);
  });

  test("that cannot be read is refused", () => {
    expect(() => readSchema("model {")).toThrow(expect.objectContaining({ code: "OPTIONS.SCHEMA" }));
    expect(() => readSchema("/nowhere/schema.prisma")).toThrow(expect.objectContaining({ code: "OPTIONS.SCHEMA" }));
  });
});

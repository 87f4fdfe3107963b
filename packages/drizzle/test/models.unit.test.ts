import type { Field, Model } from "@sync/core";
import { sql } from "drizzle-orm";
import { CasingCache } from "drizzle-orm/casing";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import type { LibraryModels, SyncFieldNames } from "@sync/sql";
import { describe, expect, test } from "vitest";
import { modelsOf } from "../src/models.ts";
import { tablesOf } from "../src/tables.ts";
import { postgresSchema, sqliteSchema } from "./support/schemas.ts";

function read(schema: Record<string, unknown>, dialect: "postgres" | "sqlite", syncFields: SyncFieldNames = {}): LibraryModels {
  return modelsOf(tablesOf(schema, dialect), { dialect, syncFields, nameOf: (column) => column.name, kinds: {} });
}

function model(models: LibraryModels, name: string): Model {
  return models.models.find((each) => each.model.name === name)!.model;
}

/** `kind`, with `?` for nullable, `=` for "an insert may leave it out", `~` for stamped, `!` for never written. */
function described({ kind, nullable, optional, stamped, writable }: Field): string {
  const { type, ...sizes } = kind;
  const shown = "of" in sizes ? `${type} of ${sizes.of.type}` : [type, ...Object.entries(sizes).map(([name, size]) => `${name}:${size}`)].join(" ");
  return `${shown}${nullable ? "?" : ""}${optional ? "=" : ""}${stamped ? "~" : ""}${writable ? "" : "!"}`;
}

function fields(of: Model): Record<string, string> {
  return Object.fromEntries(of.fields.map((field) => [field.name, described(field)]));
}

describe("PostgreSQL", () => {
  const models = read(postgresSchema, "postgres");

  test("tables are the models, under their names in the schema object", () => {
    expect(models.models.map(({ model: { name }, table }) => [name, table])).toEqual([
      ["things", { name: "all_things" }],
      ["places", { name: "places" }],
      ["grants", { name: "grants" }],
    ]);
  });

  test("each type has its kind", () => {
    expect(fields(model(models, "things"))).toEqual({
      id: "integer bits:64=",
      small: "integer bits:16?=",
      whole: "integer bits:32?=",
      big: "integer bits:64?=",
      safe: "integer bits:53?=",
      single: "float bits:32?=",
      double: "float bits:64?=",
      amount: "decimal precision:20 scale:4?=",
      any: "decimal?=",
      asNumber: "decimal precision:15?=",
      asBigint: "integer?=",
      active: "boolean=",
      text: "text noNul:true?=",
      oneOf: "enum values:a,b?=",
      short: "text noNul:true maxLength:20?=",
      fixed: "text noNul:true maxLength:3?=",
      code: "uuid?=",
      at: "instant digits:6?=",
      atText: "local digits:6?=",
      moment: "instant digits:6?=",
      momentText: "instant digits:6?=",
      day: "date?=",
      dayDate: "date?=",
      hour: "time digits:3?=",
      span: "duration digits:6?=",
      data: "json noNul:true?=",
      plainJson: "json noNul:true?=",
      bytes: "bytes?=",
      mood: "enum values:happy,Sad and long?=",
      tags: "list of text?=",
      counts: "list of integer?=",
      moods: "list of enum?=",
      times: "list of instant?=",
      cents: "text noNul:true?=",
      twice: "integer bits:32?=!",
      updatedAt: "instant digits:6?=~",
      made: "text noNul:true=",
    });
    expect([...models.leftOut]).toEqual([["things.corner", "a value of type point cannot be carried"]]);
  });

  test("columns have the names of the database", () => {
    const columns = Object.fromEntries(models.models[0]!.columns.map((column) => [column.field, column.column]));
    expect(columns).toMatchObject({ big: "big_one", oneOf: "one_of", whole: "whole" });
  });

  test("unique keys are found wherever Drizzle keeps them", () => {
    expect(model(models, "things").uniqueKeys).toEqual([
      { name: "all_things_text_unique", fields: ["text"] },
      { name: "short_of_code", fields: ["short", "code"] },
      { name: "whole_idx", fields: ["whole"] },
    ]);
  });

  test("keys: sequence, random uuid, columns of the table", () => {
    const keys = models.models.map(({ model: { primaryKey, keySource }, keyMaker }) => [primaryKey, keySource, typeof keyMaker === "function" ? keyMaker() : keyMaker]);
    expect(keys).toEqual([
      [["id"], "allocated", "database"],
      [["id"], "allocated", expect.stringMatching(/^[0-9a-f-]{36}$/)],
      [["place", "role"], "values", undefined],
    ]);
  });

  test("columns of a key that is declared on the table are never null", () => {
    expect(fields(model(models, "grants"))).toEqual({ place: "uuid", role: "text noNul:true", note: "text noNul:true?=" });
  });

  test("references: of a column, of the table, to itself", () => {
    expect(model(models, "places").references).toEqual([
      { name: "places_within_places_id_fk", fields: ["within"], target: "places", targetFields: ["id"], onDelete: "set-null" },
    ]);
    expect(model(models, "grants").references).toEqual([
      { name: "grant_of_place", fields: ["place"], target: "places", targetFields: ["id"], onDelete: "cascade" },
    ]);
  });

  test("a unique cloudId is known by its name", () => {
    expect(model(models, "places").syncFields).toEqual({ cloudId: "cloudId" });
    expect(model(read(postgresSchema, "postgres", { cloudId: false }), "places").syncFields).toEqual({});
  });

  test("identity columns and named sequences make keys too", () => {
    const schema = {
      always: pg.pgTable("always", { id: pg.integer().primaryKey().generatedAlwaysAsIdentity() }),
      own: pg.pgTable("own", { id: pg.text().primaryKey().$defaultFn(() => "own") }),
      named: pg.pgTable("named", { id: pg.integer().primaryKey().default(sql`nextval('numbers'::regclass)`) }),
      plain: pg.pgTable("plain", { id: pg.integer().primaryKey() }),
    };
    const makers = read(schema, "postgres").models.map(({ keyMaker }) => (typeof keyMaker === "function" ? keyMaker() : keyMaker));
    expect(makers).toEqual(["database", "own", { sequence: "numbers" }, undefined]);
  });

  test("a key that only the database can make is told from one that the record brings", () => {
    const schema = {
      drawn: pg.pgTable("drawn", { id: pg.integer().primaryKey().default(sql`(random() * 1e9)::int`) }),
      computed: pg.pgTable("computed", { id: pg.text().primaryKey().generatedAlwaysAs(sql`lower(code)`), code: pg.text() }),
      brought: pg.pgTable("brought", { id: pg.text().primaryKey() }),
    };
    const told = read(schema, "postgres").models.map(({ model: { keySource, fields: [id] } }) => [keySource, id!.optional === true, id!.writable]);
    expect(told).toEqual([["values", true, true], ["values", true, false], ["values", false, true]]);
  });

  test("names follow the database's casing", () => {
    const table = pg.pgTable("t", { id: pg.integer().primaryKey(), firstName: pg.text(), as: pg.text("As") });
    const casing = new CasingCache("snake_case");
    const { models: cased } = modelsOf(tablesOf({ table }, "postgres"), { dialect: "postgres", syncFields: {}, nameOf: (column) => casing.getColumnCasing(column), kinds: {} });
    expect(cased[0]!.columns.map(({ field, column }) => [field, column])).toEqual([["id", "id"], ["firstName", "first_name"], ["as", "As"]]);
  });

  test("a custom type's own values are carried when their kind is declared", () => {
    const { models: declared } = modelsOf(tablesOf(postgresSchema, "postgres"), {
      dialect: "postgres",
      syncFields: {},
      nameOf: (column) => column.name,
      kinds: { things: { cents: { type: "integer", bits: 53 } } },
    });
    const cents = declared[0]!.columns.find((column) => column.field === "cents")!;
    expect(cents.decode("12;34")).toBe("1234");
    expect(cents.encode("1234")).toBe("12;34");
  });
});

describe("SQLite", () => {
  const models = read(sqliteSchema, "sqlite");

  test("each mode has its kind", () => {
    expect(fields(model(models, "notes"))).toEqual({
      id: "integer bits:53=",
      whole: "integer bits:53?=",
      seconds: "instant digits:0 noInfinity:true?=",
      millis: "instant digits:3 noInfinity:true?=",
      active: "boolean?=",
      ratio: "float bits:64 noNaN:true?=",
      amount: "decimal precision:15?=",
      asNumber: "decimal precision:15?=",
      asBigint: "integer bits:64?=",
      big: "integer?=",
      bytes: "bytes?=",
      blobJson: "json?=",
      text: "text?=",
      oneOf: "enum values:a,b?=",
      data: "json?=",
      flag: "text?=",
      double: "integer bits:53?=!",
    });
  });

  test("an index over an expression or a part of the table is no key", () => {
    expect(model(models, "notes").uniqueKeys).toEqual([{ name: "all_notes_text_unique", fields: ["text"] }]);
  });

  test("only the rowid is made by the database", () => {
    expect(models.models.map(({ model: { primaryKey, keySource }, keyMaker }) => [primaryKey, keySource, keyMaker])).toEqual([
      [["id"], "allocated", "database"],
      [["word"], "values", undefined],
    ]);
  });
});

describe("a schema", () => {
  test("with tables of another database is refused by name", () => {
    expect(() => read(sqliteSchema, "postgres")).toThrow(expect.objectContaining({ code: "OPTIONS.SCHEMA", model: "notes" }));
  });

  test("without a table is refused", () => {
    expect(() => read({ mood: postgresSchema.mood }, "postgres")).toThrow(expect.objectContaining({ code: "OPTIONS.SCHEMA" }));
  });

  test("leaves out tables without a key, with the reason", () => {
    const { models, leftOut } = read({ log: lite.sqliteTable("log", { line: lite.text() }), byCode: lite.sqliteTable("c", { code: lite.text().notNull().unique() }) }, "sqlite");
    expect(leftOut.get("log")).toMatch("neither a primary key nor a unique key");
    expect(models[0]!.model.primaryKey).toEqual(["code"]);
  });

  test("with a cloudId that is not unique is refused, with the way out", () => {
    const t = lite.sqliteTable("t", { id: lite.text().primaryKey(), cloudId: lite.text() });
    expect(() => read({ t }, "sqlite")).toThrow(expect.objectContaining({ code: "MODEL.CLOUD_ID", model: "t", field: "cloudId" }));
  });
});

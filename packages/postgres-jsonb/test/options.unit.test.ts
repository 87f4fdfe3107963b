import { refused } from "@sync/test-adapters";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { jsonbDatabase, jsonbSchema } from "../src/index.ts";
import type { DocumentOptions, PgPoolLike } from "../src/index.ts";
import { Country } from "./support/countries.ts";

/** Looks like a pool and does nothing. */
const client: PgPoolLike = { query: () => {}, connect: () => {}, totalCount: 0 };
const open = (options: object): unknown => jsonbDatabase(client, options as { documents: Record<string, DocumentOptions> });

describe("options", () => {
  test("nothing is opened or asked when a database is made; each level is a model", () => {
    const database = jsonbDatabase(client, { documents: { Country } });
    expect(database.name).toBe("postgres-jsonb/pg");
    expect([...database.endpoints.values()].map(({ model }) => [model.name, model.primaryKey, model.keySource])).toEqual([
      ["Country", ["id"], "allocated"],
      ["Country.regions", ["Country.id", "code"], "values"],
      ["Country.regions.airports", ["Country.id", "Country.regions.code", "ident"], "values"],
    ]);
  });

  test("a cloudId in the schema is taken for one, unless that is denied", () => {
    const schema = z.object({ code: z.string(), cloudId: z.string().optional() });
    const cloudIdOf = (more: object): unknown => jsonbDatabase(client, { documents: { Thing: { table: "things", schema, ...more } } }).endpoints.get("Thing")!.model.syncFields;
    expect(cloudIdOf({})).toEqual({ cloudId: "cloudId" });
    expect(cloudIdOf({ cloudId: false })).toEqual({});
  });

  test("references name the model whose key they hold", () => {
    const schema = z.object({ country: z.string(), back: z.array(z.object({ n: z.int(), code: z.string() })).optional() });
    const children = { back: { key: "n", references: { region: { fields: ["code"], to: "Country" } } } };
    const database = jsonbDatabase(client, { documents: { Country, Thing: { table: "things", schema, references: { country: "Country" }, children } } });
    expect(database.endpoints.get("Thing")!.model.references).toMatchObject([{ name: "country", fields: ["country"], target: "Country", targetFields: ["id"], onDelete: "none" }]);
    expect(database.endpoints.get("Thing.back")!.model.references.at(-1)).toMatchObject({ name: "region", fields: ["code"], target: "Country" });
  });

  test.each<[string, object, string, string]>([
    ["no documents", { documents: {} }, "OPTIONS.MISSING", "`documents`"],
    ["an unknown option", { documents: { Country }, patient: 1 }, "OPTIONS.UNKNOWN_KEY", "`patience`"],
    ["a write path through hooks", { documents: { Country }, writes: "orm" }, "OPTIONS.ENGINE", "have none"],
    ["an unknown option of a kind", { documents: { Country: { ...Country, colum: "x" } } }, "OPTIONS.UNKNOWN_KEY", "`column`"],
    ["a patcher that is none", { documents: { Country }, patcher: {} }, "OPTIONS.INVALID", "`patch`"],
    ["no zod schema", { documents: { Country: { ...Country, schema: {} } } }, "OPTIONS.SCHEMA", "zod 4 object"],
    ["no table", { documents: { Country: { schema: Country.schema } } }, "OPTIONS.MISSING", "`table`"],
    ["a key of another type", { documents: { Country: { ...Country, key: { column: "id", type: "float" } } } }, "OPTIONS.VALUE", "\"uuid\""],
    ["single values with two names", { documents: { P: { table: "p", schema: z.object({ ids: z.array(z.uuid()) }), children: { ids: { key: ["a", "b"] } } } } }, "OPTIONS.SCHEMA", "`P.ids` are single values"],
    ["children without a key", { documents: { Country: { ...Country, children: { regions: {} } } } }, "OPTIONS.MISSING", "`key`"],
    ["children that are nowhere", { documents: { Country: { ...Country, children: { region: { key: "code" } } } } }, "OPTIONS.SCHEMA", "no `region`"],
    ["children that are no array of objects", { documents: { Country: { ...Country, children: { name: { key: "code" } } } } }, "OPTIONS.SCHEMA", "array of objects"],
    ["a key field that children lack", { documents: { Country: { ...Country, children: { regions: { key: "cod" } } } } }, "OPTIONS.INVALID", "`code`"],
    ["a required field without JSON", { documents: { Thing: { table: "t", schema: z.object({ at: z.date() }) } } }, "OPTIONS.SCHEMA", "`Thing.at`"],
    ["a reference to nowhere", { documents: { Country: { ...Country, references: { name: "Contry" } } } }, "OPTIONS.INVALID", "`Country`"],
  ])("%s is refused with the way out", (_, options, code, message) => {
    const error = refused(() => open(options));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
  });

  test("another client is refused", () => {
    expect(refused(() => jsonbDatabase({} as never, { documents: { Country } })).code).toBe("OPTIONS.WRONG_CLIENT");
  });

  test("an optional field without JSON is left out, and named", () => {
    const database = jsonbDatabase(client, { documents: { Thing: { table: "t", schema: z.object({ code: z.string(), at: z.date().optional() }) } } });
    expect([...database.leftOut.keys()]).toEqual(["Thing.at"]);
  });
});

describe("the tables' SQL", () => {
  test("has a table per kind, or one for all, and unique indexes over natural keys and cloudIds", () => {
    const schema = z.object({ number: z.string(), at: z.object({ "it's": z.string() }), cloudId: z.string().optional() });
    expect(jsonbSchema({
      Country,
      Order: { table: { schema: "shop", name: "papers" }, key: { column: "no", type: "text" }, kind: { column: "kind", value: "o'r" }, schema, unique: [["number", "at.it's"]] },
      Bill: { table: { schema: "shop", name: "papers" }, key: { column: "no", type: "text" }, kind: "kind", schema: z.object({}) },
    })).toBe(`create table if not exists "countries" (
  "id" uuid default gen_random_uuid(),
  "document" jsonb not null,
  primary key ("id")
);
create table if not exists "shop"."papers" (
  "kind" text not null,
  "no" text,
  "document" jsonb not null,
  primary key ("kind", "no")
);
create unique index if not exists "countries_code_key" on "countries" (("document"->>'code'));
create unique index if not exists "papers_order_number_at_it_s_key" on "shop"."papers" (("document"->>'number'), ("document"->'at'->>'it''s')) where "kind" = 'o''r';
create unique index if not exists "papers_order_cloudid_key" on "shop"."papers" (("document"->>'cloudId')) where "kind" = 'o''r';
`);
  });

  test("a natural key of fields that are not there is refused", () => {
    expect(refused(() => jsonbSchema({ Country: { ...Country, unique: ["cod"] } })).message).toContain("`cod`");
  });
});

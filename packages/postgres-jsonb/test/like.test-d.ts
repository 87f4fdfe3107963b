// Not compiling is the failure: clients are real ones, and names of models and fields come from the zod schemas.
import type { PGlite } from "@electric-sql/pglite";
import { createSync, jsonbDatabase, type JsonbTypes, kinds, leftWins, naturalKey, type PostgresLike } from "@sync/postgres-jsonb";
import type { Client, Pool } from "pg";
import { expectTypeOf } from "vitest";
import { z } from "zod";
import { Country } from "./support/countries.ts";

expectTypeOf<Pool>().toExtend<PostgresLike>();
expectTypeOf<Client>().toExtend<PostgresLike>();
expectTypeOf<PGlite>().toExtend<PostgresLike>();

type Types = JsonbTypes<{ Country: typeof Country }>;
expectTypeOf<keyof Types>().toEqualTypeOf<"Country" | "Country.regions" | "Country.regions.airports">();
expectTypeOf<keyof Types["Country"]>().toEqualTypeOf<"id" | "code" | "name" | "population">();
expectTypeOf<keyof Types["Country.regions"]>().toEqualTypeOf<"code" | "name" | "Country.id" | "parent">();
expectTypeOf<keyof Types["Country.regions.airports"]>().toEqualTypeOf<"ident" | "name" | "location.lat" | "Country.id" | "Country.regions.code" | "parent">();
expectTypeOf<Types["Country"]["name"]>().toEqualTypeOf<string | null>();
expectTypeOf<Types["Country"]["population"]>().toEqualTypeOf<bigint | undefined>();
expectTypeOf<Types["Country.regions.airports"]["location.lat"]>().toEqualTypeOf<number>();

const Post = {
  table: "posts", schema: z.object({ title: z.string(), tagIds: z.array(z.uuid()), numbers: z.array(z.number()) }),
  children: { tagIds: { key: "tagId", references: { tagId: "Tag" } } },
} as const;
type Edges = JsonbTypes<{ Post: typeof Post }>;
expectTypeOf<keyof Edges>().toEqualTypeOf<"Post" | "Post.tagIds">();
expectTypeOf<keyof Edges["Post"]>().toEqualTypeOf<"id" | "title" | "numbers">();
expectTypeOf<keyof Edges["Post.tagIds"]>().toEqualTypeOf<"Post.id" | "tagId" | "parent">();

export function accepts(left: Pool, right: PGlite): void {
  const total = z.string().register(kinds, { type: "decimal", scale: 2 });
  const order = z.object({ number: z.string(), total, tags: z.array(z.string()), at: z.iso.datetime(), extra: z.record(z.string(), z.unknown()) });
  const pair = {
    name: "pair",
    left: jsonbDatabase(left, { documents: { Country } }),
    right: jsonbDatabase(right, { documents: { Nation: Country, Order: { table: "orders", key: { column: "number", type: "text", field: "key" }, schema: order } } }),
    conflicts: leftWins(),
  };
  createSync({ ...pair, models: {
    Country: { right: "Nation", match: naturalKey("code") },
    "Country.regions": { right: "Nation.regions", match: naturalKey("code"), fields: { parent: "parent" } },
    "Country.regions.airports": { right: "Nation.regions.airports", match: naturalKey("ident"), fields: { "location.lat": "location.lat" } },
  } });
  // @ts-expect-error no such model
  createSync({ ...pair, models: { "Country.region": { match: naturalKey("code") } } });
  // @ts-expect-error no such field
  createSync({ ...pair, models: { Country: { right: "Nation", match: naturalKey("cod") } } });
  // @ts-expect-error no such field of the other side
  createSync({ ...pair, models: { Country: { right: "Order", match: naturalKey("code"), fields: { name: "totals" } } } });
  // @ts-expect-error a decimal has no such size
  z.string().register(kinds, { type: "decimal", scales: 2 });
  // @ts-expect-error no client
  jsonbDatabase({}, { documents: { Country } });
}

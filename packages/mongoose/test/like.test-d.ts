// Not compiling is the failure: connections are real ones, and names of models and fields are checked where their types are given.
import type { Bson } from "@sync/mongodb";
import { createSync, leftWins, mongooseDatabase, naturalKey, synced } from "@sync/mongoose";
import { Schema, type Connection, type mongo } from "mongoose";
import { expectTypeOf } from "vitest";

expectTypeOf<typeof mongo.BSON>().toExtend<Bson>();

type Types = { Country: { code: string; name: string }; "Country.regions": { code: string; parent: unknown } };

export function accepts(one: Connection, other: Connection): void {
  const schema = new Schema({ code: String, regions: [new Schema({ code: String }).plugin(synced, { match: naturalKey("code") })] });
  expectTypeOf(schema.plugin(synced)).toExtend<Schema>();
  schema.plugin(synced, { match: naturalKey("code"), children: { regions: { key: "code", orderBy: "code", parent: "country" }, others: false }, cloudId: false });
  // @ts-expect-error no such option
  mongooseDatabase(one, { model: {} });
  // @ts-expect-error no connection
  mongooseDatabase({});

  const untyped = { name: "pair", left: mongooseDatabase(one), right: mongooseDatabase(other, { models: { Country: { children: { regions: false } } }, prefix: "own_" }), conflicts: leftWins() };
  createSync({ ...untyped, models: { Country: {}, "Country.regions": { match: naturalKey("code") } } });
  const typed = { name: "pair", left: mongooseDatabase<Types>(one), right: mongooseDatabase<Types>(other), conflicts: leftWins() };
  createSync({ ...typed, models: { Country: { match: naturalKey("code") }, "Country.regions": { match: naturalKey("code"), fields: { parent: "parent" } } } });
  // @ts-expect-error no such model
  createSync({ ...typed, models: { Contry: { match: naturalKey("code") } } });
  // @ts-expect-error no such field
  createSync({ ...typed, models: { Country: { match: naturalKey("cod") } } });
}

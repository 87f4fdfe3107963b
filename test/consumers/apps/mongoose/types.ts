// Compiled only: what an application writes, with its own Mongoose; wrong options are refused.
import { createSync, fieldMerge, leftWins, mongooseDatabase, naturalKey, synced, type RunResult, type Sync } from "@sync/mongoose";
import { Schema, type Connection } from "mongoose";

declare const one: Connection;
declare const other: Connection;
const airport = new Schema({ ident: { type: String, required: true } });
airport.plugin(synced, { match: naturalKey("ident") });
const country = new Schema({ code: { type: String, required: true }, airports: [airport] });
country.plugin(synced, { match: naturalKey("code"), together: [["code", "name"]] });
const conflicts = fieldMerge({ otherwise: leftWins() });

const sync: Sync = createSync({
  name: "typed", left: mongooseDatabase(one), right: mongooseDatabase(other, { models: { Country: { children: { airports: { key: "ident" } } } } }), conflicts,
  models: { Country: {}, "Country.airports": { match: naturalKey("ident") } },
});
const counted = async (): Promise<number> => {
  const run: RunResult = await sync.run();
  return run.models.get("Country.airports")?.created.right ?? 0;
};
void counted;

type Types = { Country: { code: string; name: string } };
const left = mongooseDatabase<Types>(one);
const right = mongooseDatabase<Types>(other);
createSync({ name: "typed", left, right, models: { Country: { match: naturalKey("code") } }, conflicts });
// @ts-expect-error no such model where the types are given
createSync({ name: "typed", left, right, models: { Contry: { match: naturalKey("code") } }, conflicts });
// @ts-expect-error no such field in a match rule
createSync({ name: "typed", left, right, models: { Country: { match: naturalKey("cod") } }, conflicts });
// @ts-expect-error no such option
mongooseDatabase(one, { model: {} });
// @ts-expect-error no connection
mongooseDatabase({});

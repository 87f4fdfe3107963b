// Compiled only: the names of models and fields are checked, on both sides.
import { PrismaBetterSqlite3 } from "@prisma/adapter-better-sqlite3";
import { createSync, fallback, fieldMerge, leftWins, naturalKey, prismaDatabase, type Sync } from "@sync/prisma";
import { PrismaClient } from "./generated/client.js";

const client = (url: string) => new PrismaClient({ adapter: new PrismaBetterSqlite3({ url }) });
const [left, right] = [prismaDatabase(client("file:left.sqlite")), prismaDatabase(client("file:right.sqlite"))];
const conflicts = fieldMerge({ otherwise: leftWins() });

const sync: Sync = createSync({
  name: "typed", left, right, conflicts,
  models: { Country: { match: naturalKey("code"), fields: { name: "name" } }, City: { match: [naturalKey("code"), fallback(["countryId"])] } },
});
void sync;

// @ts-expect-error no such model
createSync({ name: "typed", left, right, models: { Contry: { match: naturalKey("code") } }, conflicts });
// @ts-expect-error no such field in a match rule
createSync({ name: "typed", left, right, models: { Country: { match: naturalKey("cod") } }, conflicts });
// @ts-expect-error no such field on the right
createSync({ name: "typed", left, right, models: { Country: { match: naturalKey("code"), fields: { name: "nam" } } }, conflicts });
// @ts-expect-error a relation is no field
createSync({ name: "typed", left, right, models: { Country: { match: naturalKey("code"), omit: ["cities"] } }, conflicts });
// @ts-expect-error no such option
createSync({ name: "typed", left, right, models: { Country: { match: naturalKey("code") } }, conflicts, firstlink: "left" });

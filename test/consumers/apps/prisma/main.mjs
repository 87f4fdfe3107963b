// An application with ESM imports: Prisma on two SQLite files, with ids of their own.
import { createSync, fieldMerge, leftWins, naturalKey, prismaDatabase } from "@sync/prisma";
import { open } from "./open.mjs";

const [left, right] = [await open("left.sqlite"), await open("right.sqlite")];
await left.country.create({ data: { code: "FR", name: "France", cities: { create: [{ code: "PAR" }] } } });
const sync = createSync({
  name: "consumer", left: prismaDatabase(left), right: prismaDatabase(right),
  models: { Country: { match: naturalKey("code") }, City: { match: naturalKey("code") } },
  conflicts: fieldMerge({ otherwise: leftWins() }),
});
const first = await sync.run();
const rows = await right.city.findMany({ select: { code: true, country: { select: { name: true } } } });
const second = await sync.run();
console.log(JSON.stringify({ created: first.models.get("Country").created, rows, idle: second.written, equal: (await sync.verify()).equal }));
await Promise.all([left.$disconnect(), right.$disconnect()]);

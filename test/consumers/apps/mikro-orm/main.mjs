// An application with ESM imports: SQLite on both sides, entities that declare themselves.
import { defineEntity, MikroORM, p } from "@mikro-orm/sqlite";
import { createSync, fieldMerge, leftWins, mikroOrmDatabase, naturalKey, synced } from "@sync/mikro-orm";

const id = p.integer().primary();
const code = p.string().unique();
const Country = synced(defineEntity({ name: "Country", properties: { id, code, name: p.string() } }), { match: naturalKey("code") });
const Other = defineEntity({ name: "Country", tableName: "countries", properties: { id, code, title: p.string(), rank: p.integer().nullable() } });
const open = async (entity) => {
  const orm = new MikroORM({ entities: [entity], dbName: ":memory:" });
  await orm.schema.create();
  return orm;
};

const [here, there] = [await open(Country), await open(Other)];
await here.em.fork().insertMany(Country, [{ code: "FR", name: "France" }, { code: "IT", name: "Italy" }]);
const sync = createSync({
  name: "consumer",
  left: mikroOrmDatabase(here),
  right: mikroOrmDatabase(there),
  models: { Country: { fields: { name: "title" } } },
  conflicts: fieldMerge({ otherwise: leftWins() }),
});
const first = await sync.run();
const rows = (await there.em.fork().find(Other, {}, { orderBy: { code: 1 } })).map(({ code: of, title }) => ({ code: of, title }));
const second = await sync.run();
console.log(JSON.stringify({ created: first.models.get("Country").created, rows, idle: second.written, equal: (await sync.verify()).equal }));
await here.close();
await there.close();

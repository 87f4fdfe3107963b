// An application with ESM imports: SQLite on both sides, entities that declare themselves.
import { createSync, fieldMerge, leftWins, naturalKey, synced, typeormDatabase } from "@sync/typeorm";
import { DataSource, EntitySchema } from "typeorm";

const id = { type: Number, primary: true, generated: true };
const code = { type: String, unique: true };
const left = synced(new EntitySchema({ name: "Country", columns: { id, code, name: { type: String } } }), { match: naturalKey("code") });
const right = new EntitySchema({ name: "Country", tableName: "countries", columns: { id, code, title: { type: String }, rank: { type: Number, nullable: true } } });
const open = (entity) => new DataSource({ type: "better-sqlite3", database: ":memory:", entities: [entity], synchronize: true }).initialize();

const [here, there] = [await open(left), await open(right)];
await here.getRepository(left).save([{ code: "FR", name: "France" }, { code: "IT", name: "Italy" }]);
const sync = createSync({
  name: "consumer",
  left: typeormDatabase(here),
  right: typeormDatabase(there),
  models: { Country: { fields: { name: "title" } } },
  conflicts: fieldMerge({ otherwise: leftWins() }),
});
const first = await sync.run();
const rows = await there.query("select code, title from countries order by code");
const second = await sync.run();
console.log(JSON.stringify({ created: first.models.get("Country").created, rows, idle: second.written, equal: (await sync.verify()).equal }));
await here.destroy();
await there.destroy();

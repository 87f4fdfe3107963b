// An application with CommonJS `require`: SQLite on both sides.
const { createSync, leftWins, naturalKey, sqliteState, typeormDatabase } = require("@sync/typeorm");
const { isSyncError } = require("@sync/core");
const { DataSource, EntitySchema } = require("typeorm");

const Country = new EntitySchema({ name: "Country", columns: { id: { type: Number, primary: true, generated: true }, code: { type: String, unique: true }, name: { type: String } } });
const open = () => new DataSource({ type: "better-sqlite3", database: ":memory:", entities: [Country], synchronize: true }).initialize();

async function main() {
  const [left, right] = [await open(), await open()];
  await left.getRepository(Country).save({ code: "FR", name: "France" });
  const options = {
    name: "consumer", left: typeormDatabase(left), right: typeormDatabase(right),
    models: { Country: { match: naturalKey("code") } }, conflicts: leftWins(), state: sqliteState(":memory:"),
  };
  await createSync(options).run();
  let refusal;
  try {
    createSync({ ...options, modells: {} });
  } catch (error) {
    refusal = isSyncError(error) && error.message;
  }
  console.log(JSON.stringify({ rows: await right.query("select code, name from country"), refusal }));
}
void main();

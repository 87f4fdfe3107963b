// An application with CommonJS `require`: SQLite on both sides.
const { createSync, leftWins, mikroOrmDatabase, naturalKey, sqliteState } = require("@sync/mikro-orm");
const { isSyncError } = require("@sync/core");
const { defineEntity, MikroORM, p } = require("@mikro-orm/sqlite");

const Country = defineEntity({ name: "Country", properties: { id: p.integer().primary(), code: p.string().unique(), name: p.string() } });
const open = async () => {
  const orm = new MikroORM({ entities: [Country], dbName: ":memory:" });
  await orm.schema.create();
  return orm;
};

async function main() {
  const [left, right] = [await open(), await open()];
  await left.em.fork().insert(Country, { code: "FR", name: "France" });
  const options = {
    name: "consumer", left: mikroOrmDatabase(left), right: mikroOrmDatabase(right),
    models: { Country: { match: naturalKey("code") } }, conflicts: leftWins(), state: sqliteState(":memory:"),
  };
  await createSync(options).run();
  let refusal;
  try {
    createSync({ ...options, modells: {} });
  } catch (error) {
    refusal = isSyncError(error) && error.message;
  }
  const rows = (await right.em.fork().find(Country, {})).map(({ code, name }) => ({ code, name }));
  console.log(JSON.stringify({ rows, refusal }));
  await left.close();
  await right.close();
}
void main();

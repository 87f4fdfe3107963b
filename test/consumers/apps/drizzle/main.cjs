// An application with CommonJS `require`: SQLite on both sides.
const { createSync, drizzleDatabase, leftWins, naturalKey, sqliteState } = require("@sync/drizzle");
const { isSyncError } = require("@sync/core");
const Database = require("better-sqlite3");
const { drizzle } = require("drizzle-orm/better-sqlite3");
const { integer, sqliteTable, text } = require("drizzle-orm/sqlite-core");

const schema = { Country: sqliteTable("country", { id: integer().primaryKey({ autoIncrement: true }), code: text().notNull().unique(), name: text().notNull() }) };
const open = () => {
  const file = new Database(":memory:");
  file.exec("create table country (id integer primary key autoincrement, code text not null unique, name text not null)");
  return file;
};

async function main() {
  const [left, right] = [open(), open()];
  left.exec("insert into country (code, name) values ('FR', 'France')");
  const options = {
    name: "consumer", left: drizzleDatabase(drizzle(left), { schema }), right: drizzleDatabase(drizzle(right), { schema }),
    models: { Country: { match: naturalKey("code") } }, conflicts: leftWins(), state: sqliteState(":memory:"),
  };
  await createSync(options).run();
  let refusal;
  try {
    createSync({ ...options, modells: {} });
  } catch (error) {
    refusal = isSyncError(error) && error.message;
  }
  console.log(JSON.stringify({ rows: right.prepare("select code, name from country").all(), refusal }));
}
void main();

// An application with CommonJS `require`.
const { createSync, leftWins, naturalKey, prismaDatabase, sqliteState } = require("@sync/prisma");
const { isSyncError } = require("@sync/core");
const { open } = require("./open.mjs");

async function main() {
  const [left, right] = [await open("left-cjs.sqlite"), await open("right-cjs.sqlite")];
  await left.country.create({ data: { code: "FR", name: "France" } });
  const options = {
    name: "consumer", left: prismaDatabase(left), right: prismaDatabase(right),
    models: { Country: { match: naturalKey("code") } }, conflicts: leftWins(), state: sqliteState(":memory:"),
  };
  await createSync(options).run();
  let refusal;
  try {
    createSync({ ...options, modells: {} });
  } catch (error) {
    refusal = isSyncError(error) && error.message;
  }
  console.log(JSON.stringify({ rows: await right.country.findMany({ select: { code: true, name: true } }), refusal }));
  await Promise.all([left.$disconnect(), right.$disconnect()]);
}
void main();

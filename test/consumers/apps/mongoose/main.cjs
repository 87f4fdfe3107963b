// An application with CommonJS `require`.
const { createSync, leftWins, mongooseDatabase, naturalKey } = require("@sync/mongoose");
const { isSyncError } = require("@sync/core");
const mongoose = require("mongoose");

async function main() {
  const open = (url) => mongoose.createConnection(url, { serverSelectionTimeoutMS: 5000 }).asPromise();
  const [left, right] = [await open(process.env.LEFT), await open(process.env.RIGHT)];
  for (const each of [left, right]) await each.model("Country", new mongoose.Schema({ code: { type: String, unique: true, required: true }, name: String })).init();
  await left.model("Country").create({ code: "FR", name: "France" });
  const options = {
    name: "consumer", left: mongooseDatabase(left), right: mongooseDatabase(right),
    models: { Country: { match: naturalKey("code") } }, conflicts: leftWins(),
  };
  await createSync(options).run();
  let refusal;
  try {
    createSync({ ...options, modells: {} });
  } catch (error) {
    refusal = isSyncError(error) && error.message;
  }
  const rows = await right.model("Country").find({}, { _id: 0, code: 1, name: 1 }).lean();
  console.log(JSON.stringify({ rows, refusal }));
  await Promise.all([left.close(), right.close()]);
}
void main();

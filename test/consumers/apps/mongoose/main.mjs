// An application with ESM imports: the models of one database and of another.
import { createSync, fieldMerge, leftWins, mongooseDatabase, naturalKey, synced } from "@sync/mongoose";
import mongoose from "mongoose";

const options = { serverSelectionTimeoutMS: 5000 };
const [one, other] = [await mongoose.createConnection(process.env.LEFT, options).asPromise(), await mongoose.createConnection(process.env.RIGHT, options).asPromise()];
const country = new mongoose.Schema({ code: { type: String, unique: true, required: true }, name: String });
country.plugin(synced, { match: naturalKey("code") });
const nation = new mongoose.Schema({ code: { type: String, unique: true, required: true }, title: String });
const [Country, Nation] = [one.model("Country", country), other.model("Country", nation)];
await Promise.all([Country.init(), Nation.init()]);
await Country.create([{ code: "FR", name: "France" }, { code: "IT", name: "Italy" }]);
const sync = createSync({
  name: "consumer",
  left: mongooseDatabase(one),
  right: mongooseDatabase(other),
  models: { Country: { fields: { name: "title" }, omit: [] } },
  conflicts: fieldMerge({ otherwise: leftWins() }),
});
const first = await sync.run();
const rows = await Nation.find({}, { _id: 0, code: 1, title: 1 }).sort({ code: 1 }).lean();
const second = await sync.run();
console.log(JSON.stringify({ created: first.models.get("Country").created, rows, idle: second.written, equal: (await sync.verify()).equal }));
await Promise.all([one.close(), other.close()]);

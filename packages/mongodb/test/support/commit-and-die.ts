// One unit of fifty documents in a process of its own, which ends by SIGKILL: `commit-and-die.ts <url> before|during|after`.
import { MongoClient } from "mongodb";
import { thingsOn } from "./bare.ts";

const [url = "", moment = ""] = process.argv.slice(2);
const client = await new MongoClient(url, { serverSelectionTimeoutMS: 5000 }).connect();
// One for all, so that what is put in its place below is what everybody gets.
const db = client.db();
client.db = () => db;
const database = thingsOn(client);
const { fence } = await database.claim({ holder: "dies", runner: `dies ${moment}`, seconds: 60, takeOver: true });
const keys = await database.endpoints.get("Thing")!.allocate(50);
const die = (): void => void process.kill(process.pid, "SIGKILL");

// With documents and identities written, and the lease not yet: what stays locked until the server notices is new.
const collection = db.collection.bind(db);
db.collection = ((name: string) => {
  const found = collection(name);
  if (name === "sync_database" && moment === "before") found.updateOne = die as never;
  return found;
}) as typeof db.collection;
const start = client.startSession.bind(client);
client.startSession = (...words) => {
  const session = start(...words);
  const commit = session.commitTransaction.bind(session);
  session.commitTransaction = async () => {
    const under = commit();
    if (moment === "during") setImmediate(die); // under way, and not over
    await under;
  };
  return session;
};
await database.commit({
  id: "the last", fence,
  batches: [{ op: "insert", model: "Thing", fields: ["code", "n"], rows: keys.map((key, at) => ({ key, cloudId: `cloud ${moment} ${at}`, values: [`${moment} ${at}`, "0"] })) }],
});
die();

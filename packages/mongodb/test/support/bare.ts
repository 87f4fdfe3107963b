import type { MongoServer } from "@sync/test-databases";
import { BSON, MongoClient } from "mongodb";
import { afterAll, beforeEach } from "vitest";
import { mongoDatabase, scalars } from "../../src/index.ts";
import type { Db, MongoDatabase, MongoDatabaseOptions, MongoModel } from "../../src/index.ts";

// The bare driver for a library: things with a unique code and a number.
// #region example
const model: MongoModel = {
  name: "Thing", collection: "things", key: "objectId", keyKind: scalars.objectId.kind, stamps: {},
  shape: { is: "object", id: false, members: new Map([["code", { is: "text" }], ["n", { is: "double" }]]) },
  record: { uniqueKeys: [["code"]], fields: [{ name: "code", ...scalars.text }, { name: "n", ...scalars.double, nullable: true, optional: true }] },
};
export const optionsFor = (client: MongoClient): MongoDatabaseOptions => ({
  name: "driver/mongodb", // for messages
  handle: { bson: BSON, db: async () => client.db(), session: () => client.startSession() },
  models: [model],
  leftOut: new Map(), // what cannot take part, and why
  howToIndex: (name) => `make the index of ${name}`, // for messages
});
export const thingsOn = (client: MongoClient): MongoDatabase => mongoDatabase(optionsFor(client));
// #endregion

/** A server without transactions, as far as can be seen. */
export function blindThingsOn(client: MongoClient): MongoDatabase {
  const db: Db = client.db();
  const blind = new Proxy(db, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (name === "command") return async (...words: Parameters<Db["command"]>) => ({ ...(await target.command(...words)), setName: undefined });
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return mongoDatabase({ ...optionsFor(client), handle: { bson: BSON, db: async () => blind, session: () => client.startSession() } });
}

export interface Thing {
  readonly code: string;
  readonly n?: number;
}

/** An empty database with the things' index before each test, behind one client of an application. */
export function clientFor(server: MongoServer, file: string): { client: MongoClient; url: string } {
  const opened = { client: undefined as unknown as MongoClient, url: "" };
  let drop: (() => Promise<void>) | undefined;
  beforeEach(async () => {
    if (!drop) {
      const database = await server.freshDatabase(file);
      drop = () => database.drop();
      opened.url = database.url;
      opened.client = await new MongoClient(database.url, { serverSelectionTimeoutMS: 5000 }).connect();
    }
    await opened.client.db().dropDatabase();
    await opened.client.db().collection("things").createIndex({ code: 1 }, { unique: true });
  });
  afterAll(async () => {
    await opened.client?.close();
    await drop?.();
  });
  return opened;
}

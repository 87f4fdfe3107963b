import type { MongoServer } from "@sync/test-databases";
import mongoose, { type Connection } from "mongoose";
import { afterAll, beforeEach } from "vitest";

/** An empty database before each test, behind one connection of an application. */
export function connectionFor(server: MongoServer, file: string): { readonly connection: Connection; url: string } {
  const opened: { connection: Connection; url: string } = { connection: undefined as unknown as Connection, url: "" };
  let drop: (() => Promise<void>) | undefined;
  const instance = new mongoose.Mongoose();
  beforeEach(async () => {
    if (!drop) {
      const database = await server.freshDatabase(file);
      drop = () => database.drop();
      opened.url = database.url;
      opened.connection = await instance.createConnection(database.url, { serverSelectionTimeoutMS: 5000 }).asPromise();
    }
    for (const name of Object.keys(opened.connection.models)) opened.connection.deleteModel(name);
    await opened.connection.db!.dropDatabase();
  });
  afterAll(async () => {
    await opened.connection?.close();
    await drop?.();
  });
  return opened;
}

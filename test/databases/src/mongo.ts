import { MongoClient } from "mongodb";
import { ask } from "./broker.ts";
import { databaseName } from "./database-name.ts";
import { startMongo } from "./mongo-server.ts";
import { DatabaseNotAvailable } from "./not-available.ts";
import type { FreshDatabase } from "./postgres.ts";

export interface MongoServer {
  url: string;
  /** For reports: which server it is, and its version. */
  name: string;
  /** An empty database, named after `namespace`. One that was left there by an earlier run is dropped first. */
  freshDatabase(namespace: string): Promise<FreshDatabase>;
  /** Ends the server if this call started it; one that is shared or was there before goes on. */
  close(): Promise<void>;
}

/**
 * A MongoDB: the one at `MONGODB_URL`, else the test run's own (a `mongod`, or a compatible server), else a new one that
 * `close()` ends. Throws {@link DatabaseNotAvailable}.
 */
export async function openMongo(): Promise<MongoServer> {
  const given = process.env["MONGODB_URL"] || (await ask("mongo"));
  if (given) return await server(given, async () => {});
  const own = await startMongo();
  return await server(own.url, () => own.close());
}

async function server(url: string, close: () => Promise<void>): Promise<MongoServer> {
  return {
    url,
    name: await nameOf(url),
    close,
    async freshDatabase(namespace) {
      const name = databaseName(namespace);
      const drop = (): Promise<void> => withClient(url, async (client) => void (await client.db(name).dropDatabase()));
      await drop();
      const own = new URL(url);
      own.pathname = `/${name}`;
      return { url: own.href, name, drop };
    },
  };
}

/** What it says of itself; one that is not MongoDB's own is called compatible. */
async function nameOf(url: string): Promise<string> {
  return await withClient(url, async (client) => {
    const info = await client.db("admin").command({ buildInfo: 1 });
    const own = "openssl" in info && "storageEngines" in info && !JSON.stringify(info).toLowerCase().includes("secantus");
    return own ? `MongoDB ${String(info["version"])}` : `compatible server, as MongoDB ${String(info["version"])}`;
  });
}

async function withClient<T>(url: string, work: (client: MongoClient) => Promise<T>): Promise<T> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 5000 });
  try {
    return await work(client);
  } catch (error) {
    // the driver's message names host and port at most, never the password
    throw new DatabaseNotAvailable(`needs MongoDB: the server does not answer (${error instanceof Error ? error.message : "unknown"})`);
  } finally {
    await client.close();
  }
}

import type { PostgresServer } from "@sync/test-databases";
import pg from "pg";
import { afterAll, afterEach, onTestFinished } from "vitest";

let opened = 0;

/** The URL of a fresh database of this test file, which is dropped after the test. */
export async function freshUrl(server: PostgresServer, file: string): Promise<string> {
  const database = await server.freshDatabase(`${file} ${++opened}`);
  onTestFinished(() => database.drop());
  return database.url;
}

/** The same for a whole suite: databases that a test is done with are emptied for the next one, which is much faster. */
export function emptiedUrls(server: PostgresServer, file: string): () => Promise<string> {
  const databases: { url: string; drop(): Promise<void> }[] = [];
  let taken = 0;
  afterEach(() => void (taken = 0));
  afterAll(async () => {
    for (const database of databases) await database.drop();
  });
  return async () => {
    const known = databases[taken++];
    if (!known) {
      const database = await server.freshDatabase(`${file} ${++opened}`);
      databases.push(database);
      return database.url;
    }
    const client = new pg.Client({ connectionString: known.url });
    await client.connect();
    await client.query("drop schema public cascade; create schema public");
    await client.end();
    return known.url;
  };
}

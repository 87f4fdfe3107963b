import { Client } from "pg";
import { ask } from "./broker.ts";
import { startEmbedded } from "./embedded.ts";
import { databaseName } from "./database-name.ts";
import { DatabaseNotAvailable } from "./not-available.ts";

export interface PostgresServer {
  /** URL of the server's maintenance database; tests work in a `freshDatabase`. */
  url: string;
  /** Where the server came from. */
  name: "env" | "embedded";
  /**
   * An empty database, named after `namespace` (a test file gives `import.meta.url`; add a word for a second one). One
   * that was left there by an earlier run is dropped first.
   */
  freshDatabase(namespace: string): Promise<FreshDatabase>;
  /** Ends the server if this call started it; one that is shared or was there before goes on. */
  close(): Promise<void>;
}

export interface FreshDatabase {
  url: string;
  name: string;
  drop(): Promise<void>;
}

/**
 * A real PostgreSQL: the one at `POSTGRES_URL`, else the test run's own, else a new one that `close()` ends.
 * Throws {@link DatabaseNotAvailable}.
 */
export async function openPostgres(): Promise<PostgresServer> {
  const given = process.env["POSTGRES_URL"];
  if (given) {
    await answers(given);
    return server(given, "env", async () => {});
  }
  const shared = await ask("postgres");
  if (shared) return server(shared, "embedded", async () => {});
  const own = await startEmbedded();
  return server(own.url, "embedded", () => own.close());
}

function server(url: string, name: "env" | "embedded", close: () => Promise<void>): PostgresServer {
  return {
    url,
    name,
    close,
    async freshDatabase(namespace) {
      const database = databaseName(namespace);
      const statement = `drop database if exists "${database}" with (force)`;
      await run(url, statement, `create database "${database}" template template0`);
      const own = new URL(url);
      own.pathname = `/${database}`;
      return { url: own.href, name: database, drop: () => run(url, untilLeft(database), statement) };
    },
  };
}

/**
 * Waits, for a second at most, until nobody is connected any more: a driver that has just been told to close its connections would
 * take their forced end for an error that nobody caught.
 */
function untilLeft(database: string): string {
  const anybody = `exists (select from pg_stat_activity where datname = '${database}')`;
  return `do $$ begin for i in 1..100 loop perform pg_stat_clear_snapshot(); exit when not ${anybody}; perform pg_sleep(0.01); end loop; end $$`;
}

async function run(url: string, ...texts: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (const text of texts) await client.query(text);
  } finally {
    await client.end();
  }
}

async function answers(url: string): Promise<void> {
  try {
    await run(url, "select 1");
  } catch (error) {
    // the driver's message names host and port at most, never the password
    throw new DatabaseNotAvailable(`needs PostgreSQL: the server at POSTGRES_URL does not answer (${error instanceof Error ? error.message || error.name : "unknown"})`);
  }
}

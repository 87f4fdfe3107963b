import { temporaryFolder, type FreshDatabase, type PostgresServer, type TemporaryFolder } from "@sync/test-databases";
import type { Line } from "./measure.ts";

/** What every measure gets: how much, how often, and where. */
export interface Bench {
  readonly rows: number;
  readonly repetitions: number;
  /** Print each statement that goes far away, with its times. */
  readonly trips?: boolean;
  readonly server: PostgresServer;
  readonly folder: TemporaryFolder;
  /** An empty database that goes away at the end. */
  database(name: string): Promise<FreshDatabase>;
  log(text: string): void;
}

export type Measure = (bench: Bench) => Promise<Line[]>;

export async function withBench<T>(
  options: Pick<Bench, "rows" | "repetitions" | "trips" | "server" | "log">,
  work: (bench: Bench) => Promise<T>,
): Promise<T> {
  const folder = temporaryFolder("bench");
  const databases = new Map<string, FreshDatabase>();
  try {
    return await work({
      ...options,
      folder,
      async database(name) {
        const database = await options.server.freshDatabase(`${import.meta.url} ${name}`);
        databases.set(name, database);
        return database;
      },
    });
  } finally {
    for (const database of databases.values()) await database.drop();
    folder.remove();
  }
}

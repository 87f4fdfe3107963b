import { describe } from "vitest";
import { openMongo, type MongoServer } from "./mongo.ts";
import { DatabaseNotAvailable } from "./not-available.ts";
import { openPostgres, type PostgresServer } from "./postgres.ts";

declare module "vitest" {
  interface TaskMeta {
    /** Why the tests of this suite do not run and how to have them run; the summary prints it. */
    notRun?: string;
  }
}

/**
 * `describe` for tests on a real PostgreSQL. Where none can be had the tests are skipped and the run's summary names
 * the file, the reason and what to do; in CI that is a failure.
 */
export function describePostgres(title: string, body: (postgres: PostgresServer) => void): void {
  describeOn(title, openPostgres, { url: "", name: "embedded", ...nothing }, body);
}

/** The same for tests on a MongoDB; the suite is called after the server. */
export function describeMongo(title: string, body: (mongo: MongoServer) => void): void {
  describeOn(title, openMongo, { url: "", name: "no server", ...nothing }, (mongo) => describe(mongo.name, () => body(mongo)));
}

function describeOn<Server>(title: string, open: () => Promise<Server>, none: Server, body: (server: Server) => void): void {
  describe(title, async () => {
    try {
      body(await open());
    } catch (error) {
      if (!(error instanceof DatabaseNotAvailable) || process.env["CI"]) throw error;
      describe.skip("without a server", { meta: { notRun: error.message } }, () => body(none));
    }
  });
}

const never = (): never => {
  throw new Error("a database is opened in hooks and tests only, never while tests are collected");
};
const nothing = { freshDatabase: never, close: async (): Promise<void> => {} };

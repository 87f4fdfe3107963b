import { describe } from "vitest";
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
  describe(title, async () => {
    try {
      body(await openPostgres());
    } catch (error) {
      if (!(error instanceof DatabaseNotAvailable) || process.env["CI"]) throw error;
      describe.skip("without a server", { meta: { notRun: error.message } }, () => body(nothing));
    }
  });
}

const never = (): never => {
  throw new Error("a database is opened in hooks and tests only, never while tests are collected");
};
const nothing: PostgresServer = {
  get url(): string {
    return "";
  },
  name: "embedded",
  freshDatabase: never,
  close: async () => {},
};

import type { PGlite } from "@electric-sql/pglite";
import { openPglite } from "@sync/test-databases";
import type { Run, SqlTransaction } from "./tables.ts";

/** One start for a test file: it takes seconds. */
let shared: Promise<PGlite> | undefined;

export interface PgliteSession {
  readonly client: PGlite;
  readonly run: Run;
  begin(): Promise<SqlTransaction>;
  readonly version: string;
}

/** The file's PGlite, emptied, with the tables that these statements make. */
export async function pgliteSession(statements: readonly string[]): Promise<PgliteSession> {
  const client = await (shared ??= openPglite());
  await client.exec("drop schema public cascade; create schema public; set intervalstyle = 'iso_8601'");
  await client.exec(statements.join(";\n"));
  const runOn = (on: Pick<PGlite, "query">): Run => async (sql, parameters = []) =>
    (await on.query<unknown[]>(sql, [...parameters], { rowMode: "array" })).rows;
  const run = runOn(client);
  const [[version]] = (await run("show server_version")) as [[string]];
  return { client, run, version, begin: () => begin(client, runOn) };
}

/** A transaction with PGlite's own lock, which stays open until it is told to end. */
function begin(client: PGlite, runOn: (on: Pick<PGlite, "query">) => Run): Promise<SqlTransaction> {
  return new Promise((resolve, reject) => {
    let end!: (how: "commit" | "rollback") => void;
    const ending = new Promise<"commit" | "rollback">((resolveEnding) => (end = resolveEnding));
    const done = client.transaction(async (transaction) => {
      const finish = async (how: "commit" | "rollback"): Promise<void> => {
        end(how);
        await done;
      };
      resolve({ run: runOn(transaction), commit: () => finish("commit"), rollback: () => finish("rollback") });
      if ((await ending) === "rollback") await transaction.rollback();
    });
    done.catch(reject);
  });
}

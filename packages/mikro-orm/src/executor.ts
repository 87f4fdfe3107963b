import { currentExecutor, patiently } from "@sync/sql";
import type { Executor, Statement, TextRow } from "@sync/sql";
import type { Connection, Facts, Kysely } from "./client.ts";
import { closedError } from "./errors.ts";

/**
 * Runs statements where the ORM runs its own. `patience`: how many milliseconds to wait for the application to end a
 * transaction of its own, where both share one connection.
 */
export function mikroOrmExecutor({ engine, connection, driver }: Facts, patience: number): Executor {
  if (driver === undefined) return onKysely(engine, connection, patience);
  const handle = async (): Promise<object> => {
    checkOpen(connection);
    return await connection.getNativeClient();
  };
  return currentExecutor(driver, handle, patience);
}

/**
 * Through the Kysely on which the ORM stands. On one connection it has a lock: a lone statement waits until no transaction is
 * open, and a transaction keeps everybody else waiting.
 */
function onKysely(dialect: Facts["engine"], connection: Connection, patience: number): Executor {
  return {
    dialect,
    ...(dialect === "postgres" ? { dropsLeadingMark: true as const } : {}), // it may be PGlite
    async query(statement) {
      checkOpen(connection);
      await connection.ensureConnection();
      return patiently(patience, (begun) => connection.getClient().connection().execute((own) => {
        begun();
        return run(own, statement);
      }));
    },
    async atomic(statements) {
      checkOpen(connection);
      return patiently(patience, (begun) => connection.transactional(async (transaction) => {
        begun();
        const answers: TextRow[][] = [];
        for (const statement of statements) answers.push(await run(transaction, statement));
        return answers;
      }));
    },
  };
}

/** As `CompiledQuery.raw` of Kysely makes it, which is no dependency of ours. */
async function run(on: Kysely, { sql, params }: Statement): Promise<TextRow[]> {
  const query = { kind: "RawNode", sqlFragments: [sql], parameters: [] };
  const { rows } = await on.executeQuery({ sql, parameters: params, query, queryId: { queryId: "sync" } });
  return rows.map((row) => Object.values(row)); // columns are `c0`, `c1`, …: an object keeps them in that order
}

/** One that was closed would open a connection that nobody closes again; closing takes its options away. */
function checkOpen({ connected, options }: Connection): void {
  if (!connected && !Object.hasOwn(options, "driverOptions")) throw closedError();
}

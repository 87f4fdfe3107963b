import { SyncError } from "@sync/core";
import { betterSqliteExecutor, postgresExecutor } from "@sync/sql";
import type { Executor, Statement, TextRow } from "@sync/sql";
import type { ConnectionLike, Facts, KyselyLike } from "./client.ts";

/**
 * Runs statements where the ORM runs its own. `patience`: how many milliseconds to wait for the application to end a
 * transaction of its own, where both share one connection.
 */
export function mikroOrmExecutor(facts: Facts, patience: number): Executor {
  return facts.native === undefined ? onKysely(facts) : onDriver(facts, facts.native, patience);
}

/** The driver's handle is asked for each time: `orm.reconnect()` makes another one. */
function onDriver({ engine, connection }: Facts, driver: NonNullable<Facts["native"]>, patience: number): Executor {
  let last: { readonly client: unknown; readonly executor: Executor } | undefined;
  async function current(): Promise<Executor> {
    checkOpen(connection);
    const client = await connection.getNativeClient();
    if (last === undefined || last.client !== client) {
      last = { client, executor: driver === "better-sqlite3" ? betterSqliteExecutor(client as never, patience) : postgresExecutor(client as never, driver, patience) };
    }
    return last.executor;
  }
  return {
    dialect: engine,
    query: async (statement) => (await current()).query(statement),
    atomic: async (statements) => (await current()).atomic(statements),
    ...(driver === "pg-pool" ? { copyTransaction: async (guard, steps) => (await current()).copyTransaction!(guard, steps) } : {}),
    // Asked for after a statement.
    ...(driver === "pglite" ? { dropsLeadingMark: true, place: () => last!.executor.place!() } : {}),
  };
}

/**
 * Through the Kysely on which the ORM stands. On one connection it has a lock: a lone statement waits until no transaction is
 * open, and a transaction keeps everybody else waiting.
 */
function onKysely({ engine, connection }: Facts): Executor {
  return {
    dialect: engine,
    // Whatever the driver below, PGlite among them.
    ...(engine === "postgres" ? { dropsLeadingMark: true as const } : {}),
    async query(statement) {
      checkOpen(connection);
      await connection.ensureConnection();
      return run(connection.getClient(), statement);
    },
    async atomic(statements) {
      checkOpen(connection);
      return connection.transactional(async (transaction) => {
        const answers: TextRow[][] = [];
        for (const statement of statements) answers.push(await run(transaction, statement));
        return answers;
      });
    },
  };
}

/** As `CompiledQuery.raw` of Kysely makes it, which is no dependency of ours. */
async function run(on: KyselyLike, { sql, params }: Statement): Promise<TextRow[]> {
  const query = { kind: "RawNode", sqlFragments: [sql], parameters: [] };
  const { rows } = await on.executeQuery({ sql, parameters: params, query, queryId: { queryId: "sync" } });
  // Statements name their columns `c0`, `c1`, …: an object keeps them in that order.
  return rows.map((row) => Object.values(row));
}

/** An ORM connects by itself when it is first used. One that was closed would open a connection that nobody closes again. */
function checkOpen(connection: ConnectionLike): void {
  const { connected, options } = connection as unknown as { readonly connected: boolean; readonly options: object };
  if (connected || Object.hasOwn(options, "driverOptions")) return;
  throw new SyncError("ENDPOINT.CLOSED", "This MikroORM was closed: run the sync before `orm.close()`, or after `orm.connect()`.");
}

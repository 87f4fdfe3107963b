import { currentExecutor, kyselyExecutor } from "@sync/sql";
import type { Executor } from "@sync/sql";
import type { Connection, Facts } from "./client.ts";
import { closedError } from "./errors.ts";

/** Runs statements where the ORM runs its own. `patience`: milliseconds to wait for the application, where both share one connection. */
export function mikroOrmExecutor({ engine, connection, driver }: Facts, patience: number): Executor {
  if (driver !== undefined) return currentExecutor(driver, async () => await open(connection).getNativeClient(), patience);
  return kyselyExecutor(engine, {
    async alone(work) {
      await open(connection).ensureConnection();
      return await connection.getClient().connection().execute(work);
    },
    transaction: async (work) => await open(connection).transactional(work),
  }, patience);
}

/** One that was closed would open a connection that nobody closes again; closing takes its options away. */
function open(connection: Connection): Connection {
  if (connection.connected || Object.hasOwn(connection.options, "driverOptions")) return connection;
  throw closedError();
}

import type { Executor, Statement, TextRow } from "../executor.ts";
import { busy, whenFree } from "./free.ts";

/** better-sqlite3's `Database`. */
export interface BetterSqliteLike {
  readonly inTransaction: boolean;
  prepare(sql: string): unknown;
}

interface Prepared {
  readonly reader: boolean;
  raw(): Prepared;
  all(params: readonly unknown[]): TextRow[];
  run(params: readonly unknown[]): unknown;
}

/** Whether a handle of the user's is better-sqlite3's, by its looks. */
export function isBetterSqlite(client: unknown): client is BetterSqliteLike {
  const has = (name: string, type: string): boolean =>
    typeof client === "object" && client !== null && typeof Reflect.get(client, name) === type;
  return has("inTransaction", "boolean") && has("prepare", "function");
}

/**
 * The driver is synchronous: what begins and ends within one turn cannot be interleaved with anything. `patience`: how many
 * milliseconds to wait for the application to end a transaction of its own.
 */
export function betterSqliteExecutor(client: BetterSqliteLike, patience: number): Executor {
  const run = ({ sql, params }: Statement): TextRow[] => {
    try {
      const prepared = client.prepare(sql) as Prepared;
      if (prepared.reader) return prepared.raw().all(params);
      prepared.run(params);
      return [];
    } catch (error) {
      // While the application iterates over a result the driver refuses everything that could write.
      if (error instanceof TypeError && error.message.includes("busy executing a query")) throw busy("is iterating over a result on", error);
      throw error;
    }
  };

  const transaction = <T>(work: (query: typeof run) => T): T => {
    run(begin);
    try {
      const answer = work(run);
      run(commit);
      return answer;
    } catch (error) {
      // Some errors (a full disk) have rolled back already.
      if (client.inTransaction) run(rollback);
      throw error;
    }
  };

  const free = (): Promise<void> => whenFree(patience, () => client.inTransaction);
  return {
    dialect: "sqlite",
    async query(statement) {
      await free();
      return run(statement);
    },
    async atomic(statements) {
      await free();
      return transaction((query) => statements.map(query));
    },
    async inTurn(work) {
      await free();
      return transaction(work);
    },
  };
}

const begin: Statement = { sql: "begin immediate", params: [] };
const commit: Statement = { sql: "commit", params: [] };
const rollback: Statement = { sql: "rollback", params: [] };

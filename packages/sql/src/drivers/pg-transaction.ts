import { SyncError } from "@sync/core";
import type { Executor, Statement, TextRow } from "../executor.ts";
import { type Connection, pgMessage } from "./pg.ts";

/** A transaction of the application's on a connection of node-postgres. */
export interface PgTransaction {
  /** False once it has ended: the connection may be in somebody else's by then. */
  isOpen(): boolean;
  connection(): Promise<unknown>;
}

/**
 * What is sent is one message: a savepoint, the statements, and the savepoint's release. So a refused unit takes back itself
 * alone, and nothing that the application sends meanwhile can stand in between and go with it.
 */
export function pgTransactionExecutor(transaction: PgTransaction): Executor {
  let last: Promise<unknown> = Promise.resolve();

  async function send(statements: readonly Statement[]): Promise<readonly TextRow[][]> {
    if (!transaction.isOpen()) {
      throw new SyncError("ENDPOINT.CLOSED", "The transaction that this database was made in has ended: make the database and the sync inside the transaction that they run in.");
    }
    const connection = (await transaction.connection()) as Connection;
    try {
      const answers = await pgMessage(connection, [plain("savepoint sync_unit"), ...statements, plain("release savepoint sync_unit")]);
      return answers.slice(1, -1);
    } catch (error) {
      // Where not even this works, the transaction was broken before, or the connection is gone: what failed first says it.
      await pgMessage(connection, [plain("rollback to savepoint sync_unit"), plain("release savepoint sync_unit")]).catch(() => undefined);
      throw error;
    }
  }

  const inTurn = (statements: readonly Statement[]): Promise<readonly TextRow[][]> => {
    const mine = last.then(() => send(statements));
    last = mine.catch(() => undefined);
    return mine;
  };
  return { dialect: "postgres", query: async (statement) => (await inTurn([statement]))[0]!, atomic: inTurn };
}

const plain = (sql: string): Statement => ({ sql, params: [] });

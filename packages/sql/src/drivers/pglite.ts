import type { Executor, Statement, TextRow } from "../executor.ts";

export interface PgliteLike {
  query(sql: string, params?: never, options?: never): unknown;
  transaction(run: never): unknown;
  readonly waitReady: Promise<void>;
}

interface Session {
  query(sql: string, params: readonly unknown[], options: { rowMode: "array" }): Promise<{ rows: TextRow[] }>;
}

/** One session, but with a lock: a query waits until no `transaction` is open, and a transaction for all before it. */
export function pgliteExecutor(client: PgliteLike): Executor {
  const session = client as unknown as Session & { transaction<T>(run: (session: Session) => Promise<T>): Promise<T> };
  const run = async (on: Session, { sql, params }: Statement): Promise<TextRow[]> =>
    (await on.query(sql, params, { rowMode: "array" })).rows;
  return {
    dialect: "postgres",
    dropsLeadingMark: true,
    query: (statement) => run(session, statement),
    atomic: (statements) =>
      session.transaction(async (transaction) => {
        const answers: TextRow[][] = [];
        for (const statement of statements) answers.push(await run(transaction, statement));
        return answers;
      }),
  };
}

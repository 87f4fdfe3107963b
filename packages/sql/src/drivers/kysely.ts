import type { Executor, Statement, TextRow } from "../executor.ts";
import { patiently } from "./patiently.ts";

/** A Kysely, or a connection or a transaction of one. */
export interface KyselyLike {
  executeQuery(query: object): Promise<{ readonly rows: readonly Readonly<Record<string, string | null>>[] }>;
}

/** How a library that stands on Kysely gives out what it stands on. */
export interface KyselyAccess {
  /** A connection on which no transaction is open. */
  alone<T>(work: (connection: KyselyLike) => Promise<T>): Promise<T>;
  /** One transaction on a connection that is nobody else's until it ends. */
  transaction<T>(work: (transaction: KyselyLike) => Promise<T>): Promise<T>;
}

/**
 * Through Kysely, where a driver's own handle cannot be had. On one connection it has a lock: a lone statement waits until no
 * transaction is open, and a transaction keeps everybody else waiting. `patience`: how many milliseconds to wait for it.
 */
export function kyselyExecutor(dialect: Executor["dialect"], { alone, transaction }: KyselyAccess, patience: number): Executor {
  return {
    dialect,
    ...(dialect === "postgres" ? { dropsLeadingMark: true as const } : {}), // it may be PGlite
    query: (statement) => patiently(patience, (begun) => alone((connection) => {
      begun();
      return kyselyQuery(connection, statement);
    })),
    atomic: (statements) => patiently(patience, (begun) => transaction(async (own) => {
      begun();
      const answers: TextRow[][] = [];
      for (const statement of statements) answers.push(await kyselyQuery(own, statement));
      return answers;
    })),
  };
}

/** As `CompiledQuery.raw` of Kysely makes it, which is no dependency of ours. */
export async function kyselyQuery(on: KyselyLike, { sql, params }: Statement): Promise<TextRow[]> {
  const query = { kind: "RawNode", sqlFragments: [sql], parameters: [] };
  const { rows } = await on.executeQuery({ sql, parameters: params, query, queryId: { queryId: "sync" } });
  return rows.map((row) => Object.values(row)); // columns are `c0`, `c1`, …: an object keeps them in that order
}

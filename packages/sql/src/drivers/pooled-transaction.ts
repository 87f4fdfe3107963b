import type { PgTransaction } from "./pg-transaction.ts";

interface Pooled {
  readonly release?: unknown;
  getTransactionStatus?(): string | null;
}

/**
 * The transaction that the application has open on a client that it took from a pool of node-postgres; undefined where there is
 * none. Each time that the pool gives the client away, it has another `release`.
 */
export function pooledTransaction(client: unknown): PgTransaction | undefined {
  if (typeof client !== "object" || client === null) return undefined;
  const taken = client as Pooled;
  const { release } = taken;
  if (typeof release !== "function" || typeof taken.getTransactionStatus !== "function") return undefined;
  const isOpen = (): boolean => taken.release === release && taken.getTransactionStatus!() !== "I";
  return isOpen() ? { isOpen, connection: async () => client } : undefined;
}

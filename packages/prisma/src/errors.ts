/**
 * Errors of Prisma's own that hide or replace what the engine said, all worth trying again: codes of its client, kinds of its driver
 * adapters. Everything else carries the engine's code within it, and `@sync/sql` finds it there.
 */
const passing: ReadonlySet<unknown> = new Set([
  "P1001", // cannot reach the server
  "P1002", // reached, but timed out
  "P1008", // an operation timed out
  "P1017", // the server closed the connection
  "P2024", // no connection of the pool came free
  "P2028", // no transaction could be started in time, or it was closed
  "P2034", // write conflict or deadlock
  "P2037", // too many connections
  "DatabaseNotReachable", "ConnectionClosed", "SocketTimeout", "TransactionWriteConflict", "TooManyConnections",
]);

/** What may stand in an error of Prisma, or of a driver adapter below it. */
interface Told {
  readonly code?: unknown;
  readonly kind?: unknown;
  readonly cause?: Told;
  readonly meta?: { readonly driverAdapterError?: Told };
}

export function mapError(error: unknown): { readonly retryable: boolean } | undefined {
  const { code, kind, cause, meta } = (error ?? {}) as Told;
  return [code, kind, cause?.kind, meta?.driverAdapterError?.cause?.kind].some((each) => passing.has(each)) ? { retryable: true } : undefined;
}

/**
 * Errors of Prisma's own that hide or replace what the engine said, all worth trying again. Everything else carries the
 * engine's code within it, and `@sync/sql` finds it there.
 */
const codes = new Set([
  "P1001", // cannot reach the server
  "P1002", // reached, but timed out
  "P1008", // an operation timed out
  "P1017", // the server closed the connection
  "P2024", // no connection of the pool came free
  "P2028", // no transaction could be started in time, or it was closed
  "P2034", // write conflict or deadlock
  "P2037", // too many connections
]);
const kinds = new Set(["DatabaseNotReachable", "ConnectionClosed", "SocketTimeout", "TransactionWriteConflict", "TooManyConnections"]);

export function mapError(error: unknown): { readonly retryable: boolean } | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { code, cause, meta } = error as { code?: unknown; cause?: unknown; meta?: { driverAdapterError?: unknown } };
  if (typeof code === "string" && codes.has(code)) return { retryable: true };
  const kind = kindOf(error) ?? kindOf(cause) ?? kindOf((meta?.driverAdapterError as { cause?: unknown } | undefined)?.cause);
  return kind !== undefined && kinds.has(kind) ? { retryable: true } : undefined;
}

function kindOf(thing: unknown): string | undefined {
  const kind = typeof thing === "object" && thing !== null ? (thing as { kind?: unknown }).kind : undefined;
  return typeof kind === "string" ? kind : undefined;
}

import { setImmediate as nextTurn, setTimeout as after } from "node:timers/promises";
import { SyncError } from "@sync/core";

/**
 * Waits for a fresh turn of the event loop in which no transaction of the application's is open on the one connection of a SQLite
 * file. In one, ours would become a part of it and vanish with its rollback.
 */
export async function whenFree(patience: number, isInTransaction: () => boolean | Promise<boolean>): Promise<void> {
  const giveUp = Date.now() + patience;
  await nextTurn();
  while (await isInTransaction()) {
    if (Date.now() > giveUp) throw busy(`has kept a transaction open for ${patience} ms on`);
    await after(1);
  }
}

export function busy(what: string, cause?: unknown): SyncError {
  return new SyncError("ENDPOINT.BUSY", `The application ${what} this SQLite connection.`, { retryable: true, cause });
}

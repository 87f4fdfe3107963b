import type { Database } from "./endpoint.ts";
import { SyncError } from "./errors.ts";
import type { SideName } from "./mapping/pair-model.ts";
import type { Direction } from "./options.ts";
import type { StateStore } from "./state.ts";

type Databases = Readonly<Record<SideName, Database>>;

/** The side that works inside a transaction of the application's. */
export function sideInTransaction({ left, right }: Databases): SideName | undefined {
  return left.inTransaction ? "left" : right.inTransaction ? "right" : undefined;
}

/**
 * What the application may still roll back must be all that a run does, but for cloudIds on the other side. Written there, rows
 * would stay and the memory of them go; and a base that stayed, of a row that went, would be read as a delete.
 */
export function refusedInTransaction(databases: Databases, state: StateStore | undefined, direction: Direction): string | undefined {
  const side = sideInTransaction(databases);
  if (side === undefined) return undefined;
  if (databases.left.inTransaction && databases.right.inTransaction) return "Both sides work inside a transaction: a run's memory can be in one of them only.";
  const towards = side === "left" ? "right-to-left" : "left-to-right";
  if (direction !== towards) {
    return `The ${side} side works inside a transaction: what a run writes to the other side would stay if that is rolled back. Run with \`direction: "${towards}"\`, or outside.`;
  }
  if (state === undefined || state !== databases[side].state) {
    return `The ${side} side works inside a transaction: the pair's memory has to go through it too. Give its own \`state\`, or run outside.`;
  }
  return undefined;
}

/** For what changes more than the side that can be rolled back. */
export function refuseInTransaction(databases: Databases, what: string): void {
  if (sideInTransaction(databases) === undefined) return;
  throw new SyncError("OPTIONS.TRANSACTION", `\`${what}\` changes what no rollback brings back: call it outside of your transaction.`, { stage: "check" });
}

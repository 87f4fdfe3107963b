import type { Claim, ClaimRequest, Encounter, KnownPair } from "@sync/core";
import { SyncError } from "@sync/core";
import { SIDE_VERSION } from "./sides.ts";

/** Somebody else's lease; the message is what the other runner's user reads. */
export function leaseHeld(holder: string | null, since: string | null): SyncError {
  const who = holder === null ? "another runner" : holder;
  const when = since === null ? "" : ` since ${since}`;
  return new SyncError(
    "LEASE.HELD",
    `this database is being synced by ${who}${when}; wait until that run ends, or take over if it is known to be dead`,
  );
}

export function leaseLost(database: string, cause?: unknown): SyncError {
  return new SyncError("LEASE.LOST", `${database}: another runner has taken the lease; nothing of this unit was written`, { database, cause });
}

export function newerVersion(version: number): SyncError {
  return new SyncError(
    "STATE.NEWER_VERSION",
    `the side tables have version ${version}, this package knows up to ${SIDE_VERSION}; upgrade before running again`,
  );
}

/** What the claim says of the databases met and of pairs, from the JSON arrays in which the statement gives them. */
export function acquaintances({ pair }: ClaimRequest, met: string, pairs: string): Pick<Claim, "met" | "pairs"> {
  return pair === undefined ? {} : { met: JSON.parse(met) as Encounter[], pairs: JSON.parse(pairs) as KnownPair[] };
}

/** Notes about pairs as one parameter: an array of arrays. */
export const pairNotes = (pairs: readonly KnownPair[]): string => JSON.stringify(pairs.map(({ name, left, right, times }) => [name, left, right, String(times)]));

export function checkClaim({ seconds }: ClaimRequest): void {
  if (!(seconds > 0)) throw new SyncError("OPTIONS.INVALID", "a lease lasts more than 0 seconds");
}

import { randomUUID } from "node:crypto";
import { type Claim, type ClaimRequest, type Encounter, type KnownPair, SyncError } from "@sync/core";

/** Who may write, and what this database knows of itself and of others. */
export interface Lease {
  readonly databaseId: string;
  fence: number;
  runCounter: number;
  held?: { readonly runner: string; readonly holder: string; readonly since: string; readonly until: number };
  readonly met: Record<string, Encounter[]>;
  pairs: KnownPair[];
}

export function newLease(): Lease {
  return { databaseId: randomUUID(), fence: 0, runCounter: 0, met: {}, pairs: [] };
}

/** Takes or renews it. A runner that lost it finds a higher fence, and its units are refused. */
export function claimLease(lease: Lease, request: ClaimRequest, now: number, serverIdentity: string): Claim {
  const { held } = lease;
  const isMine = held?.runner === request.runner;
  if (held && !isMine && held.until > now && !request.takeOver) {
    throw new SyncError("LEASE.HELD", `The file is in use by ${held.holder} since ${held.since}. Wait until it is done, or take over.`);
  }
  if (!isMine) lease.fence += 1;
  const since = isMine ? held.since : new Date(now).toISOString();
  lease.held = { runner: request.runner, holder: request.holder, since, until: now + request.seconds * 1000 };
  const { databaseId, runCounter, fence } = lease;
  const claim: Claim = { databaseId, serverIdentity, runCounter, fence };
  return request.pair === undefined ? claim : { ...claim, met: meet(lease, request.pair, request.meets), pairs: note(lease, request.pairs ?? []) };
}

export function checkFence(lease: Lease, fence: number): void {
  if (lease.held && lease.fence === fence) return;
  throw new SyncError("LEASE.LOST", "Another runner has taken the lease on the file; nothing of this unit was written.");
}

/** What it has met in a pair stays known, so that a pair that lost its state is noticed. */
function meet(lease: Lease, pair: string, meets: Encounter | undefined): readonly Encounter[] {
  const met = (lease.met[pair] ??= []);
  if (meets && !met.some(({ side, other }) => side === meets.side && other === meets.other)) met.push(meets);
  return met;
}

/** Of two notes about a pair the higher one is later. */
function note(lease: Lease, notes: readonly KnownPair[]): readonly KnownPair[] {
  for (const each of notes) {
    const others = lease.pairs.filter((known) => known.name !== each.name || known.left !== each.left || known.right !== each.right);
    const known = lease.pairs.find((pair) => !others.includes(pair));
    if (each.times > (known?.times ?? 0)) lease.pairs = [...others, each];
  }
  return lease.pairs;
}

import type { Claim, ClaimRequest, Encounter, KnownPair } from "../endpoint.ts";
import { SyncError } from "../errors.ts";

interface Holder {
  readonly runner: string;
  readonly holder: string;
  readonly since: number;
  readonly until: number;
}

/** What a copy of the database brings along of it; the lease falls. */
export interface LeaseSnapshot {
  readonly runCounter: number;
  readonly fence: number;
  readonly met: ReadonlyMap<string, readonly Encounter[]>;
  readonly pairs: ReadonlyMap<string, KnownPair>;
}

/** Who may write to a database, how many runs did, and whom it has met: the table `sync_database` of others. */
export class Lease {
  readonly #database: string;
  #runCounter = 0;
  #fence = 0;
  #current: Holder | undefined;
  /** By pair. */
  #met: ReadonlyMap<string, readonly Encounter[]> = new Map();
  /** By name and databases. */
  #pairs: ReadonlyMap<string, KnownPair> = new Map();

  constructor(database: string) {
    this.#database = database;
  }

  get seen(): { readonly holder: string; readonly fence: number; readonly runCounter: number } {
    return { holder: this.#current?.holder ?? "", fence: this.#fence, runCounter: this.#runCounter };
  }

  claim(request: ClaimRequest, identity: Pick<Claim, "databaseId" | "serverIdentity">, now: number): Claim {
    const current = this.#current;
    if (current?.runner !== request.runner) {
      if (current !== undefined && current.until > now && !request.takeOver) {
        const since = new Date(current.since).toISOString();
        throw new SyncError("LEASE.HELD", `${this.#database} is in use by ${current.holder} since ${since}. Wait until it is done, or take over.`, { database: this.#database });
      }
      this.#fence += 1;
    }
    const since = current?.runner === request.runner ? current.since : now;
    this.#current = { runner: request.runner, holder: request.holder, since, until: now + request.seconds * 1000 };
    const claim: Claim = { ...identity, runCounter: this.#runCounter, fence: this.#fence };
    if (request.pair === undefined) return claim;
    this.#note(request.pairs ?? []);
    return { ...claim, met: this.#meet(request.pair, request.meets), pairs: [...this.#pairs.values()] };
  }

  release(fence: number, wrote: boolean): boolean {
    if (this.#current === undefined || fence !== this.#fence) return false;
    this.#current = undefined;
    if (wrote) this.#runCounter += 1;
    return true;
  }

  check(fence: number): void {
    if (this.#current !== undefined && fence === this.#fence) return;
    throw new SyncError("LEASE.LOST", `Another runner has taken the lease on ${this.#database}; nothing of this unit was written.`, { database: this.#database });
  }

  snapshot(): LeaseSnapshot {
    return { runCounter: this.#runCounter, fence: this.#fence, met: this.#met, pairs: this.#pairs };
  }

  restore({ runCounter, fence, met, pairs }: LeaseSnapshot): void {
    this.#runCounter = runCounter;
    this.#fence = fence;
    this.#met = met;
    this.#pairs = pairs;
    this.#current = undefined;
  }

  #note(pairs: readonly KnownPair[]): void {
    const notes = new Map(this.#pairs);
    for (const pair of pairs) {
      const key = JSON.stringify([pair.name, pair.left, pair.right]);
      if (pair.times > (notes.get(key)?.times ?? 0)) notes.set(key, pair);
    }
    this.#pairs = notes;
  }

  #meet(pair: string, meets: Encounter | undefined): readonly Encounter[] {
    const met = this.#met.get(pair) ?? [];
    if (meets === undefined || met.some(({ side, other }) => side === meets.side && other === meets.other)) return met;
    this.#met = new Map(this.#met).set(pair, [...met, meets]);
    return this.#met.get(pair)!;
  }
}

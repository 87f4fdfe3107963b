import type { Claim, Encounter } from "../endpoint.ts";
import { isSyncError, SyncError } from "../errors.ts";
import type { SideName } from "../mapping/pair-model.ts";
import type { StateChange } from "../state.ts";
import type { RunContext } from "./context.ts";

type Known = Pick<Claim, "databaseId" | "serverIdentity" | "runCounter">;

/** The databases a pair knows, in its state; kept under the run collection. */
export interface KnownDatabases {
  readonly id: "databases";
  readonly left: Known;
  readonly right: Known;
  /** Fences of a run that began to store and has not ended: a database that never saw them is older than the bases. */
  readonly writing?: { readonly left: number; readonly right: number };
  /** Such a database was met. Each refused attempt raises its fence, so the refusal itself has to be remembered. */
  readonly refused?: SideName;
  readonly [name: string]: unknown;
}

const SIDES = ["left", "right"] as const;
const other = (side: SideName): SideName => (side === "left" ? "right" : "left");
const advice = "If that is intended, call `adopt()`: what was remembered is dropped, and both sides meet as for the first time.";

export async function readKnown(context: RunContext): Promise<KnownDatabases | undefined> {
  const { state, pair } = context.settings;
  const [known] = await context.retrying(() => state.read(pair, { collection: "run", ids: ["databases"] }));
  return known as KnownDatabases | undefined;
}

const put = (known: KnownDatabases): StateChange => ({ op: "put", collection: "run", records: [known] });

function knownOf({ claims }: RunContext, raise = 0): KnownDatabases {
  const of = ({ databaseId, serverIdentity, runCounter }: Claim): Known => ({ databaseId, serverIdentity, runCounter: runCounter + raise });
  return { id: "databases", left: of(claims!.left), right: of(claims!.right) };
}

/** Goes with the first that a run stores: should the run be killed, the next one knows what both databases must have seen. */
export function announced(context: RunContext): StateChange {
  const { left, right } = context.claims!;
  return put({ ...knownOf(context), writing: { left: left.fence, right: right.fence } });
}

export const knowsBoth = (known: KnownDatabases | undefined, claims: Readonly<Record<SideName, Claim>>): boolean =>
  known !== undefined && SIDES.every((side) => known[side].databaseId === claims[side].databaseId);

/** Rule 15: a restored, cloned or exchanged database stops the run before it can do harm. */
export async function recogniseDatabases(
  context: RunContext, known: KnownDatabases | undefined, adopt: boolean, renew: (side: SideName, fence: number) => Promise<void>,
): Promise<void> {
  const claims = context.claims!;
  if (claims.left.databaseId === claims.right.databaseId) {
    throw new SyncError("DATABASE.SAME", "Left and right are the same database, or one is a copy of the other. Give the copy an identity of its own (drop its `sync_database` table), or connect the right one.", { stage: "check" });
  }
  if (adopt) return;
  if (!known) return refuseAcquaintances(claims);
  for (const side of SIDES) {
    const [before, claim] = [known[side], claims[side]];
    if (before.databaseId !== claim.databaseId) throw exchanged(side);
    if (before.serverIdentity !== claim.serverIdentity) throw new SyncError("DATABASE.MOVED", `The ${side} database is a copy of the one this pair was synced with, or was moved to another server. ${advice}`, { stage: "check" });
    // Somebody may have taken the lease since and begun to write: then it is this runner that is behind, not the database.
    if (known.writing !== undefined && claim.fence <= known.writing[side]) await renew(side, claim.fence);
    const unseen = known.writing !== undefined && claim.fence <= known.writing[side];
    if (unseen && known.refused === undefined) {
      // Without fences: this one's is lower than what the store has seen, which is what it has to say.
      await context.retrying(() => context.unfencedState.commit(context.settings.pair, [put({ ...known, refused: side })]));
    }
    if (unseen || known.refused === side || claim.runCounter < before.runCounter) {
      throw new SyncError("DATABASE.RESTORED", `The ${side} database is older than this pair's memory of it: it was restored from a backup. ${advice}`, { stage: "check" });
    }
  }
}

/** The state knows nothing of this pair, but a database may: then the state went with the other one, or by itself. */
function refuseAcquaintances(claims: Readonly<Record<SideName, Claim>>): void {
  const met = (side: SideName): readonly Encounter[] => claims[side].met ?? [];
  const together = SIDES.some((side) => met(side).some((encounter) => encounter.other === claims[other(side)].databaseId));
  if (together) {
    throw new SyncError("STATE.LOST", `Both databases were synced under this name, and the state store knows nothing of it: it was lost, emptied, or is another one. Connect the right one. ${advice}`, { stage: "check" });
  }
  for (const side of SIDES) if (met(side).some((encounter) => encounter.side === side)) throw exchanged(other(side));
}

const exchanged = (side: SideName): SyncError =>
  new SyncError("DATABASE.EXCHANGED", `The ${side} database is not the one this pair was synced with. ${advice} Pairs that share a database have names of their own.`, { stage: "check" });

/** Whom this side is to remember; undefined where it does already, or keeps no such memory. */
export function unmet(claims: Readonly<Record<SideName, Claim>>, side: SideName): Encounter | undefined {
  const { met } = claims[side];
  const encounter: Encounter = { side, other: claims[other(side)].databaseId };
  return met === undefined || met.some((each) => each.side === encounter.side && each.other === encounter.other) ? undefined : encounter;
}

/** At the end of a run that wrote: both run counters were raised. An idle run stores nothing. */
export async function rememberDatabases(context: RunContext): Promise<void> {
  const { state, pair } = context.settings;
  try {
    await context.retrying(() => state.commit(pair, [put(knownOf(context, 1))]));
  } catch (error) {
    // The leases are let go: another run may have stored since, and it knows more.
    if (!isSyncError(error) || error.code !== "LEASE.LOST") throw error;
  }
}

/** Drops what the pair remembers of these models, and takes both databases as they are. */
export async function adoptDatabases(context: RunContext, models: readonly string[]): Promise<void> {
  const { claims, settings, unfencedState } = context;
  const changes: StateChange[] = [
    ...models.map((model): StateChange => ({ op: "clearBases", model })),
    { op: "remove", collection: "checkpoint", ids: models },
    put(knownOf(context)),
  ];
  await context.retrying(() => unfencedState.commit(settings.pair, changes, { left: claims!.left.fence, right: claims!.right.fence, anew: true }));
  await context.openConflicts.supersedeAll(models);
}

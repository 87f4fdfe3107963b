import type { Claim } from "../endpoint.ts";
import { SyncError } from "../errors.ts";
import type { RunContext } from "./context.ts";

type Side = "left" | "right";

/** The databases a pair knows, in its state; kept under the run collection. */
interface KnownDatabases {
  readonly id: "databases";
  readonly left: Omit<Claim, "fence">;
  readonly right: Omit<Claim, "fence">;
  /** Fences of a run that began to write and has not ended: a database that never saw them is older than the bases. */
  readonly writing?: { readonly left: number; readonly right: number };
  /** Such a database was met. Each refused attempt raises its fence, so the refusal itself has to be remembered. */
  readonly refused?: Side;
  readonly [name: string]: unknown;
}

const advice = "If that is intended, call `adopt()`: what was remembered is dropped, and both sides meet as for the first time.";

async function readKnown(context: RunContext): Promise<KnownDatabases | undefined> {
  const { state, pair } = context.settings;
  const [known] = await context.retrying(() => state.read(pair, { collection: "run", ids: ["databases"] }));
  return known as KnownDatabases | undefined;
}

function store(context: RunContext, known: KnownDatabases): Promise<void> {
  const { state, pair } = context.settings;
  return context.retrying(() => state.commit(pair, [{ op: "put", collection: "run", records: [known] }]));
}

const withoutFence = ({ databaseId, serverIdentity, runCounter }: Claim): Omit<Claim, "fence"> => ({ databaseId, serverIdentity, runCounter });

/** Rule 15: a restored, cloned or exchanged database stops the run before it can do harm. */
export async function recogniseDatabases(
  context: RunContext, claims: { readonly left: Claim; readonly right: Claim }, adopt: boolean, renew: (side: Side, fence: number) => Promise<void>,
): Promise<void> {
  if (claims.left.databaseId === claims.right.databaseId) {
    throw new SyncError("DATABASE.SAME", "Left and right are the same database, or one is a copy of the other. Give the copy an identity of its own (drop its `sync_database` table), or connect the right one.", { stage: "check" });
  }
  const known = await readKnown(context);
  if (!known || adopt) return;
  for (const side of ["left", "right"] as const) {
    const [before, claim] = [known[side], claims[side]];
    if (before.databaseId !== claim.databaseId) throw new SyncError("DATABASE.EXCHANGED", `The ${side} database is not the one this pair was synced with. ${advice}`, { stage: "check" });
    if (before.serverIdentity !== claim.serverIdentity) throw new SyncError("DATABASE.MOVED", `The ${side} database is a copy of the one this pair was synced with, or was moved to another server. ${advice}`, { stage: "check" });
    // Somebody may have taken the lease since and begun to write: then it is this runner that is behind, not the database.
    if (known.writing !== undefined && claim.fence <= known.writing[side]) await renew(side, claim.fence);
    const unseen = known.writing !== undefined && claim.fence <= known.writing[side];
    if (unseen && known.refused === undefined) await store(context, { ...known, refused: side });
    if (unseen || known.refused === side || claim.runCounter < before.runCounter) {
      throw new SyncError("DATABASE.RESTORED", `The ${side} database is older than this pair's memory of it: it was restored from a backup. ${advice}`, { stage: "check" });
    }
  }
}

/** Before the first unit of a run: should the run be killed, the next one knows what both databases must have seen. */
export async function rememberWriting(context: RunContext): Promise<void> {
  const { left, right } = context.claims!;
  await store(context, { id: "databases", left: withoutFence(left), right: withoutFence(right), writing: { left: left.fence, right: right.fence } });
}

/** At the end of a run; `wrote`: both run counters were raised. An idle run stores nothing. */
export async function rememberDatabases(context: RunContext, wrote: boolean): Promise<void> {
  if (context.claims === undefined || context.dry) return;
  const raised = (claim: Claim): Omit<Claim, "fence"> => ({ ...withoutFence(claim), runCounter: claim.runCounter + (wrote ? 1 : 0) });
  const record: KnownDatabases = { id: "databases", left: raised(context.claims.left), right: raised(context.claims.right) };
  const known = await readKnown(context);
  if (JSON.stringify(known) === JSON.stringify(record) || (known && !wrote)) return;
  await store(context, record);
}

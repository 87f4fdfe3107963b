import type { Mapping } from "../mapping/compile.ts";
import { RunContext, type Settings } from "../run/context.ts";
import type { RunOptions } from "../run/run.ts";
import { withSession } from "../run/session.ts";
import type { StateChange } from "../state.ts";
import { runsOf, storedRun, type RunRecord } from "../undo/run-log.ts";
import { recordsIn } from "./pages.ts";

/** For how many days something is kept; `Infinity`: for ever. */
export interface Retention {
  /** Conflicts that are closed. Open ones stay, and so does whatever waits in quarantine. @default 90 */
  readonly conflicts?: number;
  /** What runs overwrote and deleted: so long they can be undone. @default 30 */
  readonly preImages?: number;
  /** The history of runs. @default 365 */
  readonly runs?: number;
}

/** What was too old. */
export interface Pruned {
  readonly conflicts: number;
  readonly preImages: number;
  readonly runs: number;
}

const day = 86_400_000;
/** Runs that write look through the log no more often than this. */
const pause = 3_600_000;

export const defaultRetention: Required<Retention> = { conflicts: 90, preImages: 30, runs: 365 };

/** Removes what is older than the retention. */
export async function prune(settings: Settings, mapping: Mapping, options: Pick<RunOptions, "takeOver">): Promise<Pruned> {
  const context = new RunContext(settings, { dry: false });
  return withSession(context, mapping, options, () => pruneNow(context));
}

/** At the end of a run that wrote: now and then. A new pair has nothing that is too old. */
export async function pruneSometimes(context: RunContext): Promise<void> {
  const { state, pair, runtime } = context.settings;
  const [last] = await context.retrying(() => state.read(pair, { collection: "run", ids: ["pruned"] }));
  if (!last) await context.retrying(() => state.commit(pair, [pruned(context)]));
  else if (runtime.now() - Date.parse(last["at"] as string) >= pause) await pruneNow(context);
}

const pruned = (context: RunContext): StateChange => ({ op: "put", collection: "run", records: [{ id: "pruned", at: context.timestamp() }] });

async function pruneNow(context: RunContext): Promise<Pruned> {
  const { state, pair, runtime, retention } = context.settings;
  const counts = { conflicts: 0, preImages: 0, runs: 0 };
  // An undo that was interrupted still needs all of it.
  if (context.held && !context.held.finished) return counts;
  const isOlder = (at: string, days: number): boolean => runtime.now() - Date.parse(at) > days * day;
  const commit = (changes: readonly StateChange[]): Promise<void> => context.retrying(() => state.commit(pair, changes));
  const expired: RunRecord[] = [];
  const forgotten: string[] = [];
  for await (const run of runsOf(state, pair)) {
    if (isOlder(run.at, Math.max(retention.runs, retention.preImages))) forgotten.push(storedRun(run).id);
    else if (isOlder(run.at, retention.preImages) && !run.expired) expired.push({ ...run, expired: true });
  }
  // First of all it is said that these runs can not be taken back any more.
  if (expired.length > 0) await commit([{ op: "put", collection: "run", records: expired.map(storedRun) }]);
  if (forgotten.length > 0) await commit([{ op: "remove", collection: "run", ids: forgotten }]);
  counts.runs = forgotten.length;
  const old = new Set([...expired.map(({ id }) => id), ...forgotten.map((id) => id.slice(id.indexOf("/") + 1))]);
  for (const collection of ["preImage", "touched"] as const) {
    for await (const page of recordsIn(state, pair, collection)) {
      const ids = page.flatMap((each) => (old.has(each.run) || ("at" in each && isOlder(each.at, retention.preImages)) ? [each.id] : []));
      // In the order of the runs: what follows is younger.
      if (ids.length === 0) break;
      await commit([{ op: "remove", collection, ids }]);
      if (collection === "preImage") counts.preImages += ids.length;
    }
  }
  for await (const page of recordsIn(state, pair, "conflict")) {
    const ids = page.flatMap(({ id, at, decision }) => (decision !== "open" && isOlder(at, retention.conflicts) ? [id] : []));
    if (ids.length > 0) await commit([{ op: "remove", collection: "conflict", ids }]);
    counts.conflicts += ids.length;
  }
  await commit([pruned(context)]);
  return counts;
}

import { otherSide, type PairModel, type SideName } from "../mapping/pair-model.ts";
import type { Base, StateChange, StateRecords } from "../state.ts";
import { touchedIn } from "../undo/history.ts";
import type { RunContext } from "./context.ts";

/** Runs that were killed, or did not hear what became of a new row: rows may stand that they made, and of which no base tells. */
export type Doubts = StateRecords["run"] & { readonly id: "doubts"; readonly runs: readonly string[] };

const storedDoubts = (runs: readonly string[]): StateChange =>
  (runs.length === 0 ? { op: "remove", collection: "run", ids: ["doubts"] } : { op: "put", collection: "run", records: [{ id: "doubts", runs }] });

/** Until it ends well, a run that writes is in doubt. */
export function beginDoubt(context: RunContext): StateChange {
  return storedDoubts([...context.stillDoubtful.now, context.runId]);
}

/** `whole`: nothing was left to the next run, so that what earlier ones left has been looked at. */
export function endDoubts(context: RunContext, whole: boolean): StateChange[] {
  const runs = [...(whole ? context.stillDoubtful.after : context.stillDoubtful.now), ...(context.inDoubt ? [context.runId] : [])];
  return context.entered || runs.length !== context.doubtful.length ? [storedDoubts(runs)] : [];
}

/**
 * Rows that a doubtful run made, and whose source was deleted before anybody could look again, are linked records of which one
 * side is gone: not new ones. Nothing is known to be agreed on, so each of their fields may have been edited since. A plan supposes
 * them to be linked. True: there are such rows.
 *
 * A run of which no row waits to be linked is in doubt no more: what comes to stand under one of its names later is somebody's.
 */
export async function settleDoubts(context: RunContext, models: readonly PairModel[]): Promise<boolean> {
  const { state, pair } = context.settings;
  const [open, unnamed] = [new Set<string>(), new Set<string>()];
  let found = false;
  for (const run of context.doubtful) {
    for await (const { created } of touchedIn(context, run)) {
      for (const { model: name, side, cloudIds } of created) {
        const model = models.find((each) => each.name === name);
        if (!model) {
          unnamed.add(run);
          continue;
        }
        const { bases, unlinked } = await basesOfOrphans(context, model, side, cloudIds);
        if (unlinked) open.add(run);
        if (bases.length === 0) continue;
        found = true;
        if (context.dry) {
          context.supposed.push(...bases);
          continue;
        }
        context.agreed = true;
        await context.retrying(() => state.commit(pair, [{ op: "putBases", bases }]));
      }
    }
  }
  // Of models that are not in this run, the next one has to look at them.
  context.stillDoubtful = { now: context.doubtful.filter((run) => open.has(run) || unnamed.has(run)), after: [...unnamed] };
  return found;
}

/** Bases for those of these rows that stand on the side where they were made, that nobody linked, and whose source is gone; `unlinked`: of others it stands. */
async function basesOfOrphans(
  context: RunContext, model: PairModel, side: SideName, cloudIds: readonly string[],
): Promise<{ readonly bases: readonly Base[]; readonly unlinked: boolean }> {
  const { state, pair } = context.settings;
  const known = new Set((await context.retrying(() => state.bases(pair, model.name, cloudIds))).map(({ cloudId }) => cloudId));
  const open = cloudIds.filter((cloudId) => !known.has(cloudId));
  if (open.length === 0) return { bases: [], unlinked: false };
  const standing = async (on: SideName): Promise<ReadonlySet<string | null>> => {
    const tuples = open.map((cloudId) => [cloudId]);
    return new Set((await context.retrying(() => model[on].endpoint.fetch({ fields: [], by: "cloudId", tuples }))).map((row) => row.cloudId));
  };
  const [made, sources] = await Promise.all([standing(side), standing(otherSide(side))]);
  const unknown = model.fields.map(() => undefined);
  const none = model.fields.map(() => null);
  const orphans = open.filter((cloudId) => made.has(cloudId) && !sources.has(cloudId));
  return {
    bases: orphans.map((cloudId) => context.codecOf(model).make(cloudId, unknown, undefined, none)),
    unlinked: open.some((cloudId) => made.has(cloudId) && sources.has(cloudId)),
  };
}

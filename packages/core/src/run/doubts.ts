import { otherSide, type PairModel } from "../mapping/pair-model.ts";
import type { Base, StateChange, StateRecords } from "../state.ts";
import { touchedIn } from "../undo/history.ts";
import type { RunContext } from "./context.ts";

/** Runs that were killed, or did not hear what became of a new row: rows may stand that they made, and of which no base tells. */
export type Doubts = StateRecords["run"] & { readonly id: "doubts"; readonly runs: readonly string[] };

const storedDoubts = (runs: readonly string[]): StateChange =>
  (runs.length === 0 ? { op: "remove", collection: "run", ids: ["doubts"] } : { op: "put", collection: "run", records: [{ id: "doubts", runs }] });

/** Until it ends well, a run that writes is in doubt. */
export function beginDoubt(context: RunContext): StateChange {
  return storedDoubts([...context.doubtful, context.runId]);
}

/** `whole`: nothing was left to the next run, so that what earlier ones left has been looked at. */
export function endDoubts(context: RunContext, whole: boolean): StateChange[] {
  const runs = [...(whole ? context.stillDoubtful : context.doubtful), ...(context.inDoubt ? [context.runId] : [])];
  return context.entered || runs.length !== context.doubtful.length ? [storedDoubts(runs)] : [];
}

/**
 * Rows that a doubtful run made, and whose source was deleted before anybody could look again, are linked records of which one
 * side is gone: not new ones. Nothing is known to be agreed on, so each of their fields may have been edited since. True: there are
 * such rows.
 */
export async function settleDoubts(context: RunContext, models: readonly PairModel[]): Promise<boolean> {
  const { state, pair } = context.settings;
  let found = false;
  const stopped = new Set<string>();
  for (const run of context.doubtful) {
    for await (const { created } of touchedIn(context, run)) {
      for (const { model: name, side, cloudIds } of created) {
        const model = models.find((each) => each.name === name);
        if (!model) {
          stopped.add(run);
          continue;
        }
        const known = new Set((await context.retrying(() => state.bases(pair, name, cloudIds))).map(({ cloudId }) => cloudId));
        const tuples = cloudIds.flatMap((cloudId) => (known.has(cloudId) ? [] : [[cloudId]]));
        if (tuples.length === 0) continue;
        const [made, sources] = await Promise.all([side, otherSide(side)].map(async (each) => {
          const { endpoint } = model[each];
          return new Set((await context.retrying(() => endpoint.fetch({ fields: [], by: "cloudId", tuples }))).map((row) => row.cloudId));
        }));
        const unknown = model.fields.map(() => undefined);
        const bases = tuples.flatMap(([cloudId]): Base[] =>
          (made!.has(cloudId!) && !sources!.has(cloudId!) ? [context.codecOf(model).make(cloudId!, unknown, undefined, model.fields.map(() => null))] : []));
        if (bases.length === 0) continue;
        found = true;
        context.agreed = true;
        await context.retrying(() => state.commit(pair, [{ op: "putBases", bases }]));
      }
    }
  }
  context.stillDoubtful = [...stopped];
  return found;
}

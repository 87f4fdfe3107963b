import { SyncError } from "../errors.ts";
import type { RunContext } from "../run/context.ts";
import type { ModelCounts } from "../run/events.ts";
import type { StateRecords, StateStore } from "../state.ts";

/** One run in the history of a pair. A run that wrote nothing leaves no entry. */
export interface RunRecord {
  readonly id: string;
  readonly kind: "run" | "undo";
  readonly at: string;
  /** False: it is at work, or it was killed. */
  readonly finished: boolean;
  /** By model. */
  readonly counts?: Readonly<Record<string, ModelCounts>>;
  readonly written?: { readonly left: number; readonly right: number };
  /** Of an undo: the run that it took back. */
  readonly of?: string;
  /** The undo that took it back. */
  readonly undoneBy?: string;
  /** What it overwrote is no longer kept: it can not be taken back. */
  readonly expired?: true;
}

/** A pair that an undo has stopped: the next run would do the same again. */
export interface Held {
  readonly id: "held";
  readonly undo: string;
  readonly of: string;
  readonly at: string;
  readonly finished: boolean;
  readonly [name: string]: unknown;
}

const prefix = "run/";

export const storedRun = (record: RunRecord): StateRecords["run"] => ({ ...record, id: prefix + record.id });

const asRun = (stored: StateRecords["run"]): RunRecord => ({ ...(stored as unknown as RunRecord), id: stored.id.slice(prefix.length) });

/** The history, oldest first. */
export async function* runsOf(state: StateStore, pair: string): AsyncGenerator<RunRecord> {
  for (let after = prefix; ;) {
    const page = await state.read(pair, { collection: "run", after, limit: 500 });
    for (const stored of page) {
      if (!stored.id.startsWith(prefix)) return;
      yield asRun(stored);
    }
    if (page.length < 500) return;
    after = page[page.length - 1]!.id;
  }
}

/** Whoever writes must ask first: nothing is done to a pair that an undo holds. */
export function refuseHeld(context: RunContext): void {
  if (!context.held) return;
  const { of, finished } = context.held;
  throw new SyncError("PAIR.HELD", finished
    ? `This pair is held since run ${of} was undone, for the next run would do the same again. Mend what was wrong, then call \`release()\`.`
    : `An undo of run ${of} is at work here, or was interrupted. Call \`undo("${of}")\` again to finish it.`, { stage: "check" });
}

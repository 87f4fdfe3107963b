import { isSyncError } from "@sync/core";
import type { Process, Scheduler } from "./scheduler.ts";

/** How the work of a process ended. */
export type Ending = { readonly ended: "done" | "died" } | { readonly ended: "failed"; readonly code: string };

/** Work of a process that is under way. */
export interface Running {
  readonly process: Process;
  ending: Ending | undefined;
}

/** Follows the work of a process to its end, or to the death of the process. `onDefect`: it threw what is no error of ours. */
export function follow(
  process: Process, scheduler: Scheduler, work: Promise<unknown>, onDefect: (message: string) => void, onEnd: () => void = () => undefined,
): Running {
  const running: Running = { process, ending: undefined };
  const settled = work.then((): Ending => ({ ended: "done" }), (error: unknown): Ending => {
    if (!isSyncError(error)) throw error;
    return { ended: "failed", code: error.code };
  });
  void Promise.race([settled, process.death.then((): Ending => ({ ended: "died" }))]).then(
    (ending) => {
      running.ending = ending;
      onEnd();
      scheduler.trace.add(`end ${process.name} ${ending.ended === "failed" ? ending.code : ending.ended}`);
    },
    (error: unknown) => {
      onDefect(error instanceof Error ? error.stack ?? error.message : String(error));
      running.ending = { ended: "failed", code: "foreign" };
    },
  );
  return running;
}

import type { Demo } from "./open.ts";
import { totals, verified } from "./report/outcome.ts";
import { block, figure, heading } from "./report/page.ts";
import type { Progress } from "./report/progress.ts";

/** After Ctrl-C or a kill: one more run finishes what was begun, whatever that was. */
export async function goOn({ sync }: Demo, progress: Progress, signal: AbortSignal): Promise<void> {
  const options = { signal, onEvent: progress.listen };
  heading("Going on");
  // A killed process could not give its lease back. It can write no more once another has it.
  const run = await sync.run({ ...options, takeOver: true });
  progress.clear();
  const { created, updated, deleted } = totals(run.models);
  const count = (of: { left: number; right: number }): string => figure(of.left + of.right);
  block("run", [`created ${count(created)}, updated ${count(updated)}, deleted ${count(deleted)} records`], run.milliseconds);
  const started = performance.now();
  const proof = await sync.verify(options);
  progress.clear();
  block("verify", [verified(proof)], performance.now() - started);
}

import type { Demo } from "./open.ts";
import { applied, verified } from "./report/outcome.ts";
import { block, heading } from "./report/page.ts";
import type { Progress } from "./report/progress.ts";

/** After Ctrl-C or a kill: one more run finishes what was begun, whatever that was. */
export async function goOn(demo: Demo, progress: Progress, signal: AbortSignal): Promise<void> {
  const options = { signal, onEvent: progress.listen };
  heading("Going on where it stopped");
  // A killed process could not give its lease back; it can write no more once another has it.
  const run = await demo.sync.run({ ...options, takeOver: true });
  progress.clear();
  block("run", applied(run), run.milliseconds);
  const started = performance.now();
  const proof = await demo.sync.verify(options);
  progress.clear();
  block("verify", await verified(demo, proof), performance.now() - started);
}

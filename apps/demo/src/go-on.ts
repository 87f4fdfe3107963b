import { deepStrictEqual as same } from "node:assert/strict";
import { applied, verified } from "./report/outcome.ts";
import { block, heading } from "./report/page.ts";
import type { Stage } from "./story.ts";

/** After Ctrl-C or a kill: one more run finishes what was begun, whatever that was. */
export async function goOn({ demo, progress, options }: Stage): Promise<void> {
  heading("Going on where it stopped");
  // A killed process could not give its lease back; it can write no more once another has it.
  const run = await demo.sync.run({ ...options, takeOver: true });
  progress.clear();
  block("run", applied(run), run.milliseconds);
  const started = performance.now();
  const proof = await demo.sync.verify(options);
  progress.clear();
  block("verify", await verified(demo, proof), performance.now() - started);
  same(proof.explained, true);
}

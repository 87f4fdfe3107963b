import { quarantineId, type RunContext } from "../run/context.ts";
import type { ConflictRecord, StateChange } from "../state.ts";

/** A record that waits in quarantine is not written: a word about it waits along with it. */
export function isHeldUp(context: RunContext, { model, leftKey, rightKey }: Pick<ConflictRecord, "model" | "leftKey" | "rightKey">): boolean {
  const ids = [...(leftKey ? [quarantineId("left", model, leftKey)] : []), ...(rightKey ? [quarantineId("right", model, rightKey)] : [])];
  return ids.some((id) => context.quarantine.has(id));
}

/** Tells what became of these decisions, which a run has come to the end of; `changes`: conflicts that it closes among them. */
export async function settleDecisions(context: RunContext, ids: readonly string[], changes: readonly StateChange[]): Promise<void> {
  if (ids.length === 0) return;
  const { state, pair } = context.settings;
  const logged = await context.retrying(() => state.read(pair, { collection: "conflict", ids }));
  const closing = new Set(changes.flatMap((change) => (change.op === "put" && change.collection === "conflict" ? change.records.map(({ id }) => id) : [])));
  const carriedOut = new Set(logged.filter(({ id, decision }) => (decision === "left" || decision === "right") && !closing.has(id)).map(({ id }) => id));
  for (const id of ids) {
    const { model } = context.decisions.get(id)!;
    const outcome = carriedOut.has(id) ? "carried-out" : "outdated";
    context.emit({ type: "decision", model, id, outcome });
    if (outcome === "outdated") context.outdatedDecisions.push(id);
  }
}

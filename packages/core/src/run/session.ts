import type { Claim, ClaimRequest, Finding } from "../endpoint.ts";
import { isSyncError, SyncError } from "../errors.ts";
import { sideInTransaction } from "../inside-transaction.ts";
import type { Mapping } from "../mapping/compile.ts";
import { unheldRules } from "../mapping/live-keys.ts";
import type { PairModel, SideName } from "../mapping/pair-model.ts";
import type { Checkpoint, StateChange } from "../state.ts";
import type { Held } from "../undo/run-log.ts";
import { wayOf, type RunContext } from "./context.ts";
import type { Doubts } from "./doubts.ts";
import { knowsBoth, readKnown, recogniseDatabases, rememberDatabases, unmet } from "./known-databases.ts";
import { joinTree } from "./tree-of-pairs.ts";

export interface Session {
  /** The models that take part: all, but those stopped by a finding. */
  readonly models: readonly PairModel[];
  readonly findings: readonly Finding[];
  /** Models that an earlier run has begun with: their first meeting was let through then. */
  readonly met: ReadonlySet<string>;
  /** Makes new field layouts durable; before the first base is written, and after the first meeting was let through. */
  begin(): Promise<void>;
  /** Has each database remember the other one, and what that knows of other pairs, where it does not yet. Only once the state knows both. */
  acquaint(): Promise<void>;
}

/**
 * Holds both leases while `work` runs, renews them, and lets go at the end, whatever happened. Nothing but leases and
 * side tables is written before every finding about options, schemas and databases is known.
 */
export async function withSession<Result>(
  context: RunContext, mapping: Mapping, options: { takeOver?: boolean; adopt?: boolean }, work: (session: Session) => Promise<Result>,
): Promise<Result> {
  const { databases, leaseSeconds, holder, pair, runtime, state } = context.settings;
  const claim = (side: "left" | "right", more: Pick<ClaimRequest, "takeOver" | "meets" | "pairs">): Promise<Claim> =>
    context.retrying(() => databases[side].claim({ holder, runner: context.runId, seconds: leaseSeconds, pair, ...more }));
  const inspected = (["left", "right"] as const).map((side) =>
    context.retrying(() => databases[side].inspect(mapping.models.map((model) => model[side].name))));
  const [claims, inspections, opened] = await Promise.all([
    Promise.allSettled((["left", "right"] as const).map((side) => claim(side, options.takeOver ? { takeOver: true } : {}))), Promise.allSettled(inspected), Promise.allSettled([context.retrying(() => state.open())]),
  ]);
  const held = new Map<"left" | "right", Claim>();
  claims.forEach((result, at) => result.status === "fulfilled" && held.set(at === 0 ? "left" : "right", result.value));
  let lost: unknown;
  let recognised = false;
  const renew = async (side: "left" | "right", fence: number, notes: Pick<ClaimRequest, "meets" | "pairs"> = {}): Promise<void> => {
    // Never by force: a lease that somebody has taken over stays theirs.
    const renewed = await claim(side, notes);
    if (renewed.fence === fence) return;
    // It had fallen and was free again: what was taken just now is not what this run's units are fenced with.
    await databases[side].release(renewed.fence, false);
    throw new SyncError("LEASE.LOST", `The lease on the ${side} database (${databases[side].name}) fell while this run was at work. What was written stays; start the run again and it goes on from there.`, { database: databases[side].name });
  };
  const renewals = new Set<Promise<void>>();
  const stopRenewing = runtime.every((leaseSeconds * 1000) / 3, () => {
    for (const [side, { fence }] of held) {
      const renewal = renew(side, fence).catch((error: unknown) => void (isSyncError(error) && error.retryable ? undefined : (lost ??= error)));
      renewals.add(renewal);
      void renewal.then(() => renewals.delete(renewal));
    }
  });
  try {
    for (const result of [...claims, ...inspections, ...opened]) if (result.status === "rejected") throw result.reason;
    const [left, right] = [held.get("left")!, held.get("right")!];
    context.claims = { left, right };
    const [known] = await Promise.all([readKnown(context), loadState(context, mapping)]);
    await recogniseDatabases(context, known, options.adopt ?? false, renew);
    const { news, ring } = joinTree(context.claims, pair, { known: knowsBoth(known, context.claims), adopt: options.adopt ?? false });
    if (!known && sideInTransaction(databases) !== undefined) {
      throw new SyncError("OPTIONS.TRANSACTION", "This pair has never run. Its first run makes two databases known to each other, which no rollback takes back on both sides: run it once outside of your transaction.", { stage: "check" });
    }
    recognised = true;
    const acquaint = async (): Promise<void> => {
      await bothAnswered(async (side) => {
        const meets = unmet({ left, right }, side);
        const pairs = news[side];
        if (meets || pairs.length > 0) await renew(side, held.get(side)!.fence, { ...(meets ? { meets } : {}), ...(pairs.length > 0 ? { pairs } : {}) });
      });
    };
    const findings: Finding[] = [...mapping.findings, ...(ring ? [ring] : [])];
    inspections.forEach((result, at) => {
      if (result.status !== "fulfilled") return;
      const side = at === 0 ? "left" : "right";
      const byOwnName = new Map(mapping.models.map((model) => [model[side].name, model.name]));
      for (const finding of result.value.findings) {
        const model = finding.model === undefined ? undefined : (byOwnName.get(finding.model) ?? finding.model);
        if (finding.key) {
          const name = `${side} ${model}`;
          context.missingKeys.set(name, (context.missingKeys.get(name) ?? new Set()).add(JSON.stringify(finding.key)));
        }
        findings.push({ ...finding, ...(model === undefined ? {} : { model }), message: `${side}: ${finding.message}` });
      }
      findings.push(...unheldRules(mapping.models, side, result.value.findings));
      for (const [name, shape] of result.value.shapes) context.shapes.set(`${side} ${byOwnName.get(name) ?? name}`, shape);
    });
    // A model that was synced before and no longer fits stops alone; everything else is refused together.
    const errors = findings.filter((finding) => finding.severity === "error");
    refuse(errors.filter((finding) => finding.model === undefined || !context.checkpoints.has(finding.model)));
    const stopped = new Set(errors.map((finding) => finding.model));
    // Parents come first in the mapping. Whose references cannot be followed is not touched.
    for (const { name, parents } of mapping.models) {
      const parent = parents.find((each) => stopped.has(each));
      if (parent === undefined || stopped.has(name)) continue;
      stopped.add(name);
      findings.push({ severity: "error", code: "MODEL.PARENT_STOPPED", model: name, message: `\`${name}\` refers to \`${parent}\`, which is stopped: it goes on together with that.` });
    }
    for (const finding of findings) context.emit({ type: "finding", severity: finding.severity, code: finding.code, message: finding.message, ...(finding.model === undefined ? {} : { model: finding.model }) });
    const models = mapping.models.filter((model) => !stopped.has(model.name));
    const newcomers = openLayouts(context, models);
    const begin = async (): Promise<void> => {
      if (context.dry) return;
      const records = newcomers.splice(0).map((checkpoint) => ({ ...checkpoint, id: checkpoint.model }));
      const changes: StateChange[] = records.length > 0 ? [{ op: "put", collection: "checkpoint", records }] : [];
      if (!known || changes.length > 0) await context.retrying(() => state.commit(pair, changes));
      // Beside the analysis; the first unit waits for it.
      context.acquainted = acquaint();
      context.acquainted.catch(() => undefined);
    };
    const met = new Set(models.flatMap(({ name }) => (newcomers.some((checkpoint) => checkpoint.model === name && checkpoint.layouts.length === 1) ? [] : [name])));
    const result = await work({ models, findings, met, begin, acquaint });
    await context.acquainted;
    if (lost !== undefined && context.written.left + context.written.right > 0) throw lost;
    return result;
  } finally {
    // A run that fails may have left writes behind; whoever takes the leases next must not meet them.
    await Promise.allSettled(context.underWay);
    // Should this fail as well, the next run recognises these records by their cloudIds.
    await context.storeOwed().catch(() => undefined);
    stopRenewing();
    // A renewal that is still on its way would take the lease again after it was let go.
    await Promise.allSettled([...renewals, context.acquainted]);
    // Both counters rise, whichever side was written: a backup of the other one is older than what is remembered, too.
    const wrote = context.agreed || context.written.left + context.written.right > 0;
    const released = await Promise.allSettled([...held].map(([side, { fence }]) => context.retrying(() => databases[side].release(fence, wrote))));
    if (recognised && wrote && released.every((result) => result.status === "fulfilled" && result.value)) await rememberDatabases(context);
  }
}

/** As `Promise.all`, but nothing is still on its way when it fails: a late answer would come after the leases were let go. */
export async function bothAnswered<Answer>(ask: (side: SideName) => Promise<Answer>): Promise<readonly Answer[]> {
  return (await Promise.allSettled([ask("left"), ask("right")])).map((answer) => {
    if (answer.status === "rejected") throw answer.reason;
    return answer.value;
  });
}

/** Throws all findings as one error. */
function refuse(errors: readonly Finding[]): void {
  if (errors.length === 0) return;
  const lines = errors.map((finding) => `- ${finding.code}${finding.model === undefined ? "" : ` (${finding.model})`}: ${finding.message}`);
  throw new SyncError(
    errors.length === 1 ? errors[0]!.code : "CHECK.FAILED",
    errors.length === 1 ? errors[0]!.message : `${errors.length} findings stand in the way; nothing was written.\n${lines.join("\n")}`,
    { stage: "check", findings: errors, ...(errors[0]!.model === undefined ? {} : { model: errors[0]!.model }) },
  );
}

async function loadState(context: RunContext, mapping: Mapping): Promise<void> {
  const { state, pair } = context.settings;
  const all = async <T extends { readonly id: string }>(read: (after: string | undefined) => Promise<readonly T[]>): Promise<T[]> => {
    const records: T[] = [];
    for (let after: string | undefined; ; after = records[records.length - 1]!.id) {
      const page = await context.retrying(() => read(after));
      records.push(...page);
      if (page.length < 1000) return records;
    }
  };
  const page = (after: string | undefined): { limit: number; after?: string } => ({ limit: 1000, ...(after === undefined ? {} : { after }) });
  const [checkpoints, quarantine, decisions, kept] = await Promise.all([
    all((after) => state.read(pair, { collection: "checkpoint", ...page(after) })),
    all((after) => state.read(pair, { collection: "quarantine", ...page(after) })),
    all((after) => state.read(pair, { collection: "decision", ...page(after) })),
    context.retrying(() => state.read(pair, { collection: "run", ids: ["held", "doubts"] })),
  ]);
  context.held = kept.find(({ id }) => id === "held") as Held | undefined;
  context.doubtful = (kept.find(({ id }) => id === "doubts") as Doubts | undefined)?.runs ?? [];
  context.stillDoubtful = { now: context.doubtful, after: [] };
  const known = new Set(mapping.models.map((model) => model.name));
  for (const checkpoint of checkpoints) context.checkpoints.set(checkpoint.model, checkpoint);
  for (const entry of quarantine) if (known.has(entry.model)) context.quarantine.set(entry.id, entry);
  for (const decision of decisions) context.decisions.set(decision.id, decision);
}

/** Today's field layout of every model; those that are new are returned, to be made durable. */
function openLayouts(context: RunContext, models: readonly PairModel[]): Checkpoint[] {
  const newcomers: Checkpoint[] = [];
  const way = wayOf(context.settings);
  for (const model of models) {
    const stored = context.checkpoints.get(model.name);
    const shapes = { leftShape: context.shapes.get(`left ${model.name}`) ?? "", rightShape: context.shapes.get(`right ${model.name}`) ?? "" };
    const current = stored?.layouts[stored.layouts.length - 1];
    if (stored && JSON.stringify(current) === JSON.stringify(model.signature)) {
      // Another column set on a side, or another way: marks may hide what now counts, so everything is compared once.
      const same = stored.leftShape === shapes.leftShape && stored.rightShape === shapes.rightShape && stored.way === way.way;
      if (!same) context.checkpoints.set(model.name, { model: model.name, ...shapes, ...way, layouts: stored.layouts, left: {}, right: {} });
      continue;
    }
    const checkpoint: Checkpoint = { model: model.name, ...shapes, ...way, layouts: [...(stored?.layouts ?? []), model.signature], left: {}, right: {}, ...(stored?.openConflicts ? { openConflicts: true } : {}) };
    context.checkpoints.set(model.name, checkpoint);
    newcomers.push(checkpoint);
  }
  return newcomers;
}

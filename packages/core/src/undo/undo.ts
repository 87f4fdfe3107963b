import { SyncError } from "../errors.ts";
import type { Mapping } from "../mapping/compile.ts";
import type { PairModel } from "../mapping/pair-model.ts";
import { RunContext, type Settings } from "../run/context.ts";
import { prepare, type RunOptions } from "../run/run.ts";
import { withSession } from "../run/session.ts";
import type { Base, StateChange } from "../state.ts";
import { overwrittenIn, recordName, touchedById, touchedIn, touchedSince, type Overwritten } from "./history.ts";
import { asAgreed } from "./judge.ts";
import { recreateDeleted } from "./recreate.ts";
import { childRemains, removeCreated, type Created } from "./remove.ts";
import { restoreUpdates, type Refused } from "./restore.ts";
import { runsOf, storedRun, type Held, type RunRecord } from "./run-log.ts";
import { Undoing, type KeptRecord, type UndoCounts } from "./undoing.ts";

export interface UndoOptions extends Pick<RunOptions, "signal" | "onEvent" | "takeOver"> {
  /** Says what would be done, and what would be left as it is; writes nothing. */
  readonly dryRun?: boolean;
  /** Take back what can be, although later runs wrote some of the records. */
  readonly partial?: boolean;
}

export interface UndoResult {
  /** The undo's own id in the history. */
  readonly id: string;
  /** The run that was taken back. */
  readonly run: string;
  readonly status: "planned" | "done";
  readonly models: ReadonlyMap<string, UndoCounts>;
  /** Records that are left as they are, and why. */
  readonly kept: readonly KeptRecord[];
  readonly milliseconds: number;
}

/** Takes a run back from its pre-images, and holds the pair. */
export async function undo(settings: Settings, mapping: Mapping, runId: string, options: UndoOptions): Promise<UndoResult> {
  const context = new RunContext(settings, { dry: options.dryRun ?? false, signal: options.signal, onEvent: options.onEvent });
  const startedAt = settings.runtime.now();
  context.emit({ type: "step", step: "check" });
  return withSession(context, mapping, options, async ({ models, begin }) => {
    const history = new Map<string, RunRecord>();
    for await (const run of runsOf(settings.state, settings.pair)) history.set(run.id, run);
    const target = await undoable(context, history, runId);
    const later = await touchedSince(context, runId, history);
    const written = await recordsWrittenSince(context, models, runId, later);
    if (written > 0 && !options.partial && !options.dryRun) {
      const what = `Later runs wrote ${written} of the records of this one: those would stay as they are.`;
      throw new SyncError("UNDO.PARTIAL", `${what} Undo the later runs first, or say \`partial: true\`. Nothing was written.`, { stage: "check" });
    }
    const resumed = context.held && !context.held.finished ? context.held : undefined;
    const undoing = new Undoing(context, prepare(context, models).examiners, resumed?.undo ?? context.runId, later);
    const record: RunRecord = { id: undoing.id, kind: "undo", of: runId, at: resumed?.at ?? context.timestamp(), finished: false };
    const held: Held = { id: "held", undo: undoing.id, of: runId, at: record.at, finished: false };
    if (!undoing.dry) {
      await begin();
      context.agreed = true;
      // Marks would say that these rows are known: the next run compares everything.
      const checkpoints = models.map(({ name }) => ({ ...context.checkpoints.get(name)!, left: {}, right: {}, id: name }));
      await undoing.store([
        { op: "put", collection: "run", records: [storedRun(record), held] }, { op: "put", collection: "checkpoint", records: checkpoints },
      ]);
    }
    context.emit({ type: "step", step: "undo" });
    await takeBack(undoing, runId);
    if (!undoing.dry) {
      const ended: RunRecord = { ...record, finished: true, written: { ...context.written } };
      const undone: RunRecord = { ...target, undoneBy: undoing.id };
      await undoing.store([{ op: "put", collection: "run", records: [storedRun(ended), storedRun(undone), { ...held, finished: true }] }]);
    }
    return {
      id: undoing.id, run: runId, status: undoing.dry ? "planned" : "done", models: undoing.counts, kept: await undoing.namedKept(),
      milliseconds: settings.runtime.now() - startedAt,
    };
  });
}

/** Lets runs write again after an undo. */
export async function release(settings: Settings, mapping: Mapping, options: Pick<RunOptions, "takeOver">): Promise<void> {
  const context = new RunContext(settings, { dry: false });
  await withSession(context, mapping, options, async () => {
    if (!context.held) return;
    if (!context.held.finished) throw unfinished(context.held);
    await context.retrying(() => context.settings.state.commit(settings.pair, [{ op: "remove", collection: "run", ids: ["held"] }]));
  });
}

const unfinished = ({ of }: Held): SyncError =>
  new SyncError("PAIR.HELD", `The undo of run ${of} was interrupted: call \`undo("${of}")\` again to finish it first.`, { stage: "check" });

async function undoable(context: RunContext, history: ReadonlyMap<string, RunRecord>, runId: string): Promise<RunRecord> {
  const refuse = (code: string, message: string): SyncError => new SyncError(code, `${message} Nothing was written.`, { stage: "check" });
  if (context.held && !context.held.finished && context.held.of !== runId) throw unfinished(context.held);
  const target = history.get(runId);
  if (!target) throw refuse("UNDO.UNKNOWN_RUN", "The history of this pair has no such run: it wrote nothing, or is older than what is kept. List them with `runs()`.");
  if (target.kind === "undo") throw refuse("UNDO.OF_UNDO", "This is an undo itself and is not taken back: call `release()` and run again.");
  if (target.undoneBy !== undefined) throw refuse("UNDO.DONE", "This run was undone already.");
  if (target.expired) throw refuse("UNDO.EXPIRED", "What this run overwrote is no longer kept: it is older than `retention.preImages`.");
  const { state, pair } = context.settings;
  const [adopted] = await context.retrying(() => state.read(pair, { collection: "run", ids: ["adopted"] }));
  if (adopted && (adopted["run"] as string) > runId) throw refuse("UNDO.ADOPTED", "The databases were adopted since: what this run left there is no longer known.");
  return target;
}

/** Parents before children where rows come back, children before parents where they go. */
async function takeBack(undoing: Undoing, runId: string): Promise<void> {
  const { context, models } = undoing;
  const deleted = new Map<PairModel, readonly Refused<Overwritten>[]>();
  const updated = new Map<PairModel, readonly Refused<Overwritten>[]>();
  for (const model of models) {
    for await (const page of overwrittenIn(context, runId, model.name)) {
      keepRefused(deleted, model, await recreateDeleted(undoing, model, page));
      context.progress("undo", model.name, "left", page.length, undefined);
    }
  }
  for (const model of models) {
    for await (const page of overwrittenIn(context, runId, model.name)) keepRefused(updated, model, await restoreUpdates(undoing, model, page));
  }
  const ids: string[] = [];
  for await (const { id } of touchedIn(context, runId)) ids.push(id);
  const stuck: Created[] = [];
  for (const id of ids.reverse()) {
    context.safePoint();
    const touched = (await touchedById(context, id))!;
    const bases = new Map(touched.bases.map((base) => [recordName(base.model, base.cloudId), base]));
    for (const { model: name, side, cloudIds } of [...touched.created].reverse()) {
      const model = models.find((each) => each.name === name);
      if (!model) for (const cloudId of cloudIds) undoing.keep(name, cloudId, "not-mapped");
      if (!model) continue;
      const own = new Map(cloudIds.flatMap((cloudId) => (bases.has(recordName(name, cloudId)) ? [[cloudId, bases.get(recordName(name, cloudId))!] as const] : [])));
      const refused = await removeCreated(undoing, { model, side, cloudIds, bases: own });
      if (refused.length > 0) stuck.push({ model, side, cloudIds: refused.map(({ record }) => record), bases: own });
      for (const cloudId of cloudIds) bases.delete(recordName(name, cloudId));
      context.progress("undo", name, side, cloudIds.length, undefined);
    }
    await settleBack(undoing, [...bases.values()]);
  }
  await tryAgain(undoing, deleted, updated, stuck);
}

/** What stood in the way may be gone by now; goes on as long as something moves. */
async function tryAgain(
  undoing: Undoing, deleted: Map<PairModel, readonly Refused<Overwritten>[]>, updated: Map<PairModel, readonly Refused<Overwritten>[]>, stuck: Created[],
): Promise<void> {
  const waiting = (): number =>
    [...deleted.values(), ...updated.values(), ...stuck.map(({ cloudIds }) => cloudIds)].reduce((sum, list) => sum + list.length, 0);
  const codes = new Map<string, string>();
  for (let before = Number.POSITIVE_INFINITY; waiting() > 0 && waiting() < before; ) {
    before = waiting();
    for (const [model, refused] of deleted) deleted.set(model, await recreateDeleted(undoing, model, refused.map(({ record }) => record)));
    for (const [model, refused] of updated) updated.set(model, await restoreUpdates(undoing, model, refused.map(({ record }) => record), true));
    for (const created of stuck.splice(0)) {
      const refused = await removeCreated(undoing, created);
      for (const { record, code } of refused) codes.set(recordName(created.model.name, record), code);
      if (refused.length > 0) stuck.push({ ...created, cloudIds: refused.map(({ record }) => record) });
    }
  }
  for (const [{ name }, refused] of [...deleted, ...updated]) for (const { record, code } of refused) undoing.keep(name, record.cloudId, "refused", code);
  for (const { model, cloudIds } of stuck) {
    for (const cloudId of cloudIds) {
      const code = codes.get(recordName(model.name, cloudId));
      if (code === undefined || code === childRemains) undoing.keep(model.name, cloudId, "child-remains");
      else undoing.keep(model.name, cloudId, "refused", code);
    }
  }
}

function keepRefused(waiting: Map<PairModel, readonly Refused<Overwritten>[]>, model: PairModel, refused: readonly Refused<Overwritten>[]): void {
  if (refused.length > 0) waiting.set(model, [...(waiting.get(model) ?? []), ...refused]);
}

/** Records on which the run merely agreed: what was agreed on before counts again, where nobody has changed them since. */
async function settleBack(undoing: Undoing, bases: readonly Base[]): Promise<void> {
  for (const model of undoing.models) {
    const own = bases.filter((base) => base.model === model.name && !undoing.isLater(base.model, base.cloudId));
    if (own.length === 0) continue;
    const cloudIds = own.map(({ cloudId }) => cloudId);
    const [left, right, now] = await Promise.all([
      undoing.recordsOf(model, "left", cloudIds), undoing.recordsOf(model, "right", cloudIds), undoing.basesOf(model, cloudIds),
    ]);
    const unchanged = own.filter(({ cloudId }) => {
      const [l, r] = [left.get(cloudId), right.get(cloudId)];
      return l && r && asAgreed(undoing.context, model, l, now.get(cloudId)) && asAgreed(undoing.context, model, r, now.get(cloudId));
    });
    await undoing.restoreBases(model, unchanged.map((base) => ({ cloudId: base.cloudId, base })));
  }
}

/** How many of the run's records cannot be taken back because of later runs: known before anything is written. */
async function recordsWrittenSince(context: RunContext, models: readonly PairModel[], runId: string, later: ReadonlySet<string>): Promise<number> {
  if (later.size === 0) return 0;
  const found = new Set<string>();
  const look = (model: string, cloudId: string): void => void (later.has(recordName(model, cloudId)) && found.add(recordName(model, cloudId)));
  for (const { name } of models) for await (const page of overwrittenIn(context, runId, name)) for (const { cloudId } of page) look(name, cloudId);
  for await (const { created } of touchedIn(context, runId)) for (const { model, cloudIds } of created) for (const cloudId of cloudIds) look(model, cloudId);
  return found.size;
}

/** Told apart from runs before it: what they left is no longer known. */
export const adoptedMark = (context: RunContext): StateChange => ({ op: "put", collection: "run", records: [{ id: "adopted", run: context.runId }] });

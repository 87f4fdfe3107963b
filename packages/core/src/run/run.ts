import { SyncError } from "../errors.ts";
import type { Finding } from "../endpoint.ts";
import type { Mapping } from "../mapping/compile.ts";
import type { PairModel } from "../mapping/pair-model.ts";
import type { QuarantineRecord, StateChange } from "../state.ts";
import { ModelAnalysis } from "./analyse.ts";
import { keyText, RunContext, type Settings } from "./context.ts";
import { applyDeletes, guardDeletes, type GuardedDeletes } from "./deletes.ts";
import { endDoubts, settleDoubts } from "./doubts.ts";
import { Examiner } from "./examine.ts";
import type { ModelCounts, SyncEvent } from "./events.ts";
import { HintedAnalysis, wholeModels, type RunHints } from "./hinted.ts";
import type { PairModels } from "./pair-models.ts";
import { storeHeader } from "./plan-header.ts";
import { PlanSink } from "./plan-sink.ts";
import { withSession, type Session } from "./session.ts";
import { settleModel, type Marked, type WriteCheck } from "./settle-marks.ts";
import { Source } from "./source.ts";
import { RunTracker } from "./tracker.ts";
import { copyTree, inTrees } from "./trees.ts";
import { refuseHeld, storedRun, type RunRecord } from "../undo/run-log.ts";
import { isHeldUp, settleDecisions } from "../log/settle-decisions.ts";
import { pruneSometimes } from "../log/prune.ts";
import { Writer, type Sink } from "./writer.ts";

export interface RunOptions {
  /** Stops at the next safe point. */
  readonly signal?: AbortSignal;
  /** Told of steps, progress, conflicts and quarantine; never of values. */
  readonly onEvent?: (event: SyncEvent) => void;
  /** Let the run delete more than the guard allows. */
  readonly confirmDeletes?: boolean;
  /** Take leases that somebody else holds; safe, since a runner that lost its lease can write nothing. */
  readonly takeOver?: boolean;
  /** Try everything in quarantine again, changed or not. */
  readonly retryQuarantine?: boolean;
}

export interface HintedRunOptions {
  /**
   * Looks only at records that the databases' hints name, on both sides, and at what these need; deletes too. Nothing hinted:
   * nothing is read. Hints miss what is written past the library: a run without this finds it, and should come now and then.
   * @default false
   */
  readonly hinted?: boolean;
}

export interface RunResult {
  /** Names the run, for `undo`. */
  readonly id: string;
  /** `needs-confirmation`: everything but the deletes was done; `confirmDeletes` lets them through. */
  readonly status: "done" | "needs-confirmation";
  /** Counts by the left model's name. */
  readonly models: ReadonlyMap<string, ModelCounts>;
  /** Rows written on each side, cloudIds included. */
  readonly written: { readonly left: number; readonly right: number };
  /** Of the rows this run wrote: read again, and found otherwise. */
  readonly check: WriteCheck;
  /** Deletes that the guard holds back, by model. */
  readonly deletesToConfirm: readonly GuardedDeletes[];
  /** Ids of conflicts that a person had decided and whose values had moved since: nothing was done about them. */
  readonly outdated: readonly string[];
  /** Warnings of the check before the run, and what stopped a model. */
  readonly findings: readonly Finding[];
  readonly milliseconds: number;
}

export interface PlanSummary {
  /** Names the plan, for `apply`. */
  readonly id: string;
  /** Pages of actions, as the state store keeps them. */
  readonly pages: number;
  /** What would be done, by the left model's name. */
  readonly models: ReadonlyMap<string, ModelCounts>;
  readonly deletesToConfirm: readonly GuardedDeletes[];
  readonly findings: readonly Finding[];
}

/** What a run and a plan share: sources opened, models in order, everything handed to `makeSink`'s sink. */
interface Analysed {
  readonly analyses: readonly ModelAnalysis[];
  /** Those of which only hinted records were looked at, if any. */
  readonly hinted?: HintedAnalysis | undefined;
  readonly examiners: ReadonlyMap<string, Examiner>;
}

export function prepare(context: RunContext, models: readonly PairModel[]): { byName: PairModels; examiners: Map<string, Examiner>; sources: Map<string, { left: Source; right: Source }> } {
  const byName: PairModels = new Map(models.map((model) => [model.name, model]));
  const referenced = new Set(models.flatMap((model) => model.fields.flatMap((field) => field.parent ?? [])));
  for (const side of ["left", "right"] as const) context.identities[side].remember(referenced);
  const examiners = new Map(models.map((model) => [model.name, new Examiner(context, model, byName)]));
  const sources = new Map(models.map((model) => {
    const { sides } = examiners.get(model.name)!;
    const checkpoint = context.checkpoints.get(model.name);
    return [model.name, { left: new Source(context, sides.left, checkpoint?.left), right: new Source(context, sides.right, checkpoint?.right) }] as const;
  }));
  return { byName, examiners, sources };
}

async function analyse(
  context: RunContext, prepared: ReturnType<typeof prepare>, sink: Sink, session: Pick<Session, "met" | "begin"> | undefined, hints?: RunHints,
): Promise<Analysed> {
  const { byName, examiners, sources } = prepared;
  const whole = hints ? wholeModels([...byName.values()], hints) : new Set(byName.keys());
  await Promise.all([...sources].flatMap(([name, { left, right }]) => (whole.has(name) ? [left.open(), right.open()] : [])));
  const analyses = [...examiners.values()].map((examiner) => new ModelAnalysis(context, examiner, sources.get(examiner.model.name)!, sink));
  const hinted = hints && new HintedAnalysis(context, analyses.filter(({ model }) => !whole.has(model.name)), hints);
  await hinted?.open();
  await Promise.all(analyses.map(async (analysis) => {
    if (analysis.sources.left.full || analysis.sources.right.full) await analysis.countLinks();
  }));
  if (session) {
    requireFirstLink(analyses.filter(({ model }) => !session.met.has(model.name)));
    await session.begin();
    if (await settleDoubts(context, analyses.map(({ model }) => model))) await Promise.all(analyses.map((analysis) => analysis.countLinks()));
  }
  for (const each of hinted ? analyses : inTrees(analyses)) {
    if ("root" in each) await copyTree(context, each, sink);
    for (const analysis of "root" in each ? [each.root, ...each.inner.map((inner) => inner.analysis)] : [each]) {
      context.countsOf(analysis.model.name);
      if (analysis.sources.left.hinted) await hinted!.look(analysis);
      else if (!analysis.idle) {
        context.emit({ type: "step", step: "analyse", model: analysis.model.name });
        await analysis.run();
      }
    }
  }
  await sink.flush(true);
  await hinted?.lookAtOrphans(sink);
  return { analyses, examiners, hinted };
}

/** Two filled sides that never met need somebody's word on who is right. */
function requireFirstLink(analyses: readonly ModelAnalysis[]): void {
  const meeting = analyses.filter(({ links, model, sources }) =>
    model.firstLink === undefined && links === 0 && sources.left.full && sources.right.full && !sources.left.side.knownEmpty && !sources.right.side.knownEmpty);
  if (meeting.length > 0) throw new FirstLinkNeeded(meeting.map((analysis) => analysis.model.name));
}

class FirstLinkNeeded extends Error {
  readonly models: readonly string[];
  constructor(models: readonly string[]) {
    super("firstLink");
    this.models = models;
  }
}

/** The refusal for a missing `firstLink`, with what would meet: found by the real read path, writing nothing. */
async function firstLinkError(context: RunContext, models: readonly PairModel[], meeting: readonly string[]): Promise<SyncError> {
  const counting = context.forCounting();
  const prepared = prepare(counting, models);
  const nowhere = new PlanCounter(counting, prepared.byName);
  await analyse(counting, prepared, nowhere, undefined);
  const lines = meeting.map((name) => {
    const { linked, created } = counting.countsOf(name);
    const different = nowhere.differing.get(name) ?? 0;
    return `- ${name}: ${linked - different} equal, ${different} different, ${created.right} only on the left, ${created.left} only on the right`;
  });
  return new SyncError(
    "FIRST_LINK.REQUIRED",
    `Both sides hold records that were never synced. Say who is right where they differ: \`firstLink: "left" | "right" | newest(field) | "ask"\`.\n${lines.join("\n")}`,
    { stage: "check" },
  );
}

/** Counts what a plan would hold, and keeps nothing. */
class PlanCounter extends PlanSink {
  /** Records of each model that wait for somebody's word, however many of their fields do. */
  readonly differing = new Map<string, number>();

  protected override async store(): Promise<void> {
    for (const { model, conflicts } of this.takeBuffer()) {
      if (conflicts.some(({ decision }) => decision === "open")) this.differing.set(model, (this.differing.get(model) ?? 0) + 1);
    }
  }
}

/** With `hints`: only what they name is looked at, and no mark moves; a pair that never ran looks at everything. */
export async function run(settings: Settings, mapping: Mapping, options: RunOptions, hints?: RunHints): Promise<RunResult> {
  const context = new RunContext(settings, { dry: false, signal: options.signal, onEvent: options.onEvent });
  context.retryQuarantine = options.retryQuarantine ?? false;
  const startedAt = settings.runtime.now();
  if (hints && hints.left.size + hints.right.size === 0) return nothingToDo(context);
  context.emit({ type: "step", step: "check" });
  return withSession(context, mapping, options, async (session) => {
    refuseHeld(context);
    const { models, findings } = session;
    const prepared = prepare(context, models);
    const tracker = new RunTracker(context, prepared.sources.values());
    const writer = new Writer(context, prepared.byName, prepared.examiners, tracker);
    let analysed: Analysed;
    try {
      analysed = await analyse(context, prepared, writer, session, models.every(({ name }) => session.met.has(name)) ? hints : undefined);
    } catch (error) {
      throw error instanceof FirstLinkNeeded ? await firstLinkError(context, models, error.models) : error;
    }
    const { analyses, hinted } = analysed;
    const deletesToConfirm = options.confirmDeletes ? [] : guardDeletes(context, analyses);
    await writer.fillLate();
    await writer.flush();
    if (deletesToConfirm.length === 0) await applyDeletes(context, tracker, analyses, writer);
    await writer.retryUnique();
    const check: WriteCheck = { checked: 0, differing: 0 };
    const partly = new Set(analyses.flatMap(({ model, sources }) => (sources.left.hinted ? [model.name] : [])));
    const lookedAt = analyses.filter((analysis) => !partly.has(analysis.model.name) || hinted!.looked.has(analysis));
    await finish(context, tracker, lookedAt, deletesToConfirm.length > 0, partly, check);
    return {
      id: context.runId, status: deletesToConfirm.length > 0 ? "needs-confirmation" : "done", models: context.counts, written: context.written,
      check, deletesToConfirm, outdated: context.outdatedDecisions, findings, milliseconds: settings.runtime.now() - startedAt,
    };
  });
}

function nothingToDo({ runId, counts, written }: RunContext): RunResult {
  return { id: runId, status: "done", models: counts, written, check: { checked: 0, differing: 0 }, deletesToConfirm: [], outdated: [], findings: [], milliseconds: 0 };
}

/** Verify what was written, and remember how far both sides are known. An idle run stores nothing. */
export async function finish(
  context: RunContext, tracker: RunTracker, analyses: readonly (Marked & Pick<ModelAnalysis, "deletes">)[], deletesToConfirm: boolean,
  incomplete: ReadonlySet<string>, check: WriteCheck,
): Promise<void> {
  const { state, pair } = context.settings;
  context.emit({ type: "step", step: "verify" });
  const finished = new Set(analyses.flatMap(({ model, deletes }) => {
    const held = deletesToConfirm && deletes.length > 0;
    return context.countsOf(model.name).unsettled === 0 && !held && !incomplete.has(model.name) ? [model.name] : [];
  }));
  const changes: StateChange[] = [];
  const { gone, leaving } = await leaveQuarantine(context, analyses);
  // Before the checkpoints, which say whether any conflict is left.
  changes.push(...(await context.openConflicts.close(finished, gone)));
  const checkpoints = (await Promise.all(analyses.map((analysis) =>
    settleModel(context, tracker, analysis, finished.has(analysis.model.name), check)))).flatMap((checkpoint) => checkpoint ?? []);
  if (checkpoints.length > 0) changes.push({ op: "put", collection: "checkpoint", records: checkpoints.map((checkpoint) => ({ ...checkpoint, id: checkpoint.model })) });
  if (context.entered || context.written.left + context.written.right > 0) {
    const entry: RunRecord = { id: context.runId, kind: "run", at: context.timestamp(), finished: true, counts: Object.fromEntries(context.counts), written: { ...context.written } };
    changes.push({ op: "put", collection: "run", records: [storedRun(entry)] });
  }
  const whole = !deletesToConfirm && analyses.every(({ model, revisited }) => revisited && finished.has(model.name));
  changes.push(...endDoubts(context, whole), ...leaving);
  // A decision was carried out, or its values are no longer those it was made on: a new conflict has a new id.
  const carriedOut = [...context.decisions.values()].filter((decision) => finished.has(decision.model) && !isHeldUp(context, decision)).map(({ id }) => id);
  if (carriedOut.length > 0) changes.push({ op: "remove", collection: "decision", ids: carriedOut });
  await settleDecisions(context, carriedOut, changes);
  if (changes.length > 0) await context.retrying(() => state.commit(pair, changes));
  if (context.entered) await pruneSometimes(context);
}

/** Nothing waits for a row that is gone. */
async function leaveQuarantine(context: RunContext, analyses: readonly { readonly model: PairModel }[]): Promise<{ gone: readonly QuarantineRecord[]; leaving: StateChange[] }> {
  const gone: QuarantineRecord[] = [];
  await Promise.all(analyses.flatMap(({ model }) => (["left", "right"] as const).map(async (side) => {
    const entries = [...context.quarantine.values()].filter((entry) => entry.model === model.name && entry.side === side && entry.run !== context.runId);
    if (entries.length === 0) return;
    const rows = await context.retrying(() => model[side].endpoint.fetch({ fields: [], by: "key", tuples: entries.map((entry) => entry.key) }));
    const there = new Set(rows.map((row) => keyText(row.key)));
    gone.push(...entries.filter((entry) => !there.has(keyText(entry.key))));
  })));
  for (const { id } of gone) context.quarantine.delete(id);
  return { gone, leaving: gone.length > 0 ? [{ op: "remove", collection: "quarantine", ids: gone.map(({ id }) => id) }] : [] };
}

/** The dry run: the whole read path, into stored pages of actions. */
export async function plan(settings: Settings, mapping: Mapping, options: RunOptions): Promise<PlanSummary> {
  const context = new RunContext(settings, { dry: true, signal: options.signal, onEvent: options.onEvent });
  context.retryQuarantine = options.retryQuarantine ?? false;
  context.emit({ type: "step", step: "check" });
  return withSession(context, mapping, options, async (session) => {
    const { models, findings } = session;
    const prepared = prepare(context, models);
    const sink = new PlanSink(context, prepared.byName);
    let analysed: Analysed;
    try {
      analysed = await analyse(context, prepared, sink, session);
    } catch (error) {
      throw error instanceof FirstLinkNeeded ? await firstLinkError(context, models, error.models) : error;
    }
    for (const { deletes } of analysed.analyses) for await (const page of deletes.pages()) await sink.add(page);
    await sink.flush();
    await storeHeader(context, mapping, sink, analysed.analyses);
    return { id: context.runId, pages: sink.pages, models: context.counts, deletesToConfirm: guardDeletes(context, analysed.analyses), findings };
  });
}

import type { Mapping } from "../mapping/compile.ts";
import type { Key } from "../endpoint.ts";
import type { PairModel } from "../mapping/pair-model.ts";
import { pageIds, readPage } from "../plan-file/pages.ts";
import { forgotten } from "./analyse.ts";
import { keyText, RunContext, type Settings } from "./context.ts";
import { DeleteList } from "./delete-list.ts";
import { applyDeletes, guardDeletes } from "./deletes.ts";
import { settleDoubts } from "./doubts.ts";
import type { Deferred, Examined, Examiner } from "./examine.ts";
import { loadHeader, markedFrom, type PlanHeader } from "./plan-header.ts";
import { plannedAction, type PlannedAction } from "./plan-sink.ts";
import { readAhead, pagesOf } from "./pages.ts";
import { finish, prepare, type RunOptions, type RunResult } from "./run.ts";
import { withSession } from "./session.ts";
import type { WriteCheck } from "./settle-marks.ts";
import { RunTracker } from "./tracker.ts";
import type { PairModels } from "./pair-models.ts";
import { resolveTargets, takeItem } from "./write-item.ts";
import { refuseHeld } from "../undo/run-log.ts";
import { Writer } from "./writer.ts";

export interface ApplyResult extends RunResult {
  /** Planned records that changed since, or would now be treated otherwise: left alone, since nobody reviewed that. */
  readonly skipped: readonly { readonly model: string; readonly leftKey?: Key; readonly rightKey?: Key }[];
}

/** Does what was planned, and nothing else: every record is read again, and must be planned the same. */
export async function applyPlan(settings: Settings, mapping: Mapping, planId: string, options: RunOptions): Promise<ApplyResult> {
  const context = new RunContext(settings, { dry: false, signal: options.signal, onEvent: options.onEvent });
  context.retryQuarantine = true;
  const startedAt = settings.runtime.now();
  context.emit({ type: "step", step: "check" });
  return withSession(context, mapping, options, async ({ models, findings, begin }) => {
    refuseHeld(context);
    await begin();
    await settleDoubts(context, models);
    const header = await loadHeader(context, mapping, planId);
    const prepared = prepare(context, models);
    const overtaken = models.filter(({ name }) => header.marks?.[name]?.from !== markedFrom(context, name)).map(({ name }) => name);
    const tracker = new RunTracker(context);
    const writer = new Writer(context, prepared.byName, prepared.examiners, tracker);
    const deletes = new Map<PairModel, DeleteList>(models.map((model) => [model, new DeleteList(context, prepared.examiners.get(model.name)!)]));
    const skipped: ApplyResult["skipped"][number][] = [];
    let last: PairModel | undefined;
    await Promise.all([...prepared.examiners.values()].map((examiner) => noteEmptySides(context, header, examiner)));
    for await (const stored of readAhead(plannedPages(context, header))) {
      context.safePoint();
      for (const model of models) {
        const actions = stored.filter((action) => action.model === model.name);
        if (actions.length === 0) continue;
        const examiner = prepared.examiners.get(model.name)!;
        // Records of the model before may be parents of these.
        if (last !== model) await writer.land();
        last = model;
        await inLevels(model, actions, async (some, how) => {
          const { agreed, later } = await agreeing(context, prepared.byName, examiner, some, skipped, how);
          await context.openConflicts.look(agreed);
          for (const record of agreed) if (record.plan.action === "delete") deletes.get(model)!.push(record);
          await writer.add(agreed.filter((record) => record.plan.action !== "delete"), examiner.oneSided && !model.selfReference);
          return later;
        });
        context.progress("apply", model.name, "left", actions.length, undefined);
      }
    }
    await writer.flush();
    await writer.fillLate();
    await writer.flush();
    const planned = await Promise.all([...deletes].map(async ([model, records]) => {
      const links = records.length === 0 ? 0 : context.linkedBefore(model.name, (await context.retrying(() => settings.state.scanBases(settings.pair, model.name, undefined, 0))).total);
      const { left, right } = header.marks?.[model.name] ?? {};
      const staying = { left: left?.staying ?? 0, right: right?.staying ?? 0 };
      return { model, staying, deletes: records, links, examiner: prepared.examiners.get(model.name)!, sources: prepared.sources.get(model.name)! };
    }));
    const deletesToConfirm = options.confirmDeletes ? [] : guardDeletes(context, planned);
    if (deletesToConfirm.length === 0) await applyDeletes(context, tracker, planned, writer);
    await writer.retryUnique();
    const check: WriteCheck = { checked: 0, differing: 0 };
    for (const { model, sources } of planned) {
      for (const side of ["left", "right"] as const) sources[side].planned(header.marks?.[model.name]?.[side] ?? {});
    }
    // A decision may be younger than the plan: the next run carries it out, or finds it done.
    context.decisions.clear();
    await finish(context, tracker, planned, deletesToConfirm.length > 0, new Set([...overtaken, ...skipped.map((record) => record.model)]), check);
    if (deletesToConfirm.length === 0) await dropPlan(context, header);
    return {
      id: context.runId, status: deletesToConfirm.length > 0 ? "needs-confirmation" : "done", models: context.counts, written: context.written,
      check, deletesToConfirm, outdated: context.outdatedDecisions, findings, skipped, milliseconds: settings.runtime.now() - startedAt,
    };
  });
}

async function* plannedPages(context: RunContext, { id, pages }: PlanHeader): AsyncGenerator<readonly PlannedAction[]> {
  for (let page = 0; page < pages; page++) yield await context.retrying(() => readPage(context.settings, id, page));
}

/**
 * A side that holds nothing is not asked for counterparts and bases, record by record: most of a first copy. Worth asking
 * where many records are to be created.
 */
async function noteEmptySides(context: RunContext, header: PlanHeader, examiner: Examiner): Promise<void> {
  const { model, sides } = examiner;
  const { state, pair, pageSize } = context.settings;
  for (const side of ["left", "right"] as const) {
    if ((header.counts[model.name]?.created[side] ?? 0) < pageSize) continue;
    const rows = pagesOf(context, model[side].endpoint, { fields: [], pageSize: 1 });
    const first = await rows.next();
    await rows.return(undefined);
    if (!first.done && (first.value.rows.length > 0 || first.value.range.upTo !== null)) continue;
    sides[side].load([]);
    examiner.noBases = (await context.retrying(() => state.scanBases(pair, model.name, undefined, 0))).total === 0;
  }
}

/** A model that refers to itself level by level, as its plan was made; then what refers to each other in a cycle. */
async function inLevels(
  model: PairModel, actions: readonly PlannedAction[], apply: (some: readonly PlannedAction[], how: "defer" | "late" | "final") => Promise<readonly PlannedAction[]>,
): Promise<void> {
  let open = actions;
  while (model.selfReference && open.length > 0) {
    const later = await apply(open, "defer");
    if (later.length === open.length) break;
    open = later;
  }
  const waited = open.filter((action) => action.action === "quarantine");
  if (waited.length > 0) await apply(waited, "final");
  if (waited.length < open.length) await apply(open.filter((action) => action.action !== "quarantine"), "late");
}

/**
 * Those planned records that are still what they were, examined anew; the others are skipped and reported. `later`: they
 * wait for a parent of the same model that may be among the agreed.
 */
async function agreeing(
  context: RunContext, models: PairModels, examiner: Examiner, actions: readonly PlannedAction[], skipped: ApplyResult["skipped"][number][], how: "defer" | "late" | "final",
): Promise<{ agreed: readonly Examined[]; later: readonly PlannedAction[] }> {
  const keys = (side: "left" | "right"): Key[] => actions.flatMap((action) => {
    const key = side === "left" ? action.leftKey : action.rightKey;
    return key ? [key] : [];
  });
  const [left, right] = await Promise.all((["left", "right"] as const).map((side) => examiner.sides[side].fetchRows("key", keys(side))));
  const deferred: Deferred = { left: [], right: [] };
  const examined = await examiner.examine(left!, right!, how === "defer" ? { deferred } : { lateSelf: how === "late" });
  const waiting = new Set((["left", "right"] as const).flatMap((side) => deferred[side].map((row) => `${side} ${keyText(row.key)}`)));
  const forgettable = actions.flatMap((action) => (action.action === "forget" ? [[action.cloudId!]] : []));
  const back = await Promise.all((["left", "right"] as const).map((side) => examiner.sides[side].fetchRows("cloudId", forgettable)));
  const there = new Set(back.flat().map((row) => row.cloudId));
  const found = new Map<string, { readonly record: Examined; readonly now: PlannedAction }>();
  // Where the plan met a value that the other side cannot hold, it is met again before the two are held against each other.
  const quarantined = new Set(actions.flatMap((action) => (action.quarantine ? [placeOf(action)] : [])));
  const misfits = examined.filter((record) => !record.problem && quarantined.has(placeOf(plannedAction(context, record))));
  await resolveTargets(context, models, misfits);
  for (const record of misfits) takeItem(context, record);
  for (const record of examined) {
    const now = plannedAction(context, record);
    found.set(placeOf(now), { record, now });
  }
  const agreed: Examined[] = [];
  const later: PlannedAction[] = [];
  for (const action of actions) {
    if (action.action === "forget") {
      // Proven by its absence from both answers.
      if (there.has(action.cloudId)) skipped.push({ model: action.model });
      else agreed.push(forgotten(examiner.model, action.cloudId!));
      continue;
    }
    if ((action.leftKey && waiting.has(`left ${keyText(action.leftKey)}`)) || (action.rightKey && waiting.has(`right ${keyText(action.rightKey)}`))) {
      later.push(action);
      continue;
    }
    const known = found.get(placeOf(action));
    if (known && sameAction(known.now, action)) agreed.push(known.record);
    else skipped.push({ model: action.model, ...(action.leftKey ? { leftKey: action.leftKey } : {}), ...(action.rightKey ? { rightKey: action.rightKey } : {}) });
  }
  return { agreed, later };
}

const placeOf = (action: PlannedAction): string => JSON.stringify([action.leftKey ?? null, action.rightKey ?? null]);

function sameAction(now: PlannedAction, then: PlannedAction): boolean {
  const core = ({ action, side, toLeft, toRight, conflicts, quarantine, leftRevision, rightRevision }: PlannedAction): string =>
    JSON.stringify([action, side, toLeft, toRight, conflicts, quarantine?.code, leftRevision, rightRevision]);
  // A record whose parent was only planned then, and came across meanwhile, is what the reviewer saw as well.
  return core(now) === core(then);
}

async function dropPlan(context: RunContext, header: PlanHeader): Promise<void> {
  const { state, pair } = context.settings;
  const ids = [header.id, ...pageIds(header.id, header.pages)];
  await context.retrying(() => state.commit(pair, [{ op: "remove", collection: "plan", ids }]));
}

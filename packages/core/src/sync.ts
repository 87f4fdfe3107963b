import { SyncError } from "./errors.ts";
import type { Database, Finding, ModelTypes } from "./endpoint.ts";
import { compileMapping, type Mapping } from "./mapping/compile.ts";
import { declaredModels } from "./mapping/declarations.ts";
import { refuseInTransaction, refusedInTransaction } from "./inside-transaction.ts";
import { hintFor } from "./names.ts";
import { checkValues, modelOptionNames, syncOptionNames } from "./option-values.ts";
import type { SyncOptions } from "./options.ts";
import { loadPlan, planLines } from "./plan-file/load.ts";
import { readPages } from "./plan-file/pages.ts";
import { lookAt, type LiveRecord } from "./report/look.ts";
import { applyPlan, type ApplyResult } from "./run/apply.ts";
import { RunContext, type Settings } from "./run/context.ts";
import { adoptDatabases } from "./run/known-databases.ts";
import { forgetPair } from "./run/forget-pair.ts";
import { Hearing } from "./run/hinted.ts";
import type { PlannedAction } from "./run/plan-sink.ts";
import { plan, run, type HintedRunOptions, type PlanSummary, type RunOptions, type RunResult } from "./run/run.ts";
import { withSession } from "./run/session.ts";
import { verify, type VerifyResult } from "./run/verify.ts";
import { ConflictLog, type ConflictFilter, type ShownConflict } from "./log/conflict-log.ts";
import { erase, type Erased, type RecordName } from "./log/erase.ts";
import { defaultRetention, prune, type Pruned } from "./log/prune.ts";
import { QuarantineLog, type QuarantineFilter } from "./log/quarantine-log.ts";
import { runsOf, type RunRecord } from "./undo/run-log.ts";
import { adoptedMark, release, undo, type UndoOptions, type UndoResult } from "./undo/undo.ts";
import { hostRuntime } from "./runtime.ts";
import type { ConflictRecord, QuarantineRecord, StateStore } from "./state.ts";

/** A plan as `sync.plan()` made it: counts now, actions on request. It lives in the state store until it is applied. */
export interface Plan extends PlanSummary {
  /** What would be done to each record, and why, page by page. Names, keys and reasons; no values. */
  actions(): AsyncIterable<readonly PlannedAction[]>;
  /**
   * The plan as text, to be kept in a file and given to `load`: one line of JSON per action, a line before them that says
   * what the plan is for, and one behind them that says it is whole. Keys and reasons; no values. Each text is one or more
   * whole lines with their newlines.
   */
  lines(): AsyncIterable<string>;
  /** What stands behind these actions of the plan now, read from both databases: holds values. One answer per action. */
  look(actions: readonly PlannedAction[]): Promise<readonly LiveRecord[]>;
}

/** One pair of databases, kept the same. */
export interface Sync {
  readonly name: string;
  /** Plans and applies page by page, deletes last, and reads again what it wrote. Resumable: after a kill, run again. */
  run(options?: RunOptions & HintedRunOptions): Promise<RunResult>;
  /** The whole read path; writes nothing to your tables. */
  plan(options?: RunOptions): Promise<Plan>;
  /**
   * Takes a plan back from its lines, for `apply`: here, or in another process. Nothing of it can be applied unless all of
   * it is as it was written, for this pair and for schemas, mapping, rules and databases as they are now.
   *
   * `lines`: in order, each text one whole line or several; newlines at their ends may be missing, as readers leave them out.
   *
   * @throws SyncError `PLAN.…`, naming the line.
   */
  load(lines: AsyncIterable<string> | Iterable<string>, options?: RunOptions): Promise<Plan>;
  /** Does what was planned and nothing else; a record that changed since is skipped and reported. */
  apply(plan: { readonly id: string }, options?: RunOptions): Promise<ApplyResult>;
  /** An independent read of both sides, every record compared. */
  verify(options?: RunOptions): Promise<VerifyResult>;
  /** The conflict log, record by record; `{ open: true }`: those that wait for `decide`, or for the data to change. */
  conflicts(filter?: ConflictFilter): AsyncIterable<ConflictRecord>;
  /** One conflict for a person to look at: what both sides agreed on last, and what each has now, field by field. */
  conflict(id: string): Promise<ShownConflict>;
  /**
   * A person's decision about an open conflict; bound to the values it was made on, carried out by the next run. Should they
   * have moved by then, the run does nothing about it, says so (`outdated` in its result), and the new values are a new conflict.
   */
  decide(conflictId: string, winner: "left" | "right"): Promise<void>;
  /**
   * The same decision about every open conflict that the filter names and nobody has decided yet; those that no side can win
   * are counted, and stay.
   */
  decideAll(filter: Omit<ConflictFilter, "open">, winner: "left" | "right"): Promise<{ readonly decided: number; readonly undecidable: number }>;
  /** Records that cannot be written, and why. */
  quarantine(filter?: QuarantineFilter): AsyncIterable<QuarantineRecord>;
  /** The next run tries these again, although nothing changed. Gives their number. */
  retry(filter?: QuarantineFilter): Promise<number>;
  /** Takes these out of quarantine. A record that still cannot be written is back as soon as a run looks at it again. */
  drain(filter?: QuarantineFilter): Promise<number>;
  /** Removes the values of one record from everything that keeps some: conflict log, quarantine, pre-images, bases. */
  erase(record: RecordName, options?: Pick<RunOptions, "takeOver">): Promise<Erased>;
  /** Removes what is older than `retention`. Runs that write do the same now and then. */
  prune(options?: Pick<RunOptions, "takeOver">): Promise<Pruned>;
  /** The history of runs and undos, oldest first. One that wrote nothing leaves no entry. */
  runs(): AsyncIterable<RunRecord>;
  /**
   * Takes a run back: what it overwrote or deleted stands again, what it created goes, as long as nobody has changed it since.
   * Afterwards the pair is held until `release`, for the next run would do the same again. Interrupted, it is called again.
   *
   * @throws SyncError `UNDO.…`, before anything is written.
   */
  undo(runId: string, options?: UndoOptions): Promise<UndoResult>;
  /** Lets runs write again after an undo. */
  release(options?: Pick<RunOptions, "takeOver">): Promise<void>;
  /**
   * Accepts both databases as they are, after one was restored, moved or exchanged: what was remembered of them is
   * dropped, and they meet as for the first time. CloudIds stay; `firstLink` decides what differs.
   */
  adopt(options?: Pick<RunOptions, "takeOver">): Promise<void>;
  /**
   * Says that a pair is no longer there, so that it closes no ring (`PAIR.RING`): this one, or the one that is named.
   * Both databases note it and pass it on to those they meet. Rows, cloudIds and what was agreed on stay; a pair that runs
   * all the same is noted again. Gives how many such pairs these databases knew: several may have one name.
   */
  forget(options?: { readonly pair?: string } & Pick<RunOptions, "takeOver">): Promise<number>;
}

/**
 * Keeps the records of two databases the same, through the models an application already has.
 *
 * @throws SyncError `OPTIONS.…` or `MAPPING.…` at once, with all findings, when options and models do not fit.
 */
export function createSync<Left extends ModelTypes, Right extends ModelTypes>(options: SyncOptions<Left, Right>): Sync {
  const untyped = options as unknown as SyncOptions;
  const mapping = checkOptions(untyped);
  const settings = settingsOf(untyped);
  const { state, pair } = { state: settings.state, pair: settings.pair };
  const conflictLog = new ConflictLog(state, pair, () => settings.runtime.now());
  const quarantineLog = new QuarantineLog(state, pair);
  const hearing = new Hearing(settings, mapping.models);
  return {
    name: options.name,
    async run(runOptions = {}) {
      const heard = hearing.begin();
      const result = await run(settings, mapping, runOptions, runOptions.hinted ? await hearing.hints() : undefined);
      // Deletes that somebody has to confirm are hinted once more then.
      if (result.status === "done") heard();
      return result;
    },
    plan: async (runOptions = {}) => storedPlan(settings, mapping, await plan(settings, mapping, runOptions)),
    load: async (lines, runOptions = {}) => storedPlan(settings, mapping, await loadPlan(settings, mapping, lines, runOptions)),
    apply: ({ id }, runOptions = {}) => applyPlan(settings, mapping, id, runOptions),
    verify: (runOptions = {}) => verify(settings, mapping, runOptions),
    conflicts: (filter = {}) => conflictLog.list(filter),
    conflict: (id) => conflictLog.show(id),
    decide: (conflictId, winner) => conflictLog.decide(conflictId, winner),
    decideAll: (filter, winner) => conflictLog.decideAll(filter, winner),
    quarantine: (filter = {}) => quarantineLog.list(filter),
    retry: (filter = {}) => quarantineLog.retry(filter),
    drain: (filter = {}) => quarantineLog.drain(filter),
    erase: (record, eraseOptions = {}) => erase(settings, mapping, record, eraseOptions),
    prune: (pruneOptions = {}) => prune(settings, mapping, pruneOptions),
    async *runs() {
      await state.open();
      yield* runsOf(state, pair);
    },
    async undo(runId, undoOptions = {}) {
      refuseInTransaction(settings.databases, "undo");
      return undo(settings, mapping, runId, undoOptions);
    },
    release: (releaseOptions = {}) => release(settings, mapping, releaseOptions),
    async adopt({ takeOver } = {}) {
      refuseInTransaction(settings.databases, "adopt");
      const context = new RunContext(settings, { dry: false });
      await withSession(context, mapping, { adopt: true, ...(takeOver ? { takeOver } : {}) }, async ({ acquaint }) => {
        await adoptDatabases(context, mapping.models.map((model) => model.name));
        await acquaint();
        await context.settings.state.commit(pair, [adoptedMark(context)]);
      });
    },
    async forget(forgetOptions = {}) {
      refuseInTransaction(settings.databases, "forget");
      return forgetPair(settings, forgetOptions);
    },
  };
}

function storedPlan(settings: Settings, mapping: Mapping, summary: PlanSummary): Plan {
  return {
    ...summary,
    actions: () => readPages(settings, summary.id, summary.pages),
    lines: () => planLines(settings, summary.id),
    look: (actions) => lookAt(settings, mapping, summary.id, actions),
  };
}

function checkOptions(options: SyncOptions): Mapping {
  const findings: Finding[] = [];
  const error = (code: string, message: string): void => void findings.push({ severity: "error", code, message });
  for (const key of Object.keys(options)) {
    if (syncOptionNames.includes(key)) continue;
    const hint = modelOptionNames.includes(key) ? " It belongs to a model: write it into its entry in `models`." : hintFor(key, syncOptionNames);
    error("OPTIONS.UNKNOWN_KEY", `Unknown option \`${key}\`.${hint}`);
  }
  if (typeof options.name !== "string" || options.name === "") error("OPTIONS.MISSING", "`name` is missing: it names the pair in state and messages.");
  for (const side of ["left", "right"] as const) {
    const database = options[side] as Database | undefined;
    if (!database?.endpoints || typeof database.commit !== "function") error("OPTIONS.DATABASE", `\`${side}\` is no database: give what an adapter's factory returns, such as prismaDatabase(client).`);
  }
  const direction = options.direction ?? "both";
  if (!["both", "left-to-right", "right-to-left"].includes(direction)) error("OPTIONS.DIRECTION", `\`direction\` is "both", "left-to-right" or "right-to-left".`);
  const withoutDatabase = findings.some((finding) => finding.code === "OPTIONS.DATABASE");
  const models = withoutDatabase ? {} : declaredModels(options, findings);
  const everyModelDecides = Object.values(models).every((model) => model.conflicts !== undefined);
  if (direction === "both" && !options.conflicts && !everyModelDecides) {
    error("OPTIONS.MISSING", "`conflicts` is missing: say who decides where both sides changed a field, e.g. fieldMerge({ otherwise: newest(\"updatedAt\") }) or ask().");
  }
  findings.push(...checkValues(options, models));
  if (withoutDatabase) throw optionsError(findings);
  if (options.state !== undefined && (typeof options.state !== "object" || typeof options.state?.commit !== "function")) {
    error("OPTIONS.VALUE", "`state` is no state store: give `database.state` of a side, or what `sqliteState(\"sync.db\")` returns.");
  }
  if (!options.state && !options.left.state && !options.right.state) {
    error("OPTIONS.MISSING", "`state` is missing, and neither database has side tables: say where the pair keeps its memory, e.g. sqliteState(\"sync.db\").");
  }
  const inTransaction = refusedInTransaction(options, options.state ?? options.left.state ?? options.right.state, direction);
  if (inTransaction !== undefined) error("OPTIONS.TRANSACTION", inTransaction);
  const mapping = compileMapping(options, models);
  findings.push(...mapping.findings.filter((finding) => finding.severity === "error"));
  if (findings.length > 0) throw optionsError(findings);
  return mapping;
}

function optionsError(findings: readonly Finding[]): SyncError {
  if (findings.length === 1) return new SyncError(findings[0]!.code, findings[0]!.message, { stage: "check", findings });
  const lines = findings.map((finding) => `- ${finding.code}${finding.model === undefined ? "" : ` (${finding.model})`}: ${finding.message}`);
  return new SyncError("OPTIONS.INVALID", `${findings.length} findings in the options:\n${lines.join("\n")}`, { stage: "check", findings });
}

function settingsOf(options: SyncOptions): Settings {
  const state: StateStore | undefined = options.state ?? options.left.state ?? options.right.state;
  return {
    pair: options.name,
    databases: { left: options.left, right: options.right },
    state: state!,
    direction: options.direction ?? "both",
    drift: options.drift ?? "report",
    mirror: options.mirror ?? false,
    pageSize: options.pageSize ?? 2000,
    deleteGuard: options.deleteGuard ?? { count: 10, share: 0.1 },
    quarantineLimit: options.quarantineLimit ?? 10_000,
    leaseSeconds: options.lease?.seconds ?? 30,
    holder: options.lease?.holder ?? options.name,
    attempts: options.retry?.attempts ?? 5,
    firstDelay: options.retry?.firstDelay ?? 100,
    retention: { ...defaultRetention, ...options.retention },
    runtime: options.runtime ?? hostRuntime(),
  };
}

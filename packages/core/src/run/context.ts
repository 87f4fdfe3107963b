import type { Claim, Database, Key } from "../endpoint.ts";
import { SyncError } from "../errors.ts";
import { hash64 } from "../hash.ts";
import type { Retention } from "../log/prune.ts";
import type { PairModel, SideName } from "../mapping/pair-model.ts";
import type { Direction, Drift, Runtime } from "../options.ts";
import { BaseCodec } from "../plan/base.ts";
import type { Base, Checkpoint, QuarantineRecord, StateRecords, StateStore } from "../state.ts";
import type { Held } from "../undo/run-log.ts";
import { cloudIdMaker } from "./cloud-id.ts";
import { emptyCounts, type ModelCounts, type Step, type SyncEvent } from "./events.ts";
import { fencedState } from "./fenced-state.ts";
import { Identities } from "./identities.ts";
import { OpenConflicts } from "./open-conflicts.ts";
import { throwIfAborted, withRetry } from "./retry.ts";

export interface Settings {
  readonly pair: string;
  readonly databases: { readonly left: Database; readonly right: Database };
  readonly state: StateStore;
  readonly direction: Direction;
  readonly drift: Drift;
  readonly mirror: boolean;
  readonly pageSize: number;
  readonly deleteGuard: { readonly count: number; readonly share: number };
  readonly quarantineLimit: number;
  readonly leaseSeconds: number;
  readonly holder: string;
  readonly attempts: number;
  readonly firstDelay: number;
  readonly retention: Required<Retention>;
  readonly runtime: Runtime;
}

/** Everything one run shares: who runs, against which claims, what was counted, what is known so far. */
export class RunContext {
  /** Its state store is fenced with this run's leases. */
  readonly settings: Settings;
  readonly unfencedState: StateStore;
  readonly runId: string;
  /** Plans only: nothing is written but to the state store. */
  readonly dry: boolean;
  readonly signal: AbortSignal | undefined;
  readonly identities: { readonly left: Identities; readonly right: Identities };
  readonly newCloudId: () => string;
  readonly counts: Map<string, ModelCounts> = new Map();
  /** By id; the whole quarantine, which `quarantineLimit` bounds. */
  readonly quarantine: Map<string, QuarantineRecord> = new Map();
  /** Decisions of persons about parked conflicts, by conflict id. */
  readonly decisions: Map<string, StateRecords["decision"]> = new Map();
  /** Those whose values had moved, by conflict id. */
  readonly outdatedDecisions: string[] = [];
  readonly checkpoints: Map<string, Checkpoint> = new Map();
  /** The live databases' shape of each model, by `side model`. */
  readonly shapes: Map<string, string> = new Map();
  /** Unique keys that the live databases do not hold although their models say so, as JSON texts, by `side model`. */
  readonly missingKeys: Map<string, Set<string>> = new Map();
  readonly codecs: Map<string, BaseCodec> = new Map();
  readonly openConflicts: OpenConflicts;
  /** Rows that were read, written and committed, per side. */
  readonly written: { left: number; right: number } = { left: 0, right: 0 };
  /** Rows on the other side of one that waits in quarantine, unlinked like that, per side and model. */
  readonly beside: Readonly<Record<SideName, Map<string, Map<string, string | null>>>> = { left: new Map(), right: new Map() };
  /** Models whose rows get other keys by this run's updates, per side: an old key may be another row's by then. */
  readonly movedKeys: Readonly<Record<SideName, Set<string>>> = { left: new Set(), right: new Set() };
  /** A base was made or dropped: what this pair remembers is no longer what it was before this run. */
  agreed = false;
  /** Earlier runs that may have made rows of which no base tells. */
  doubtful: readonly string[] = [];
  /** Plans only: bases that a run would have stored before its look at the rows. */
  readonly supposed: Base[] = [];
  /** So may this one: an answer was lost, or a row was gone when its write was looked at again. */
  inDoubt = false;
  /** Of these, those that the look at the start has left so, and those that will be however well this run ends. */
  stillDoubtful: { readonly now: readonly string[]; readonly after: readonly string[] } = { now: [], after: [] };
  /** An undo holds this pair: nothing may be written until it is released. */
  held: Held | undefined;
  /** The history has an entry of this run. */
  entered = false;
  /** Try everything in quarantine again, whether it changed or not. */
  retryQuarantine = false;
  /** Infrastructure faults in a row. */
  faults = 0;
  claims: { left: Claim; right: Claim } | undefined;
  /** Writes that go on while more is looked at: no lease is let go before they have ended, whatever happens. */
  readonly underWay: Set<Promise<unknown>> = new Set();
  /** Stores what is known of records that stand already, where a run fails before it would have. */
  storeOwed: () => Promise<void> = async () => {};
  /** Both databases remember each other. */
  acquainted: Promise<void> = Promise.resolve();
  readonly seed: number;
  readonly #onEvent: ((event: SyncEvent) => void) | undefined;
  readonly #startedAt = new Map<string, { at: number; done: number }>();
  /** When a listener was last told something: what is reported next began then, not when it is reported. */
  #toldAt: number;
  #unit = 0;
  #touched = 0;
  #writing: Promise<void> | undefined;

  constructor(settings: Settings, options: { dry: boolean; signal?: AbortSignal | undefined; onEvent?: ((event: SyncEvent) => void) | undefined }) {
    this.settings = { ...settings, state: fencedState(settings.state, this) };
    this.unfencedState = settings.state;
    this.dry = options.dry;
    this.signal = options.signal;
    this.#onEvent = options.onEvent;
    this.#toldAt = settings.runtime.now();
    this.newCloudId = cloudIdMaker(settings.runtime);
    this.runId = nextRunId(settings.runtime, this.newCloudId);
    this.seed = seedOf(settings.pair);
    this.openConflicts = new OpenConflicts(this);
    this.identities = { left: new Identities(this, "left"), right: new Identities(this, "right") };
  }

  /** A silent twin with the same claims and memory, for an analysis whose result is only counted: all of it, whichever way it would go. */
  forCounting(): RunContext {
    const twin = new RunContext({ ...this.settings, direction: "both" }, { dry: true, signal: this.signal });
    twin.claims = this.claims;
    for (const name of ["quarantine", "decisions", "checkpoints", "shapes", "missingKeys"] as const) {
      for (const [key, value] of this[name]) (twin[name] as Map<string, unknown>).set(key, value);
    }
    return twin;
  }

  emit(event: SyncEvent): void {
    this.#toldAt = this.settings.runtime.now();
    this.#onEvent?.(event);
  }

  countsOf(model: string): ModelCounts {
    const known = this.counts.get(model);
    if (known) return known;
    const fresh = emptyCounts();
    this.counts.set(model, fresh);
    return fresh;
  }

  /** Of so many bases now, those that this run has not made itself: what comes in the same run makes deletes no smaller a share. */
  linkedBefore(model: string, bases: number): number {
    const { created, linked } = this.countsOf(model);
    return this.dry ? bases : bases - created.left - created.right - linked;
  }

  progress(step: Step, model: string, side: SideName, rows: number, total: number | undefined): void {
    const name = `${step} ${model} ${side}`;
    const now = this.settings.runtime.now();
    const entry = this.#startedAt.get(name) ?? { at: this.#toldAt, done: 0 };
    entry.done += rows;
    this.#startedAt.set(name, entry);
    const seconds = Math.max((now - entry.at) / 1000, 0.001);
    const perSecond = entry.done / seconds;
    const known = total !== undefined && total >= entry.done;
    this.emit({
      type: "progress", step, model, side, done: entry.done, perSecond: Math.round(perSecond),
      ...(known ? { total, secondsLeft: Math.ceil((total - entry.done) / Math.max(perSecond, 1)) } : {}),
    });
  }

  /** The safe point: between pages, and before each unit. */
  safePoint(): void {
    throwIfAborted(this.signal);
  }

  retrying<Result>(work: () => Promise<Result>): Promise<Result> {
    const { attempts, firstDelay, runtime } = this.settings;
    return withRetry(
      { attempts, firstDelay, runtime, signal: this.signal, onRetry: (code, attempt, milliseconds) => this.emit({ type: "retry", code, attempt, milliseconds }) },
      work,
    );
  }

  /** A unit whose fate nobody knows: pause before it is looked at again, and give up when faults go on. */
  async afterFault(error: SyncError): Promise<void> {
    const { attempts, firstDelay, runtime } = this.settings;
    if (++this.faults >= attempts) throw error;
    const pause = firstDelay * 2 ** (this.faults - 1);
    this.emit({ type: "retry", code: error.code, attempt: this.faults, milliseconds: pause });
    await runtime.sleep(pause, this.signal);
  }

  /** Before the first unit of a run: what it must not be without is durable. */
  beginWriting(): Promise<void> {
    return (this.#writing ??= Promise.all([this.retrying(() => this.settings.state.commit(this.settings.pair, [])), this.acquainted]).then(() => undefined));
  }

  checkQuarantineLimit(): void {
    const { quarantineLimit } = this.settings;
    if (this.quarantine.size <= quarantineLimit) return;
    throw new SyncError("QUARANTINE.FULL", `More than ${quarantineLimit} records wait in quarantine: something general is wrong. Look at their codes, mend the cause, and run again; or raise \`quarantineLimit\`.`);
  }

  codecOf(model: PairModel): BaseCodec {
    let codec = this.codecs.get(model.name);
    if (!codec) {
      const layouts = this.checkpoints.get(model.name)?.layouts ?? [model.signature];
      codec = new BaseCodec(model, layouts, this.seed);
      this.codecs.set(model.name, codec);
    }
    return codec;
  }

  /** In the order of the writes. */
  nextTouchedId(): string {
    return `${this.runId}/${String(++this.#touched).padStart(9, "0")}`;
  }

  nextUnitId(): string {
    return `${this.runId}/${++this.#unit}`;
  }

  timestamp(): string {
    return new Date(this.settings.runtime.now()).toISOString();
  }
}

/** What a one-way pair does, as its checkpoints remember it. */
export function wayOf({ direction, drift, mirror }: Settings): { readonly way?: string } {
  return direction === "both" ? {} : { way: [direction, drift, ...(mirror ? ["mirror"] : [])].join(" ") };
}

const lastRunIds = new WeakMap<Runtime, string>();

/** Runs of one process are in the order of their ids, those of one millisecond too: what came since a run is found by that. */
function nextRunId(runtime: Runtime, next: () => string): string {
  const last = lastRunIds.get(runtime) ?? "";
  let id = next();
  while (id <= last && id.slice(0, 13) === last.slice(0, 13)) id = next();
  lastRunIds.set(runtime, id);
  return id;
}

/** Pairs hash with seeds of their own, so that a base cannot be mistaken for another pair's. */
export function seedOf(pair: string): number {
  let seed = 0;
  for (const letter of hash64(pair, 0)) seed = (Math.imul(seed, 31) + letter.charCodeAt(0)) | 0;
  return seed;
}

/** A key as an index of a Map; never stored, never compared with a database's. */
export function keyText(key: Key): string {
  return key.length === 1 ? key[0]! : JSON.stringify(key);
}

export function quarantineId(side: SideName, model: string, key: Key): string {
  return JSON.stringify([side, model, ...key]);
}

import {
  ask, createSync, fieldMerge, leftWins, newest, rightWins, type ConflictPolicy, type Database, type Hints, type Sync, type SyncOptions, type VerifyResult,
} from "@sync/core";
import { memoryState, type MemoryState } from "@sync/core/memory";
import { Wire, type Faults } from "./faults.ts";
import { History, type Violation } from "./history.ts";
import { Oracle } from "./oracle.ts";
import type { Plant } from "./plants.ts";
import { Random } from "./random.ts";
import { follow, type Ending, type Running } from "./running.ts";
import { Process, Scheduler } from "./scheduler.ts";
import { modelNameOn, modelOf, nameOn, pickSpecs, SIDES, type ModelSpec, type SideName } from "./spec.ts";
import { World, type Tracking } from "./world.ts";

const PAIR = "pair";
/** Runs without a fault that a pair may take to come to rest, the idle one included. */
const ROUNDS = 4;

export interface SimulationOptions {
  /** One of the model sets; default: the seed's choice. */
  readonly set?: string;
  /** Keeps the course as text, for a person to read. */
  readonly trace?: boolean;
  /** No faults, and nobody writes while a run is under way. */
  readonly calm?: boolean;
  /** The one run that dies, and where; goes with `calm`. */
  readonly crash?: { readonly run: number; readonly step: number; readonly when: "before" | "after" };
  /** Some runs look only at what was hinted; of the hints some get lost, and some come twice. */
  readonly hints?: boolean;
  /** Puts a defect between the engine and the world: the simulation has to find it. */
  readonly plant?: Plant;
}

export interface SimulationResult {
  readonly seed: number;
  readonly set: string;
  readonly violations: readonly Violation[];
  /** Two courses of the same seed have the same one. */
  readonly hash: string;
  readonly runs: number;
  /** Calls of the contract, per run. */
  readonly steps: readonly number[];
  /** Quiet runs until one wrote nothing. */
  readonly rounds: number;
  /** Losses that the conflict log had to tell of, and records that were allowed to differ. */
  readonly obligations: number;
  readonly excused: ReadonlyMap<string, number>;
  readonly faults: ReadonlyMap<string, number>;
  readonly lines: readonly string[];
}

/** One case, wholly made of its seed. */
export async function simulate(seed: number, options: SimulationOptions = {}): Promise<SimulationResult> {
  const simulation = new Simulation(seed, options);
  return simulation.play();
}

class Simulation {
  readonly #seed: number;
  readonly #options: SimulationOptions;
  readonly #set: string;
  readonly #specs: readonly ModelSpec[];
  readonly #random: Random;
  readonly #scheduler: Scheduler;
  readonly #history: History;
  readonly #world: World;
  readonly #state: MemoryState;
  /** Who is hinted of what: a sequence of its own, so that courses without hints stay the same. */
  readonly #hearing: Random;
  readonly #heard = new Map<SideName, string>();
  readonly #syncOptions: Omit<SyncOptions, "left" | "right" | "state" | "runtime">;
  readonly #violations: Violation[] = [];
  readonly #faults = new Map<string, number>();
  #runs = 0;
  readonly #steps: number[] = [];
  #rounds = 0;

  constructor(seed: number, options: SimulationOptions) {
    const random = new Random(seed);
    this.#seed = seed;
    this.#options = options;
    this.#hearing = new Random(seed + 0x1000_0000);
    const { set, models } = pickSpecs(random.fork(), options.set);
    this.#set = set;
    this.#specs = models;
    this.#random = random.fork();
    this.#scheduler = new Scheduler(random.fork());
    this.#scheduler.trace.keepLines = options.trace ?? false;
    this.#history = new History(models);
    for (const side of SIDES) for (const spec of models) this.#history.columns(side, spec, modelOf(spec, side, models).fields.map((field) => field.name));
    const track = (): Tracking => random.pick(["changes", "fingerprints", "none"]);
    this.#world = new World({
      specs: models, tracking: { left: track(), right: track() }, descending: { left: random.chance(0.2), right: random.chance(0.2) },
      random: random.fork(), now: () => this.#scheduler.now(),
      onCommit: (side, commit) => {
        this.#scheduler.trace.add(`${side} ${commit.by} ${commit.transaction}: ${commit.changes.map((change) => `${change.model} ${(change.before?.key ?? []).join("/")} > ${(change.after?.key ?? []).join("/")}`).join(", ")}`);
        for (const change of commit.changes) this.#scheduler.trace.note(() => `${JSON.stringify(change.before?.values)} > ${JSON.stringify(change.after?.values)} ${change.after?.cloudId ?? ""}`);
        this.#history.observe(side, commit);
      },
    });
    const { left, right } = this.#world.databases;
    this.#state = random.pick([left.state as MemoryState, right.state as MemoryState, memoryState({ name: "apart" })]);
    this.#syncOptions = syncOptions(models, random);
  }

  async play(): Promise<SimulationResult> {
    const random = this.#random;
    const shares = random.pick([{ left: 1, right: 0 }, { left: 0, right: 1 }, { left: 0.8, right: 0.8 }, { left: 0.9, right: 0.95 }]);
    this.#world.fill(2 + random.below(7), { ...shares, different: random.pick([0, 0.2]) });
    try {
      for (let phase = 1 + random.below(4); phase > 0; phase -= 1) {
        for (let edits = random.below(7); edits > 0; edits -= 1) this.#world.edit();
        if (random.chance(0.12) && !this.#options.calm) await this.#takeOver();
        else await this.#troubled();
      }
      await this.#rest();
    } catch (error) {
      this.#violations.push({ rule: "crash", message: error instanceof Error ? error.stack ?? error.message : String(error) });
    }
    const { trace } = this.#scheduler;
    return {
      seed: this.#seed, set: this.#set, violations: [...this.#history.violations, ...this.#violations], hash: trace.hash, runs: this.#runs, steps: this.#steps,
      rounds: this.#rounds, obligations: this.#history.obligations.length, excused: this.#excused, faults: this.#faults, lines: trace.lines,
    };
  }

  #excused: ReadonlyMap<string, number> = new Map();

  /** One run in which things go wrong. */
  async #troubled(): Promise<void> {
    const random = this.#random;
    const { calm, crash } = this.#options;
    const faults = crash?.run === this.#runs + 1 ? { crash } : calm ? {} : this.#pickFaults();
    const edits = calm ? 0 : random.pick([0, 0, 0.02, 0.08]);
    this.#scheduler.between = () => {
      if (random.chance(edits)) this.#world.edit();
    };
    this.#history.trouble ||= faults.crash !== undefined || faults.lostAnswer !== undefined || faults.twice !== undefined;
    this.#history.troubled ||= this.#history.trouble;
    const ending = await this.#run(faults, { takeOver: false, hinted: this.#isHinted() });
    this.#scheduler.between = () => undefined;
    if (ending.ended === "died") {
      this.#note("crash");
      // The lease of the dead is still there: wait, take it, or be refused.
      if (random.chance(0.6)) this.#scheduler.pass(120_000);
      else if (random.chance(0.5)) await this.#run({}, { takeOver: true });
      else {
        const refused = await this.#run({}, { takeOver: false });
        if (refused.ended === "failed" && refused.code !== "LEASE.HELD" && refused.code !== "ENDPOINT.LOCKED") this.#broken("I4", `a run after a crash failed with ${refused.code}`);
        this.#scheduler.pass(120_000);
      }
    }
  }

  /** A run pauses, another takes its lease, and then the first goes on. */
  async #takeOver(): Promise<void> {
    this.#note("takeover");
    const random = this.#random;
    this.#history.trouble = true;
    this.#history.troubled = true;
    const first = this.#begin({}, { takeOver: false, hinted: this.#isHinted() });
    const pauseAt = 1 + random.below(60);
    await this.#scheduler.until(() => first.ending !== undefined || first.process.steps >= pauseAt);
    first.process.paused = true;
    if (random.chance(0.5)) this.#world.edit();
    if (random.chance(0.5)) this.#scheduler.pass(120_000);
    await this.#run({}, { takeOver: true });
    for (let edits = random.below(3); edits > 0; edits -= 1) this.#world.edit();
    first.process.paused = false;
    await this.#scheduler.until(() => first.ending !== undefined);
    this.#steps.push(first.process.steps);
  }

  /** No more faults and no more edits: both sides come to agree, and then nothing is written any more. */
  async #rest(): Promise<void> {
    this.#world.endAll();
    this.#scheduler.pass(600_000);
    for (;;) {
      this.#rounds += 1;
      if ((await this.#quietRun()) === "idle") break;
      if (this.#rounds >= ROUNDS) {
        this.#broken("I1", `the pair did not come to rest in ${ROUNDS} runs`);
        break;
      }
    }
    if (this.#violations.length === 0 && (await this.#quietRun()) !== "idle") this.#broken("I6", "a run after an idle one wrote something");
    const oracle = new Oracle(this.#specs, this.#world.databases, {
      conflicts: await this.#state.read(PAIR, { collection: "conflict" }),
      quarantine: await this.#state.read(PAIR, { collection: "quarantine" }),
    });
    this.#history.finish();
    oracle.checkAgreement();
    oracle.checkObligations(this.#history);
    this.#violations.push(...oracle.violations);
    this.#excused = oracle.excused;
    for (const side of SIDES) for (const line of oracle.dump(side)) this.#scheduler.trace.add(line);
    if (this.#violations.length === 0 && this.#history.violations.length === 0) await this.#compareVerdicts(oracle);
  }

  /** The engine's own verdict about both sides is the oracle's. */
  async #compareVerdicts(oracle: Oracle): Promise<void> {
    let verified: VerifyResult | undefined;
    const running = this.#start({}, async (sync) => (verified = await sync.verify()));
    await this.#scheduler.until(() => running.ending !== undefined);
    if (verified === undefined) return this.#broken("verify", `verify failed: ${JSON.stringify(running.ending)}`);
    if (!verified.explained) this.#broken("verify", `verify finds differences without an explanation: ${JSON.stringify(verified.differences)}`);
    if (verified.equal && oracle.excused.size > 0) this.#broken("verify", "verify says equal, but records differ");
    // After a lost answer an altered copy may pass for somebody's edit, and wait for a person.
    if (verified.equal || oracle.excused.size > 0 || this.#history.troubled) return;
    const unasked = await this.#withoutQuestion(verified.differences);
    if (unasked.length > 0) this.#broken("verify", `verify finds differences where there are none: ${JSON.stringify(unasked)}`);
  }

  /** Where two sides first meet, what a database made of a value may pass for somebody's own: the pair asks a person which one is right. */
  async #withoutQuestion(differences: VerifyResult["differences"]): Promise<VerifyResult["differences"]> {
    const conflicts = await this.#state.read(PAIR, { collection: "conflict" });
    const asked = new Set(conflicts.flatMap(({ kind, decision, model, leftKey, rightKey, fields }) =>
      (kind === "first-link" && decision === "open" ? fields.map((field) => JSON.stringify([model, leftKey, rightKey, field])) : [])));
    return differences.filter(({ model, leftKey, rightKey, fields }) => !fields.every((field) => asked.has(JSON.stringify([model, leftKey, rightKey, field]))));
  }

  async #quietRun(): Promise<"idle" | "wrote"> {
    const before = this.#written();
    const ending = await this.#run({}, { takeOver: false });
    if (ending.ended === "failed") this.#broken("I4", `a run without faults failed with ${ending.code}`);
    return before === this.#written() ? "idle" : "wrote";
  }

  #written(): string {
    const { left, right } = this.#world.databases;
    return [left.probe.unitWrites, right.probe.unitWrites, this.#state.writes].join();
  }

  #isHinted(): boolean {
    return (this.#options.hints ?? false) && this.#hearing.chance(0.5);
  }

  async #run(faults: Faults, options: { readonly takeOver: boolean; readonly hinted?: boolean }): Promise<Ending> {
    const running = this.#begin(faults, options);
    await this.#scheduler.until(() => running.ending !== undefined);
    this.#steps.push(running.process.steps);
    return running.ending!;
  }

  #begin(faults: Faults, { takeOver, hinted = false }: { readonly takeOver: boolean; readonly hinted?: boolean }): Running {
    if (hinted) this.#note("hinted");
    return this.#start(faults, async (sync) => {
      const { models } = await sync.run({ confirmDeletes: true, takeOver, hinted });
      // What a run leaves to the next one is not linked yet, as after a lost answer.
      // So is what such a run has left in quarantine.
      const waits = this.#history.trouble;
      // A hinted run leaves what nobody hinted as it was.
      this.#history.trouble = (hinted && waits) || [...models.values()].some(({ unsettled, quarantined, waiting }) => unsettled > 0 || (waits && quarantined + waiting > 0));
      this.#history.troubled ||= this.#history.trouble;
    });
  }

  #start(faults: Faults, work: (sync: Sync) => Promise<unknown>): Running {
    const process = new Process(`run ${(this.#runs += 1)}`);
    const wire = new Wire(process, this.#scheduler, faults, this.#random.fork(), (message) => this.#broken("fence", message));
    const { plant } = this.#options;
    const open = (side: SideName): Database => {
      const memory = this.#world.databases[side];
      const database = wire.database(side, memory, () => memory.probe.lease.fence);
      return { ...(plant?.database?.(database, side, this.#world.databases[side]) ?? database), hints: this.#hintsOf(side) };
    };
    const state = wire.state(this.#state);
    const sync = createSync({
      ...this.#syncOptions, left: open("left"), right: open("right"), state: plant?.state?.(state) ?? state, runtime: this.#scheduler.runtimeFor(process),
    });
    this.#history.runBegins();
    this.#scheduler.trace.add(`begin ${process.name} ${JSON.stringify(faults)}`);
    return follow(process, this.#scheduler, work(sync), (message) => this.#broken("crash", message), () => this.#history.runEnds());
  }

  /** Some are not told at all, some once more; whether the run that they are told to comes to its end is all the same. */
  #hintsOf(side: SideName): Hints {
    const hints = this.#world.databases[side].hints!;
    return {
      get position() {
        return hints.position;
      },
      since: async () => {
        const told = await hints.since(this.#heard.get(side));
        if (this.#hearing.chance(0.8)) this.#heard.set(side, hints.position);
        const some = <T>(of: readonly T[]): readonly T[] => of.filter(() => !this.#hearing.chance(0.15)).reverse();
        return new Map([...told].map(([name, { keys, gone }]) => [name, { keys: keys === "all" ? keys : some(keys), gone: some(gone) }]));
      },
    };
  }

  #pickFaults(): Faults {
    const random = this.#random;
    const late = random.pick([0, 0.3]);
    const kind = random.below(100);
    if (kind < 25) return { late };
    if (kind < 60) return { late, crash: { step: 1 + random.below(random.pick([12, 40, 120])), when: random.pick(["before", "after"]) } };
    if (kind < 70) {
      this.#note("transient");
      return { late, transient: 0.05 };
    }
    if (kind < 85) {
      this.#note("lost answer");
      return { late, lostAnswer: 0.25 };
    }
    this.#note("twice");
    return { late, twice: 0.4, lostAnswer: random.pick([0, 0.1]) };
  }

  #note(fault: string): void {
    this.#faults.set(fault, (this.#faults.get(fault) ?? 0) + 1);
  }

  #broken(rule: string, message: string): void {
    this.#violations.push({ rule, message });
  }
}

/** What a user would write for these models, with policies of the seed's choice. */
function syncOptions(specs: readonly ModelSpec[], random: Random): Omit<SyncOptions, "left" | "right" | "state" | "runtime"> {
  const models = specs.map((spec) => {
    const renamed = [...spec.fields, ...spec.references].filter((member) => nameOn("right", member) !== member.name);
    return [spec.name, {
      right: modelNameOn("right", spec), match: spec.match, fields: Object.fromEntries(renamed.map((member) => [member.name, nameOn("right", member)])),
      narrow: spec.narrow, keepBase: random.pick(["hashes", "values"]),
    }];
  });
  const newer = newest("updatedAt", { tie: random.pick(SIDES) });
  const conflicts: ConflictPolicy = random.chance(0.1) ? ask() : random.pick([leftWins(), rightWins(), newer, fieldMerge({ otherwise: newer })]);
  return {
    name: PAIR, models: Object.fromEntries(models), conflicts, firstLink: random.chance(0.1) ? "ask" : random.pick(["left", "right", newer] as const),
    onEditDelete: random.chance(0.1) ? "ask" : random.pick(["delete", "edit"] as const), pageSize: random.pick([1, 2, 3, 7, 50, 2000]),
  };
}

import { createSync, isSyncError, leftWins, naturalKey, rightWins, type Database, type Sync, type SyncOptions } from "@sync/core";
import { memoryState, type MemoryState } from "@sync/core/memory";
import { Wire, type Faults } from "../faults.ts";
import type { Violation } from "../history.ts";
import { Random } from "../random.ts";
import { follow, type Running } from "../running.ts";
import { Process, Scheduler } from "../scheduler.ts";
import { nameOf } from "./judge-edges.ts";
import { judge, type ForestTold, type Turned } from "./judge.ts";
import { documentStore } from "./document-store.ts";
import { rowStore, type Bearer, type Store } from "./stores.ts";
import type { ForestPlant } from "./plants.ts";
import { Users } from "./users.ts";

/** Two databases of a forest that are kept the same, or one after the other. */
export interface ForestPair {
  readonly name: string;
  readonly left: Store;
  readonly right: Store;
  /** Written to on the right only. */
  readonly oneWay?: { readonly drift: "report" | "keep" | "overwrite"; readonly mirror: boolean };
}

export interface ForestOptions {
  readonly trace?: boolean;
  /** Takes the first runs back, each right after it ended. */
  readonly undo?: boolean;
  readonly plant?: ForestPlant;
}

export interface ForestResult {
  readonly seed: number;
  readonly shape: string;
  readonly violations: readonly Violation[];
  readonly hash: string;
  /** Calls of the contract, per run and undo. */
  readonly steps: readonly number[];
  /** Something waited at the end: agreement was not asked for. */
  readonly waiting: boolean;
  readonly faults: ReadonlySet<string>;
  readonly lines: readonly string[];
}

/** Plays one case: two to four databases, joined as a chain, a star or something between, all made of the seed. */
export function playForest(seed: number, options: ForestOptions = {}): Promise<ForestResult> {
  return new Forest(seed, options).play();
}

class Forest {
  readonly #seed: number;
  readonly #options: ForestOptions;
  readonly #random: Random;
  readonly #scheduler: Scheduler;
  readonly #stores: Store[] = [];
  readonly #pairs: ForestPair[] = [];
  readonly #states = new Map<ForestPair, MemoryState>();
  readonly #syncOptions = new Map<ForestPair, Omit<SyncOptions, "left" | "right" | "state" | "runtime">>();
  readonly #bearer: Bearer;
  readonly #users: Users;
  readonly #turned: Turned[] = [];
  readonly #violations: Violation[] = [];
  readonly #faults = new Set<string>();
  readonly #steps: number[] = [];
  /** Runs that have begun and not ended. */
  #underWay = 0;

  constructor(seed: number, options: ForestOptions) {
    const random = new Random(seed ^ 0x5f0e57);
    this.#seed = seed;
    this.#options = options;
    this.#random = random.fork();
    this.#scheduler = new Scheduler(random.fork());
    this.#scheduler.trace.keepLines = options.trace ?? false;
    this.#bearer = random.pick(["Country", "City"]);
    const count = random.pick([2, 2, 3, 3, 4]);
    const parents = Array.from({ length: count }, (_, at) => (at === 0 ? -1 : random.below(at)));
    const apart = memoryState({ name: "apart" });
    for (const [at, parent] of parents.entries()) {
      const leaf = at > 0 && !parents.includes(at);
      const make = leaf && random.chance(0.45) ? documentStore : rowStore;
      const store = make({
        name: "abcd"[at]!, random: random.fork(), now: () => this.#scheduler.now(),
        onRenamed: (before, after) => void this.#turned.push({ before, after }), onSwept: (swept, tag) => this.#users.swept(swept, tag), bearer: this.#bearer,
      });
      this.#stores.push(store);
      if (parent < 0) continue;
      const left = this.#stores[parent]!;
      const oneWay = leaf && random.chance(0.3) ? { drift: random.pick(["report", "keep", "overwrite"] as const), mirror: random.chance(0.3) } : undefined;
      const pair: ForestPair = { name: `${left.name}${store.name}`, left, right: store, ...(oneWay ? { oneWay } : {}) };
      this.#pairs.push(pair);
      this.#states.set(pair, random.pick([left.state, store.state, apart]));
      this.#syncOptions.set(pair, optionsOf(pair, this.#bearer, random));
    }
    this.#users = new Users(random.fork(), this.#stores, this.#bearer, (what) => this.#scheduler.trace.note(() => what));
  }

  async play(): Promise<ForestResult> {
    let waiting = false;
    try {
      for (let edits = 4 + this.#random.below(10); edits > 0; edits -= 1) this.#users.edit(this.#random.chance(0.6) ? this.#stores[0] : undefined);
      if (!this.#options.undo && this.#random.chance(0.5)) await this.#settle();
      for (let phase = 1 + this.#random.below(4); phase > 0; phase -= 1) {
        for (let edits = this.#random.below(6); edits > 0; edits -= 1) this.#users.edit();
        if (this.#options.undo) await this.#takenBack();
        else await this.#troubled();
      }
      await this.#rest();
      const verdict = judge(this.#stores, await this.#told(), this.#users, this.#turned, this.#bearer, this.#faults.size > 0);
      waiting = verdict.waiting;
      // What an undo brings back is older than what it takes away.
      if (!this.#options.undo) this.#violations.push(...verdict.violations);
    } catch (error) {
      this.#violations.push({ rule: "crash", message: error instanceof Error ? error.stack ?? error.message : String(error) });
    }
    for (const store of this.#stores) for (const line of linesOf(store)) this.#scheduler.trace.add(`${store.name} ${line}`);
    const shape = this.#pairs.map(({ name, right, oneWay }) =>
      `${name}${right.form === "documents" ? " documents" : ""}${oneWay ? ` ${oneWay.drift}${oneWay.mirror ? " mirror" : ""}` : ""}`).join(", ");
    const { hash, lines } = this.#scheduler.trace;
    return { seed: this.#seed, shape, violations: this.#violations, hash, steps: this.#steps, waiting, faults: this.#faults, lines };
  }

  /** One pair, or two at once, while things go wrong. */
  async #troubled(): Promise<void> {
    const random = this.#random;
    const edits = random.pick([0, 0.02, 0.06]);
    this.#scheduler.between = () => {
      if (random.chance(edits)) this.#users.edit();
    };
    const first = this.#start(random.pick(this.#pairs), this.#faultsOf(), (sync) => sync.run({ confirmDeletes: true }));
    const second = random.chance(0.3)
      ? this.#start(random.pick(this.#pairs), {}, (sync) => sync.run({ confirmDeletes: true, takeOver: random.chance(0.3) }))
      : undefined;
    await this.#scheduler.until(() => first.ending !== undefined && (second === undefined || second.ending !== undefined));
    this.#scheduler.between = () => undefined;
    for (const { process } of [first, ...(second ? [second] : [])]) this.#steps.push(process.steps);
    if (second) this.#faults.add("two at once");
    if (first.ending!.ended === "died") {
      this.#faults.add("crash");
      this.#scheduler.pass(120_000);
    }
  }

  /** A run in peace, then its undo, which may die and is then gone on with: both databases are what they were. */
  async #takenBack(): Promise<void> {
    const pair = this.#random.pick(this.#pairs);
    // A run that meets what another has left would be taken back in part.
    await this.#quietly(pair, (sync) => sync.run({ confirmDeletes: true, takeOver: true }));
    this.#users.edit(pair.left);
    if (pair.oneWay === undefined) this.#users.edit(pair.right);
    const before = [pair.left, pair.right].map(linesOf);
    let id = "";
    await this.#quietly(pair, async (sync) => void ({ id } = await sync.run({ confirmDeletes: true, takeOver: true })));
    const undoing = this.#start(pair, this.#faultsOf(), (sync) => sync.undo(id));
    await this.#scheduler.until(() => undoing.ending !== undefined);
    this.#steps.push(undoing.process.steps);
    if (undoing.ending!.ended !== "done") {
      if (undoing.ending!.ended === "died") this.#faults.add("crash in undo");
      this.#scheduler.pass(120_000);
      await this.#quietly(pair, (sync) => sync.undo(id, { takeOver: true }).catch(doneAlready));
    }
    const after = [pair.left, pair.right].map(linesOf);
    const [was, is] = [JSON.stringify(before), JSON.stringify(after)];
    if (was !== is) this.#broken("undo", `${pair.name} is not what it was: ${was} and now ${is}`);
    await this.#quietly(pair, (sync) => sync.release({ takeOver: true }));
  }

  /** What stands everywhere by now was agreed on by everybody. */
  async #settle(): Promise<void> {
    await this.#rest();
    const [first, ...others] = this.#stores.map((store) => new Set(store.edges().map((edge) => nameOf(this.#users, this.#bearer, edge))));
    this.#users.edges.settle([...first!].filter((name) => others.every((names) => names.has(name))));
  }

  /** No more faults and no more edits: every pair in turn, until none of them has anything to do. */
  async #rest(): Promise<void> {
    this.#scheduler.pass(600_000);
    for (let round = 1; ; round += 1) {
      const before = this.#written();
      for (const pair of this.#pairs) await this.#quietly(pair, (sync) => sync.run({ confirmDeletes: true, takeOver: true }));
      if (before === this.#written()) return;
      if (round > this.#pairs.length + 4) return this.#broken("I1", `the forest did not come to rest in ${round} rounds`);
    }
  }

  #written(): string {
    return JSON.stringify([...this.#stores.map((store) => store.writes()), ...[...new Set(this.#states.values())].map((state) => state.writes)]);
  }

  async #told(): Promise<ForestTold[]> {
    return Promise.all(this.#pairs.map(async (pair) => {
      const state = this.#states.get(pair)!;
      const [conflicts, quarantine, preImages] = await Promise.all([
        state.read(pair.name, { collection: "conflict" }), state.read(pair.name, { collection: "quarantine" }),
        state.read(pair.name, { collection: "preImage" }),
      ]);
      return { pair, conflicts, quarantine, preImages };
    }));
  }

  async #quietly(pair: ForestPair, work: (sync: Sync) => Promise<unknown>): Promise<void> {
    const running = this.#start(pair, {}, work);
    await this.#scheduler.until(() => running.ending !== undefined);
    this.#steps.push(running.process.steps);
    if (running.ending!.ended === "failed") this.#broken("I4", `${pair.name} without faults failed with ${running.ending!.code}`);
  }

  #start(pair: ForestPair, faults: Faults, work: (sync: Sync) => Promise<unknown>): Running {
    if (this.#underWay === 0) this.#users.young.clear();
    this.#underWay += 1;
    const process = new Process(`${pair.name} ${this.#steps.length + 1}`);
    const wire = new Wire(process, this.#scheduler, faults, this.#random.fork(), (message) => this.#broken("fence", message));
    const { plant } = this.#options;
    const open = (store: Store): Database => {
      const database = store.connect(wire);
      return plant?.database?.(database, pair, store) ?? database;
    };
    const state = wire.state(this.#states.get(pair)!);
    const sync = createSync({
      ...this.#syncOptions.get(pair)!, ...plant?.options?.(pair), left: open(pair.left), right: open(pair.right), state: plant?.state?.(state) ?? state,
      runtime: this.#scheduler.runtimeFor(process),
    });
    this.#scheduler.trace.add(`begin ${process.name} ${JSON.stringify(faults)}`);
    return follow(process, this.#scheduler, work(sync), (message) => this.#broken("crash", message), () => void (this.#underWay -= 1));
  }

  #faultsOf(): Faults {
    const random = this.#random;
    const late = random.pick([0, 0.3]);
    const kind = random.below(100);
    if (kind < 30) return { late };
    if (kind < 60) return { late, crash: { step: 1 + random.below(random.pick([12, 40, 100])), when: random.pick(["before", "after"]) } };
    this.#faults.add(kind < 85 ? "lost answer" : "transient");
    return kind < 85 ? { late, lostAnswer: 0.25 } : { late, transient: 0.04 };
  }

  #broken(rule: string, message: string): void {
    this.#violations.push({ rule, message });
  }
}

const linesOf = (store: Store): string[] => [...store.things(), ...store.edges()].map((each) => JSON.stringify(each)).sort();

function doneAlready(error: unknown): void {
  if (!isSyncError(error) || !error.code.startsWith("UNDO.")) throw error;
}

function optionsOf({ name, right, oneWay }: ForestPair, bearer: Bearer, random: Random): Omit<SyncOptions, "left" | "right" | "state" | "runtime"> {
  const documents = right.form === "documents";
  const city = documents ? { right: "Country.cities", fields: { countryId: "parent" } } : {};
  const bears = documents ? { right: bearer === "Country" ? "Country.labels" : "Country.cities.labels" } : {};
  const match = naturalKey("code");
  return {
    name, models: { Country: { match }, City: { match, ...city }, Label: { match }, Bears: bears },
    conflicts: random.pick([leftWins(), rightWins()]), firstLink: random.pick(["left", "right"]), pageSize: random.pick([1, 2, 5, 50]),
    onEditDelete: random.pick(["delete", "edit"]), retry: { firstDelay: 1 },
    ...(oneWay ? { direction: "left-to-right", drift: oneWay.drift, mirror: oneWay.mirror } : {}),
  };
}

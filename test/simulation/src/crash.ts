import { createSync, leftWins, naturalKey, type Database, type Sync } from "@sync/core";
import { memoryState, type MemoryState } from "@sync/core/memory";
import { Wire, type Faults } from "./faults.ts";
import { documentStore } from "./forest/document-store.ts";
import { rowStore, type Bearer, type Store, type StoreOptions } from "./forest/stores.ts";
import { Random } from "./random.ts";
import { follow, type Ending } from "./running.ts";
import { Process, Scheduler } from "./scheduler.ts";

/** What a process is doing when it dies. */
export interface Scene {
  readonly work: "a first copy" | "changes" | "an undo";
  readonly onTheRight: Store["form"];
  readonly seed: number;
}

export interface Crash {
  readonly step: number;
  readonly when: "before" | "after";
  /** So does the process that goes on with its work. */
  readonly again?: boolean;
}

export interface SceneResult {
  /** Calls of the process that died, or was to die. */
  readonly steps: number;
  readonly broken: readonly string[];
  /** What stands on both sides in the end. */
  readonly lines: readonly string[];
}

/**
 * One story, always the same for a seed: rows on the left, rows or documents on the right, a first copy, edits on both sides
 * that do not touch each other, a run, its undo. One process of it dies, and another one goes on.
 */
export function playScene(scene: Scene, crash?: Crash): Promise<SceneResult> {
  return new Stage(scene).play(crash);
}

class Stage {
  readonly #scene: Scene;
  readonly #random: Random;
  readonly #scheduler: Scheduler;
  readonly #left: Store;
  readonly #right: Store;
  readonly #bearer: Bearer;
  readonly #state: MemoryState;
  readonly #broken: string[] = [];
  #processes = 0;

  constructor(scene: Scene) {
    const random = new Random(scene.seed);
    this.#scene = scene;
    this.#random = random.fork();
    this.#scheduler = new Scheduler(random.fork());
    this.#bearer = random.pick(["Country", "City"]);
    const options = (name: string): StoreOptions => ({
      name, random: random.fork(), now: () => this.#scheduler.now(), onRenamed: () => undefined, onSwept: () => undefined, bearer: this.#bearer,
    });
    this.#left = rowStore(options("left"));
    this.#right = (scene.onTheRight === "rows" ? rowStore : documentStore)(options("right"));
    this.#state = random.pick([this.#left.state, this.#right.state, memoryState({ name: "apart" })]);
  }

  async play(crash: Crash | undefined): Promise<SceneResult> {
    const { work } = this.#scene;
    this.#fill();
    if (work === "a first copy") return this.#finish(await this.#dying(crash, run));
    await this.#quietly(run);
    this.#edit();
    const edited = this.#lines();
    if (work === "changes") return this.#finish(await this.#dying(crash, run));
    let id = "";
    await this.#quietly(async (sync) => void ({ id } = await sync.run({ confirmDeletes: true })));
    const agreed = this.#lines();
    const steps = await this.#dying(crash, (sync) => sync.undo(id, { takeOver: true }).catch(doneAlready));
    this.#expect(this.#lines(), edited, "after the undo");
    await this.#quietly((sync) => sync.release());
    const result = await this.#finish(steps);
    this.#expect(this.#lines(), agreed, "after the pair was released and ran again");
    return result;
  }

  /** The process that may die, and those that go on after it. */
  async #dying(crash: Crash | undefined, work: (sync: Sync) => Promise<unknown>): Promise<number> {
    const first = await this.#process(crash ? { crash } : {}, work);
    if (crash === undefined) return first.steps;
    if (first.ending.ended !== "died") this.#broken.push(`nobody died at call ${crash.step}`);
    this.#scheduler.pass(120_000);
    if (crash.again) {
      await this.#process({ crash }, work);
      this.#scheduler.pass(120_000);
    }
    await this.#quietly(work);
    return first.steps;
  }

  /** Everything agrees, and nothing is left to do, to wait or to decide. */
  async #finish(steps: number): Promise<SceneResult> {
    for (let rounds = 1; ; rounds += 1) {
      const written = this.#written();
      await this.#quietly(run);
      if (written === this.#written()) break;
      if (rounds > 2) this.#broken.push("the pair did not come to rest");
      if (rounds > 2) break;
    }
    const { left, right } = this.#lines();
    this.#expect({ left, right }, { left, right: left }, "at rest");
    for (const collection of ["conflict", "quarantine"] as const) {
      const told = await this.#state.read("scene", { collection });
      if (told.length > 0) this.#broken.push(`there is nothing to tell of, and ${collection} holds ${JSON.stringify(told)}`);
    }
    await this.#quietly(async (sync) => {
      if (!(await sync.verify()).equal) this.#broken.push("verify finds differences");
    });
    return { steps, broken: this.#broken, lines: left };
  }

  #fill(): void {
    const { insert, bear } = this.#left;
    for (const code of ["c1", "c2", "c3"]) insert({ kind: "Country", code, name: `country ${code}`, tag: null, country: null });
    for (const code of ["l1", "l2"]) insert({ kind: "Label", code, name: `label ${code}`, tag: null, country: null });
    for (const [code, country] of [["t1", "c1"], ["t2", "c1"], ["t3", "c2"], ["t4", "c2"], ["t5", "c3"]] as const) {
      insert({ kind: "City", code, name: `city ${code}`, tag: `tag ${code}`, country });
    }
    for (const label of ["l1", "l2"]) bear({ bearer: this.#bearer === "Country" ? "c1" : "t1", label });
    this.#right.insert({ kind: "Country", code: "c4", name: "only on the right", tag: null, country: null });
  }

  /** Something of everything, on both sides, no two edits on one thing. */
  #edit(): void {
    const [left, right] = [this.#left, this.#right];
    const one = this.#bearer === "Country" ? "c1" : "t1";
    left.change("City", "t1", { name: "edited on the left" });
    right.change("City", "t2", { name: "edited on the right" });
    left.change("City", "t3", { country: "c1" });
    left.remove("City", "t4");
    right.remove("Country", "c4");
    left.remove("City", "t5");
    left.insert({ kind: "Country", code: "c5", name: "new on the left", tag: null, country: null });
    left.insert({ kind: "City", code: "t6", name: "in the new country", tag: "tag t6", country: "c5" });
    right.insert({ kind: "City", code: "t7", name: "new on the right", tag: "tag t7", country: "c3" });
    left.shed({ bearer: one, label: "l1" });
    right.bear({ bearer: this.#bearer === "Country" ? "c2" : "t3", label: "l2" });
    right.change("Label", "l2", { name: "edited on the right" });
    left.change("Country", "c2", { code: "c9" });
    left.swap("t1", "t2");
  }

  #lines(): Record<"left" | "right", string[]> {
    const of = (store: Store): string[] => [...store.things(), ...store.edges()].map((each) => JSON.stringify(each)).sort();
    return { left: of(this.#left), right: of(this.#right) };
  }

  #expect(actual: Record<"left" | "right", readonly string[]>, expected: Record<"left" | "right", readonly string[]>, when: string): void {
    for (const side of ["left", "right"] as const) {
      if (actual[side].join() !== expected[side].join()) this.#broken.push(`${when} the ${side} holds ${actual[side].join(" ")} and should hold ${expected[side].join(" ")}`);
    }
  }

  #written(): string {
    return [this.#left.writes(), this.#right.writes(), this.#state.writes].join();
  }

  async #quietly(work: (sync: Sync) => Promise<unknown>): Promise<void> {
    const { ending } = await this.#process({}, work);
    if (ending.ended === "failed") this.#broken.push(`without faults it failed with ${ending.code}`);
  }

  async #process(faults: Faults, work: (sync: Sync) => Promise<unknown>): Promise<{ readonly steps: number; readonly ending: Ending }> {
    const process = new Process(`process ${(this.#processes += 1)}`);
    const wire = new Wire(process, this.#scheduler, faults, this.#random.fork(), (message) => void this.#broken.push(message));
    const [left, right]: Database[] = [this.#left.connect(wire), this.#right.connect(wire)];
    const documents = this.#right.form === "documents";
    const match = naturalKey("code");
    const bears = documents ? { right: this.#bearer === "Country" ? "Country.labels" : "Country.cities.labels" } : {};
    const sync = createSync({
      name: "scene", left: left!, right: right!, state: wire.state(this.#state), runtime: this.#scheduler.runtimeFor(process), conflicts: leftWins(), firstLink: "left",
      pageSize: 2, retry: { firstDelay: 1 },
      models: { Country: { match }, City: { match, ...(documents ? { right: "Country.cities", fields: { countryId: "parent" } } : {}) }, Label: { match }, Bears: bears },
    });
    const running = follow(process, this.#scheduler, work(sync), (message) => void this.#broken.push(message));
    await this.#scheduler.until(() => running.ending !== undefined);
    return { steps: process.steps, ending: running.ending! };
  }
}

const run = (sync: Sync): Promise<unknown> => sync.run({ confirmDeletes: true, takeOver: true });

function doneAlready(error: unknown): void {
  if ((error as { code?: string }).code !== "UNDO.DONE") throw error;
}

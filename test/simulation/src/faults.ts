import {
  SyncError, type Committed, type Database, type DocumentDatabase, type Endpoint, type Page, type StateChange, type StateStore, type Unit,
} from "@sync/core";
import type { Random } from "./random.ts";
import type { Process, Scheduler } from "./scheduler.ts";

/** What goes wrong during one run of one process. */
export interface Faults {
  /** The process dies before or after this call of the contract, counted from 1. */
  readonly crash?: { readonly step: number; readonly when: "before" | "after" };
  /** Chance of each call to fail before it does anything. */
  readonly transient?: number;
  /** Chance of each writing call to do its work and then seem to have failed. */
  readonly lostAnswer?: number;
  /** Chance of each unit to be delivered twice. */
  readonly twice?: number;
  /** Chance of each answer to come late, while other things happen. */
  readonly late?: number;
}

/** The highest fences of any process that stored, per store. */
const storedUnder = new WeakMap<StateStore, Map<string, number>>();

/**
 * A database and a state store as a process reaches them over a bad network, itself on a machine that may die at any
 * moment. Every call is a step; what was committed before a death stays committed.
 */
export class Wire {
  readonly #process: Process;
  readonly #scheduler: Scheduler;
  readonly #faults: Faults;
  readonly #random: Random;

  readonly #fences: Map<string, number> = new Map();
  readonly #broken: (message: string) => void;

  constructor(process: Process, scheduler: Scheduler, faults: Faults, random: Random, broken: (message: string) => void) {
    this.#process = process;
    this.#scheduler = scheduler;
    this.#faults = faults;
    this.#random = random;
    this.#broken = broken;
  }

  /** `side`: what this database is called among those that a process reaches. `fenceOf`: of the lease as it stands, where that can be seen. */
  database(side: string, database: Database, fenceOf?: () => number): Database {
    const { name, state } = database;
    return {
      name,
      endpoints: new Map([...database.endpoints].map(([model, endpoint]) => [model, this.#endpoint(`${name} ${model}`, endpoint)])),
      claim: (request) => this.#call(`${name} claim`, async () => {
        const claim = await database.claim(request);
        this.#fences.set(side, claim.fence);
        return claim;
      }),
      release: (fence, wrote) => this.#call(`${name} release`, () => database.release(fence, wrote)),
      inspect: (models) => this.#call(`${name} inspect`, () => database.inspect(models)),
      commit: (unit) => this.#call(`${name} commit ${unit.batches.map((batch) => `${batch.op} ${batch.model} ${batch.rows.length}`).join(", ")}`, () => this.#commit(side, database, unit, fenceOf), "unit"),
      close: () => database.close(),
      ...(state ? { state: this.state(state) } : {}),
    };
  }

  /** What `unfold` asks of a database of documents, so that a process dies between the calls of one unit, too. */
  documents(side: string, database: DocumentDatabase): DocumentDatabase {
    const { name, documents } = database;
    const { countInside, containing } = documents;
    return {
      ...this.database(side, database),
      documents: {
        commit: (unit) => this.#call(`${name} commit ${unit.batches.flatMap(({ model, rows }) => rows.map(({ op }) => `${op} ${model}`)).join(", ")}`, () => documents.commit(unit), "unit"),
        identities: (model, by, tuples) => this.#call(`${name} identities ${model} ${by} ${tuples.length}`, () => documents.identities(model, by, tuples)),
        ...(countInside && { countInside: (model, paths) => this.#call(`${name} count ${model}`, () => countInside.call(documents, model, paths)) }),
        ...(containing && { containing: (model, shapes) => this.#call(`${name} containing ${model} ${shapes.length}`, () => containing.call(documents, model, shapes)) }),
      },
    };
  }

  /** Whoever claimed after this process has the database for itself. */
  async #commit(side: string, database: Database, unit: Unit, fenceOf: (() => number) | undefined): Promise<Committed> {
    const committed = await database.commit(unit);
    if (committed.committed && fenceOf && this.#fences.get(side) !== fenceOf()) this.#broken(`a unit was written to the ${side} by a runner that had lost its lease`);
    return committed;
  }

  /** Whoever stored after this process's leases were taken has the state for itself. */
  #stored(state: StateStore, pair: string): void {
    const last = storedUnder.get(state) ?? new Map<string, number>();
    for (const [side, fence] of this.#fences) {
      // Each pair for itself: whoever took a database for another pair stores nothing of this one.
      const name = `${pair} ${side}`;
      if (fence < (last.get(name) ?? 0)) this.#broken("state was stored by a runner that had lost its lease, after another had stored");
      else last.set(name, fence);
    }
    storedUnder.set(state, last);
  }

  state(state: StateStore): StateStore {
    return {
      name: state.name,
      open: () => this.#call("state open", () => state.open()),
      bases: (pair, model, cloudIds) => this.#call(`state bases ${model} ${cloudIds.length}`, () => state.bases(pair, model, cloudIds)),
      scanBases: (pair, model, after, limit) => this.#call(`state scan ${model}`, () => state.scanBases(pair, model, after, limit)),
      read: (pair, request) => this.#call(`state read ${request.collection}`, () => state.read(pair, request)),
      commit: (pair, changes, fences) => this.#call(`state commit ${changes.map(nameOf).join(", ")}`, async () => {
        for (const change of changes) this.#scheduler.trace.note(() => JSON.stringify(change));
        await state.commit(pair, changes, fences);
        this.#stored(state, pair);
      }, "state"),
      uninstall: () => this.#call("state uninstall", () => state.uninstall()),
      close: () => state.close(),
    };
  }

  #endpoint(name: string, endpoint: Endpoint): Endpoint {
    const { changesSince, fingerprint } = endpoint;
    return {
      model: endpoint.model,
      capabilities: endpoint.capabilities,
      scan: (request) => this.#pages(`${name} page`, endpoint.scan(request)),
      fetch: (request) => this.#call(`${name} fetch ${String(request.by)} ${request.tuples.length}`, () => endpoint.fetch(request)),
      allocate: (count) => this.#call(`${name} allocate ${count}`, () => endpoint.allocate(count)),
      ...(changesSince && { changesSince: (mark, own) => this.#call(`${name} changes`, () => changesSince.call(endpoint, mark, own)) }),
      ...(fingerprint && { fingerprint: (fields, ranges) => this.#call(`${name} fingerprint ${ranges.length}`, () => fingerprint.call(endpoint, fields, ranges)) }),
    };
  }

  /** A generator, as every adapter's is: after an error it is at its end, and says so when it is asked again. */
  async *#pages(label: string, scan: AsyncIterable<Page>): AsyncGenerator<Page> {
    const pages = scan[Symbol.asyncIterator]();
    for (;;) {
      const page = await this.#call(label, () => pages.next());
      if (page.done) return;
      yield page.value;
    }
  }

  async #call<T>(label: string, work: () => Promise<T>, writes?: "unit" | "state"): Promise<T> {
    const { crash, transient = 0, lostAnswer = 0, twice = 0, late = 0 } = this.#faults;
    const name = `${this.#process.name} ${label}`;
    await this.#scheduler.turn(this.#process, name);
    const step = (this.#process.steps += 1);
    if (crash?.step === step && crash.when === "before") return this.#process.die();
    if (transient > 0 && this.#random.chance(transient)) throw failure("the connection was refused");
    let answer = await work();
    if (writes === "unit" && twice > 0 && this.#random.chance(twice)) {
      this.#scheduler.trace.add("twice");
      const again = await work();
      if (this.#random.chance(0.5)) answer = again;
    }
    if (crash?.step === step && crash.when === "after") return this.#process.die();
    if (writes !== undefined && lostAnswer > 0 && this.#random.chance(lostAnswer)) throw failure("the connection was lost");
    if (late > 0 && this.#random.chance(late)) await this.#scheduler.turn(this.#process, `${name} answer`);
    return answer;
  }
}

function nameOf(change: StateChange): string {
  const what = "collection" in change ? change.collection : "model" in change ? change.model : "";
  const count = "bases" in change ? change.bases.length : "cloudIds" in change ? change.cloudIds.length : "records" in change ? change.records.length : "ids" in change ? change.ids.length : 0;
  return `${change.op} ${what} ${count}`;
}

function failure(what: string): SyncError {
  return new SyncError("ENDPOINT.UNREACHABLE", `A fault of the simulation: ${what}.`, { retryable: true });
}

import { createSync, naturalKey, type ConflictRecord, type Database, type StateStore, type Sync } from "@sync/core";
import { memoryState, type MemoryState } from "@sync/core/memory";
import { Wire, type Faults } from "../faults.ts";
import type { Violation } from "../history.ts";
import { Random } from "../random.ts";
import { follow, type Running } from "../running.ts";
import { Process, Scheduler } from "../scheduler.ts";
import { SIDES, type SideName } from "../spec.ts";
import { merged, type Outcome, type Standing } from "./merge.ts";
import { MODEL, People } from "./people.ts";
import { fieldsOf, pickRules, type Item, type Rules } from "./rules.ts";

/** A defect between the engine and a case of rules. */
export interface PolicyPlant {
  readonly database?: (database: Database, side: SideName) => Database;
  readonly state?: (state: StateStore) => StateStore;
  /** The engine is given other rules than the oracle. */
  readonly rules?: (rules: Rules) => Rules;
}

export interface PolicyOptions {
  readonly trace?: boolean;
  readonly plant?: PolicyPlant;
}

export interface PolicyResult {
  readonly seed: number;
  /** What was drawn, for a person to read. */
  readonly drawn: string;
  readonly violations: readonly Violation[];
  readonly hash: string;
  /** What came out, by kind and decision, and what a person said. */
  readonly seen: ReadonlySet<string>;
  readonly lines: readonly string[];
}

/** A person's word about a conflict, and the records it was about. */
interface Said {
  readonly winner: SideName;
  readonly fields: readonly string[];
  readonly left: Item | undefined;
  readonly right: Item | undefined;
}

/**
 * Plays one case of rules: both sides are edited while nothing runs, and then a run, whatever befalls it, and those after it
 * have to bring out what the rules say, record by record, field by field; a person decides what waits.
 */
export function playPolicies(seed: number, options: PolicyOptions = {}): Promise<PolicyResult> {
  return new Case(seed, options).play();
}

class Case {
  readonly #seed: number;
  readonly #options: PolicyOptions;
  readonly #random: Random;
  readonly #scheduler: Scheduler;
  readonly #rules: Rules;
  readonly #people: People;
  readonly #state: MemoryState;
  readonly #pageSize: number;
  readonly #violations: Violation[] = [];
  readonly #seen = new Set<string>();
  /** By label: what both sides agreed on last. */
  #standing = new Map<string, Standing>();
  #said: (Said & { readonly label: string })[] = [];
  #runs = 0;

  constructor(seed: number, options: PolicyOptions) {
    const random = new Random(seed ^ 0x9011c7);
    this.#seed = seed;
    this.#options = options;
    this.#random = random.fork();
    this.#scheduler = new Scheduler(random.fork());
    this.#scheduler.trace.keepLines = options.trace ?? false;
    this.#rules = pickRules(random);
    this.#people = new People(this.#rules, random.fork(), () => this.#scheduler.now());
    const { left, right } = this.#people.databases;
    this.#state = random.pick([left.state as MemoryState, right.state as MemoryState, memoryState({ name: "apart" })]);
    this.#pageSize = random.pick([1, 2, 5, 50]);
  }

  async play(): Promise<PolicyResult> {
    const random = this.#random;
    try {
      for (let count = 3 + random.below(5); count > 0; count -= 1) this.#people.insert();
      for (let round = 2 + random.below(4); round > 0 && this.#violations.length === 0; round -= 1) {
        await this.#round();
        for (let edits = random.below(7); edits > 0; edits -= 1) this.#edit();
      }
      if (this.#violations.length === 0) await this.#round();
    } catch (error) {
      this.#broken("crash", error instanceof Error ? error.stack ?? error.message : String(error));
    }
    for (const side of SIDES) for (const { item } of this.#people.rows(side)) this.#scheduler.trace.add(JSON.stringify([side, item]));
    const { hash, lines } = this.#scheduler.trace;
    return { seed: this.#seed, drawn: wordsOf(this.#rules), violations: this.#violations, hash, seen: this.#seen, lines };
  }

  #edit(): void {
    const random = this.#random;
    this.#scheduler.pass(random.below(4));
    const linked = [...this.#standing].filter(([, { agreed }]) => agreed !== undefined).map(([label]) => label);
    if (linked.length === 0 || random.chance(0.2)) this.#people.insert();
    else this.#people.edit(random.pick(linked));
  }

  /** A run that may die, others until nothing is left to do, and the verdict; then a person has a look at what waits. */
  async #round(): Promise<void> {
    const before = { left: this.#byLabel("left"), right: this.#byLabel("right") };
    const expected = new Map<string, Outcome>();
    for (const label of new Set([...before.left.keys(), ...before.right.keys(), ...this.#standing.keys()])) {
      const [left, right] = [before.left.get(label)?.item, before.right.get(label)?.item];
      const agreed = this.#standing.get(label)?.agreed;
      const now: Standing = { ...(left ? { left } : {}), ...(right ? { right } : {}), ...(agreed ? { agreed } : {}) };
      this.#scheduler.trace.note(() => JSON.stringify([label, left, right, agreed && Object.fromEntries(agreed)]));
      expected.set(label, merged(this.#rules, now, (fields) => this.#wordAbout(label, fields, left, right)));
    }
    this.#said = [];
    const faults = this.#faultsOf();
    const calm = Object.keys(faults).length === 0;
    await this.#run(faults);
    for (let rounds = 1; (await this.#quietRun()) !== "idle"; rounds += 1) {
      if (rounds >= 4) return this.#broken("I1", "the pair did not come to rest in 4 runs");
    }
    const labels = new Map(SIDES.flatMap((side) => [...before[side], ...this.#byLabel(side)].map(([label, { key }]) => [`${side} ${key.join("/")}`, label] as const)));
    const conflicts = await this.#state.read("policies", { collection: "conflict" });
    const labelOf = ({ leftKey, rightKey }: ConflictRecord): string =>
      labels.get(`left ${leftKey?.join("/")}`) ?? labels.get(`right ${rightKey?.join("/")}`) ?? "of nobody";
    this.#compare(expected);
    this.#compareConflicts(expected, conflicts, labelOf, calm);
    await this.#compareVerdicts(expected);
    for (const { told } of expected.values()) for (const { kind, decision } of told) this.#seen.add(`${kind} ${decision}`);
    this.#standing = new Map([...expected].filter(([, { left, right }]) => left ?? right));
    await this.#decide(conflicts, labelOf);
  }

  #wordAbout(label: string, fields: readonly string[], left: Item | undefined, right: Item | undefined): SideName | undefined {
    const compared = fields.length === 0 ? fieldsOf(this.#rules) : fields;
    const same = (one: Item | undefined, other: Item | undefined): boolean =>
      (one === undefined) === (other === undefined) && compared.every((field) => one?.[field] === other?.[field]);
    const said = this.#said.find((each) => each.label === label && sameFields(each.fields, fields));
    if (!said) return undefined;
    const holds = same(said.left, left) && same(said.right, right);
    this.#seen.add(holds ? "a word that holds" : "a word that came too late");
    return holds ? said.winner : undefined;
  }

  /** What stands on both sides is what the rules say. */
  #compare(expected: ReadonlyMap<string, Outcome>): void {
    for (const side of SIDES) {
      const rows = this.#people.rows(side);
      const labels = rows.map(({ item }) => item["label"]!);
      for (const label of labels.filter((each, at) => labels.indexOf(each) < at)) this.#broken("I5", `${label} stands twice on the ${side}`);
      const actual = new Map(rows.map(({ item }) => [item["label"]!, item]));
      for (const label of new Set([...expected.keys(), ...actual.keys()])) {
        const [wanted, found] = [expected.get(label)?.[side], actual.get(label)];
        if (!wanted || !found) {
          if (wanted ?? found) this.#broken("rules", `${label} ${wanted ? "is missing" : "should be gone"} on the ${side}`);
          continue;
        }
        for (const field of fieldsOf(this.#rules)) {
          if (wanted[field] !== found[field]) this.#broken("rules", `${field} of ${label} is ${found[field]} on the ${side}, and should be ${wanted[field]}`);
        }
      }
    }
  }

  /** The log tells of every conflict and of nothing else; what waits there is what nobody has decided. */
  #compareConflicts(expected: ReadonlyMap<string, Outcome>, conflicts: readonly ConflictRecord[], labelOf: (conflict: ConflictRecord) => string, calm: boolean): void {
    const nameOf = (label: string, kind: string, fields: readonly string[], decision: string): string => `${kind} ${decision} of ${label}: ${[...fields].sort().join()}`;
    const loggedAs = (conflict: ConflictRecord): string => nameOf(labelOf(conflict), conflict.kind, namedBy(conflict), conflict.decision);
    const logged = new Set(conflicts.map(loggedAs));
    const told = new Set([...expected].flatMap(([label, outcome]) => outcome.told.map(({ kind, fields, decision }) => nameOf(label, kind, fields, decision))));
    // A run that died between the sides leaves less to decide to the next one, whose rule may be another.
    const closed = new Set(conflicts.flatMap((conflict) => (conflict.decision === "open" ? [] : [`${labelOf(conflict)} ${namedBy(conflict).join()}`])));
    for (const [label, outcome] of expected) {
      for (const { kind, fields, decision } of outcome.told) {
        const name = nameOf(label, kind, fields, decision);
        const otherwise = !calm && decision !== "open" && closed.has(`${label} ${fields.join()}`);
        if (!logged.has(name) && !otherwise) this.#broken("I2", `the conflict log does not tell of ${name}`);
      }
    }
    for (const conflict of conflicts) {
      const name = loggedAs(conflict);
      const decided = conflict.decision === "settled" || conflict.decision === "superseded";
      const ofThisRound = conflict.decision === "open" || (calm && conflict.run === this.#lastRun);
      if (ofThisRound && !decided && !told.has(name)) this.#broken("rules", `the conflict log tells of ${name}, which is none`);
    }
  }

  /** The engine's own verdict about both sides is the oracle's. */
  async #compareVerdicts(expected: ReadonlyMap<string, Outcome>): Promise<void> {
    const isEqual = ({ left, right, agreed }: Outcome): boolean => {
      if (!left || !right) return !left && !right;
      // Kept drift is agreed on, though it is not the same.
      return fieldsOf(this.#rules).every((field) => left[field] === right[field] || (agreed?.get(field)?.left === left[field] && agreed?.get(field)?.right === right[field]));
    };
    const equal = [...expected.values()].every(isEqual);
    await this.#quietly(async (sync) => {
      const verified = await sync.verify();
      if (verified.equal !== equal) this.#broken("verify", `verify says ${verified.equal ? "equal" : "not equal"}, and it is ${equal ? "" : "not "}so: ${JSON.stringify(verified.differences)}`);
      if (!verified.explained) this.#broken("verify", `verify finds differences without an explanation: ${JSON.stringify(verified.differences)}`);
    });
  }

  /** A person looks at what waits, and has a word about some of it. */
  async #decide(conflicts: readonly ConflictRecord[], labelOf: (conflict: ConflictRecord) => string): Promise<void> {
    await this.#quietly(async (sync) => {
      for (const conflict of conflicts) {
        if (conflict.decision !== "open") continue;
        const label = labelOf(conflict);
        const { left, right } = this.#standing.get(label) ?? {};
        const shown = await sync.conflict(conflict.id);
        for (const { field, ...values } of shown.values) {
          for (const [side, item] of [["left", left], ["right", right]] as const) {
            if (field !== "vector" && item && values[side] !== item[field]) this.#broken("log", `${field} of ${label} is shown as ${values[side]} on the ${side}, and is ${item[field]}`);
          }
        }
        if (this.#random.chance(0.4)) continue;
        const winner = this.#random.pick(SIDES);
        await sync.decide(conflict.id, winner);
        this.#said.push({ label, winner, fields: namedBy(conflict), left, right });
      }
    });
  }

  #lastRun = "";

  async #quietRun(): Promise<"idle" | "wrote"> {
    const before = this.#written();
    await this.#quietly((sync) => sync.run({ confirmDeletes: true, takeOver: true }));
    return before === this.#written() ? "idle" : "wrote";
  }

  #written(): string {
    const { left, right } = this.#people.databases;
    return [left.probe.unitWrites, right.probe.unitWrites, this.#state.writes].join();
  }

  async #quietly(work: (sync: Sync) => Promise<unknown>): Promise<void> {
    const running = this.#start({}, work);
    await this.#scheduler.until(() => running.ending !== undefined);
    if (running.ending!.ended === "failed") this.#broken("I4", `without faults it failed with ${running.ending!.code}`);
  }

  async #run(faults: Faults): Promise<void> {
    const running = this.#start(faults, async (sync) => void (this.#lastRun = (await sync.run({ confirmDeletes: true })).id));
    await this.#scheduler.until(() => running.ending !== undefined);
    if (running.ending!.ended === "died") this.#scheduler.pass(120_000);
  }

  #start(faults: Faults, work: (sync: Sync) => Promise<unknown>): Running {
    const process = new Process(`run ${(this.#runs += 1)}`);
    const wire = new Wire(process, this.#scheduler, faults, this.#random.fork(), (message) => this.#broken("fence", message));
    const { plant } = this.#options;
    const open = (side: SideName): Database => {
      const memory = this.#people.databases[side];
      const database = wire.database(side, memory, () => memory.probe.lease.fence);
      return plant?.database?.(database, side) ?? database;
    };
    const rules = plant?.rules?.(this.#rules) ?? this.#rules;
    const state = wire.state(this.#state);
    const together = rules.groups.filter((group) => group.length > 1);
    const sync = createSync({
      name: "policies", left: open("left"), right: open("right"), state: plant?.state?.(state) ?? state, runtime: this.#scheduler.runtimeFor(process),
      models: {
        [MODEL]: {
          match: naturalKey("code", this.#rules.softDelete ? { withoutUniqueKey: true } : {}), keepBase: rules.keepBase, together,
          ...(rules.softDelete ? { softDelete: "deletedAt" } : {}),
        },
      },
      conflicts: rules.conflicts.policy, firstLink: rules.firstLink.option, onEditDelete: rules.onEditDelete, pageSize: this.#pageSize, retry: { firstDelay: 1 },
      ...(rules.source ? { direction: rules.source === "left" ? "left-to-right" : "right-to-left", drift: rules.drift, mirror: rules.mirror } : {}),
    });
    this.#scheduler.trace.add(`begin ${process.name} ${JSON.stringify(faults)}`);
    return follow(process, this.#scheduler, work(sync), (message) => this.#broken("crash", message));
  }

  #faultsOf(): Faults {
    const random = this.#random;
    const kind = random.below(100);
    if (kind < 40) return {};
    this.#seen.add(kind < 70 ? "crash" : kind < 90 ? "lost answer" : "transient");
    if (kind < 70) return { crash: { step: 1 + random.below(random.pick([12, 40])), when: random.pick(["before", "after"]) } };
    return kind < 90 ? { lostAnswer: 0.25 } : { transient: 0.04 };
  }

  #byLabel(side: SideName): Map<string, { readonly key: readonly string[]; readonly item: Item }> {
    return new Map(this.#people.rows(side).map((row) => [row.item["label"]!, row]));
  }

  #broken(rule: string, message: string): void {
    this.#violations.push({ rule, message });
  }
}

/** A record that is edited here and deleted there is disputed as a whole. */
const namedBy = ({ kind, fields }: ConflictRecord): readonly string[] => (kind === "update-delete" ? [] : fields);

const sameFields = (one: readonly string[], other: readonly string[]): boolean => [...one].sort().join() === [...other].sort().join();

function wordsOf(rules: Rules): string {
  const way = rules.source ? `from the ${rules.source}, drift: ${rules.drift}${rules.mirror ? ", mirror" : ""}` : "both ways";
  const first = typeof rules.firstLink.option === "object" ? rules.firstLink.option.name : rules.firstLink.option;
  return `${way}; ${rules.conflicts.policy.name}; firstLink: ${first}; onEditDelete: ${rules.onEditDelete}; ${rules.groups.map((group) => group.join("+")).join(" ")}`;
}

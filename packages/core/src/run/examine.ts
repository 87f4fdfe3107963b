import type { Key, Row } from "../endpoint.ts";
import { otherSide, type PairModel, type SideName } from "../mapping/pair-model.ts";
import type { BaseView } from "../plan/base.ts";
import { planRecord } from "../plan/plan-record.ts";
import type { RecordPlan } from "../plan/record-plan.ts";
import type { Base } from "../state.ts";
import { withAbsentParents } from "./absent-parents.ts";
import { keyText, quarantineId, type RunContext } from "./context.ts";
import { decisionFor } from "./conflicts.ts";
import { Matcher, problemOf, takenBy } from "./match.ts";
import { mayShareCloudIds, namesakesOf, repeatedAmong } from "./namesakes.ts";
import { giveCloudIds } from "./new-cloud-ids.ts";
import type { PairModels } from "./pair-models.ts";
import type { Problem, ReadRecord } from "./records.ts";
import { Side } from "./side.ts";
import { resolveTargets } from "./write-item.ts";

/** One record, looked at from both sides, with what is to be done about it. */
export interface Examined {
  readonly model: PairModel;
  /** Its own, its counterpart's, or a fresh one. */
  readonly cloudId: string;
  readonly left: ReadRecord | undefined;
  readonly right: ReadRecord | undefined;
  readonly base: BaseView | undefined;
  readonly plan: RecordPlan;
  /** Why it goes to quarantine instead, and on which side it was read. */
  problem: { readonly side: SideName; readonly record: ReadRecord; readonly cause: Problem } | undefined;
  /** How the two were recognised, when that is new. */
  readonly matchedBy: string | undefined;
  /** How often this record was looked at again because a write found it changed. */
  readonly tries: number;
  /** Late references that are created empty and filled at the end of the run. */
  readonly late: boolean;
}

/** Enough of a record to look at it again: where many wait for the end of a run, none of them is held whole. */
export interface Remembered extends Pick<Examined, "model" | "cloudId" | "tries" | "late"> {
  readonly leftKey?: Key;
  readonly rightKey?: Key;
}

export function remembered({ model, cloudId, tries, late, left, right }: Examined): Remembered {
  return { model, cloudId, tries, late, ...(left ? { leftKey: left.key } : {}), ...(right ? { rightKey: right.key } : {}) };
}

/** Records whose parent in the same model has not come across yet: they are looked at again after the others. */
export interface Deferred {
  readonly left: Row[];
  readonly right: Row[];
}

export interface ExamineOptions {
  readonly tries?: number;
  /** References within the model that cannot be resolved are left empty for now. */
  readonly lateSelf?: boolean;
  /** Where records wait whose parent in the same model is not there yet. */
  readonly deferred?: Deferred;
  /** Nothing waits any longer: what cannot be resolved goes to quarantine. */
  readonly final?: boolean;
}

const storedKept = 5_000;

const noFields: ReadonlySet<number> = new Set();

/** Records that belong together, before anything is planned for them. */
interface Linked {
  cloudId: string;
  readonly left?: ReadRecord | undefined;
  readonly right?: ReadRecord | undefined;
  readonly base?: Base;
  readonly rule?: string;
}

/**
 * Looks at rows of one model: finds counterpart and base, recognises unlinked ones, plans. Reads only; every list is
 * fetched in batches, so the number of round trips does not depend on the number of rows.
 */
export class Examiner {
  readonly model: PairModel;
  readonly sides: Readonly<Record<SideName, Side>>;
  /** No record of this model was ever linked: bases need not be asked for. */
  noBases = false;
  readonly #context: RunContext;
  readonly #models: PairModels;
  readonly #matcher: Matcher;
  /** Which record has recognised which, until that is written: two rules may lead two records to one. */
  readonly #claims = new Map<string, string>();
  /** What this run has agreed on, as far as it is remembered. */
  #stored: Map<string, Base> | undefined = new Map();

  constructor(context: RunContext, model: PairModel, models: PairModels) {
    this.#context = context;
    this.#models = models;
    this.model = model;
    this.sides = { left: new Side(context, model, models, "left"), right: new Side(context, model, models, "right") };
    this.#matcher = new Matcher(context, model, models, this.sides);
  }

  /** One side held nothing: no record of the other has a counterpart, and none is met twice. */
  get oneSided(): boolean {
    return this.sides.left.knownEmpty || this.sides.right.knownEmpty;
  }

  /** Nothing was ever linked, and there is nothing that a record of this side could be linked to. */
  #isFirst(side: SideName): boolean {
    return this.noBases && this.sides[otherSide(side)].knownEmpty;
  }

  /** What was recognised stands in the databases by now. */
  forgetClaims(): void {
    this.#claims.clear();
  }

  /** Claims the record for this one; false where another has it already. */
  #claim(found: ReadRecord, record: ReadRecord): boolean {
    if (this.model.rules.length < 2) return true;
    const [mine, its] = [record, found].map(({ side, key }) => quarantineId(side, this.model.name, key)) as [string, string];
    const taken = (id: string, other: string): boolean => (this.#claims.get(id) ?? other) !== other;
    if (taken(its, mine) || taken(mine, its)) return false;
    this.#claims.set(its, mine).set(mine, its);
    return true;
  }

  async basesOf(cloudIds: Iterable<string>): Promise<Map<string, Base>> {
    const wanted = [...cloudIds];
    if (this.noBases || wanted.length === 0) return new Map();
    const { state, pair } = this.#context.settings;
    const bases = await this.#context.retrying(() => state.bases(pair, this.model.name, wanted));
    return new Map(bases.map((base) => [base.cloudId, base]));
  }

  /** A base that is stored by now; above a few thousand all are forgotten again. */
  remember(base: Base): void {
    if (this.#stored === undefined) return;
    this.#stored.set(base.cloudId, base);
    if (this.#stored.size > storedKept) this.#stored = undefined;
  }

  /** Bases of rows that this run has probably written: from memory where it has them all. */
  async latestBasesOf(cloudIds: readonly string[]): Promise<ReadonlyMap<string, Base>> {
    const stored = this.#stored;
    if (stored && cloudIds.every((cloudId) => stored.has(cloudId))) return stored;
    this.noBases = false;
    return this.basesOf(cloudIds);
  }

  /**
   * Rows of a side whose records are all to be made on the other, which holds none, with the one plan for that. Undefined: about some
   * of them there is more to say, and each is to be examined.
   */
  async newOnes(side: SideName, rows: readonly Row[]): Promise<{ readonly plan: RecordPlan; readonly records: readonly ReadRecord[] } | undefined> {
    const { quarantine, decisions, openConflicts, settings: { direction, drift, mirror } } = this.#context;
    const { selfReference, fields, name } = this.model;
    const plain = this.#isFirst(side) && quarantine.size + decisions.size === 0 && !openConflicts.hadSome(name)
      && !selfReference && !fields.some(({ late }) => late) && !mayShareCloudIds(this.sides[side]);
    if (!plain || rows.length === 0) return undefined;
    const records = await this.sides[side].records(rows);
    if (records.some(({ cloudId, problem, waits }) => cloudId === null || problem || waits.length > 0)) return undefined;
    const [left, right] = side === "left" ? [records[0], undefined] : [undefined, records[0]];
    // Of records without a base, it depends on nothing but the side.
    const plan = planRecord(this.model, { left, right, base: undefined, direction, drift, mirror, hash: () => "" });
    return plan.action === "create" && (await this.#matcher.match(side, records)).size === 0 ? { plan, records } : undefined;
  }

  async examine(
    leftRows: readonly Row[], rightRows: readonly Row[], options: ExamineOptions = {},
  ): Promise<Examined[]> {
    const { left, right } = this.sides;
    const examined: Examined[] = [];
    const [leftRecords, rightRecords] = await Promise.all([this.#toldApart(left, leftRows, examined), this.#toldApart(right, rightRows, examined)]);
    const linked = (await this.#firstOnes(leftRecords, rightRecords)) ?? (await this.#linked(leftRecords, rightRecords, examined, options));
    const nameless = linked.filter(({ cloudId }) => cloudId === "");
    await giveCloudIds({ context: this.#context, model: this.model, sides: this.sides, basesOf: (cloudIds) => this.basesOf(cloudIds) }, nameless);
    const entries = new Map<Examined, Linked>();
    for (const entry of linked) {
      const planned = this.#plan(entry, options);
      if (planned) entries.set(planned, entry);
    }
    return [...examined, ...(await this.#withoutNamesakes(await this.#withTheirParents(entries, options)))];
  }

  /** Nothing was ever linked, and the other side holds nothing: each stands alone, unless one is ambiguous among its own. */
  async #firstOnes(leftRecords: readonly ReadRecord[], rightRecords: readonly ReadRecord[]): Promise<Linked[] | undefined> {
    const [side, records] = leftRecords.length > 0 ? ["left" as const, leftRecords] : ["right" as const, rightRecords];
    const alone = this.#isFirst(side) && records.length === leftRecords.length + rightRecords.length;
    if (!alone || (await this.#matcher.match(side, records)).size > 0) return undefined;
    return records.map((record) => (side === "left" ? { cloudId: record.cloudId ?? "", left: record } : { cloudId: record.cloudId ?? "", right: record }));
  }

  /** Records with their counterparts, by cloudId or by what recognises them. What cannot be told goes to `examined`. */
  async #linked(leftRecords: readonly ReadRecord[], rightRecords: readonly ReadRecord[], examined: Examined[], options: ExamineOptions): Promise<Linked[]> {
    const { left, right } = this.sides;
    const model = this.model.name;
    const pairs = new Map<string, { left?: ReadRecord; right?: ReadRecord }>();
    for (const record of leftRecords) if (record.cloudId !== null) pairs.set(record.cloudId, { left: record });
    for (const record of rightRecords) {
      if (record.cloudId !== null) pairs.set(record.cloudId, { ...pairs.get(record.cloudId), right: record });
    }
    const [moreLeft, moreRight, bases] = await Promise.all([this.#counterparts(pairs, "left"), this.#counterparts(pairs, "right"), this.basesOf(pairs.keys())]);
    const twice: Record<SideName, string[]> = { left: [], right: [] };
    for (const record of [...moreLeft, ...moreRight]) {
      const pair = pairs.get(record.cloudId!)!;
      if (pair[record.side]) twice[record.side].push(record.cloudId!);
      else pair[record.side] = record;
    }
    for (const side of [left, right]) {
      for (const record of (await namesakesOf(this.#context, side, () => twice[side.name])).values()) {
        const pair = pairs.get(record.cloudId!)!;
        if (keyText(pair[side.name]!.key) === keyText(record.key)) pair[side.name] = record;
        else examined.push(this.#quarantined(record, record.problem!, 0));
      }
    }
    const linked: Linked[] = [];
    const alone: Record<SideName, ReadRecord[]> = {
      left: leftRecords.filter((record) => record.cloudId === null), right: rightRecords.filter((record) => record.cloudId === null),
    };
    for (const [cloudId, pair] of pairs) {
      if (pair.left && pair.right) linked.push({ cloudId, ...pair, ...baseOf(bases, cloudId) });
      else alone[pair.left ? "left" : "right"].push((pair.left ?? pair.right)!);
    }
    const recognised = new Set<string>();
    for (const side of ["left", "right"] as const) {
      const claimants = recognised.size === 0 ? alone[side] : alone[side].filter((record) => !recognised.has(quarantineId(side, model, record.key)));
      const matches = await this.#matcher.match(side, claimants);
      const matched = [...matches.values()].flatMap((match) => ("found" in match ? (match.found.cloudId ?? []) : []));
      const counterparts = await this.basesOf(matched);
      const linkedHere = new Set((await this.sides[side].fetchRows("cloudId", matched.map((id) => [id]))).map((row) => row.cloudId));
      // By earlier rules first.
      for (const record of new Set([...matches.keys(), ...claimants])) {
        const match = matches.get(record);
        let base = record.cloudId === null ? undefined : bases.get(record.cloudId);
        if (!match) {
          linked.push({ cloudId: record.cloudId ?? "", [side]: record, ...(base ? { base } : {}) });
          continue;
        }
        let foundBase = "found" in match && match.found.cloudId !== null ? counterparts.get(match.found.cloudId) : undefined;
        if (foundBase && !base && record.cloudId === null && !linkedHere.has(foundBase.cloudId)) {
          // What it was linked to is gone, and this stands in its place: the same thing under another key.
          base = foundBase;
          foundBase = undefined;
        }
        const cause = problemOf(match, record.cloudId === null ? undefined : base, foundBase)
          ?? ("found" in match && (linkedHere.has(match.found.cloudId) || !this.#claim(match.found, record)) ? takenBy(match.rule) : undefined);
        if (cause || !("found" in match)) {
          examined.push(this.#quarantined(record, cause!, options.tries ?? 0));
          continue;
        }
        recognised.add(quarantineId(match.found.side, model, match.found.key));
        const found = match.found;
        const ids = [record.cloudId, found.cloudId].filter((id): id is string => id !== null).sort();
        // Two cloudIds on one match: the linked one stands, else the smaller; the other side's is rewritten.
        const cloudId = base?.cloudId ?? ids[0];
        linked.push({ cloudId: cloudId ?? "", [side]: record, [found.side]: found, rule: match.rule, ...(base ? { base } : {}) });
      }
    }
    return linked;
  }

  /** Rows as records, but for those that share their cloudId among them: these go to quarantine. */
  async #toldApart(side: Side, rows: readonly Row[], examined: Examined[]): Promise<readonly ReadRecord[]> {
    const records = await side.records(rows);
    const namesakes = await namesakesOf(this.#context, side, () => repeatedAmong(records));
    if (namesakes.size === 0) return records;
    for (const record of namesakes.values()) examined.push(this.#quarantined(record, record.problem!, 0));
    return records.filter(({ key }) => !namesakes.has(keyText(key)));
  }

  /** What is to be written goes to quarantine where another record bears the same cloudId: nobody can tell which one is meant. */
  async #withoutNamesakes(planned: readonly Examined[]): Promise<readonly Examined[]> {
    let records = planned;
    for (const side of [this.sides.left, this.sides.right]) {
      const namesakes = await namesakesOf(this.#context, side, () =>
        records.flatMap(({ plan, problem, [side.name]: own }) => (plan.action === "none" || problem ? [] : (own?.cloudId ?? []))));
      if (namesakes.size === 0) continue;
      const met = new Set(records.flatMap((record) => (record[side.name] ? [keyText(record[side.name]!.key)] : [])));
      // The others too: what the other side changes meanwhile may be meant for them.
      const others = [...namesakes].flatMap(([key, namesake]) => (met.has(key) ? [] : [this.#quarantined(namesake, namesake.problem!, 0)]));
      records = [...others, ...records.map((record) => {
        const own = record[side.name];
        const namesake = own && !record.problem && record.plan.action !== "none" ? namesakes.get(keyText(own.key)) : undefined;
        return namesake ? { ...this.#quarantined(namesake, namesake.problem!, record.tries), left: record.left, right: record.right, [side.name]: namesake, cloudId: record.cloudId } : record;
      })];
    }
    return records;
  }

  /** Planned once more where a parent of the same model, or one that closes a cycle, is not there yet. */
  async #withTheirParents(entries: ReadonlyMap<Examined, Linked>, options: ExamineOptions): Promise<readonly Examined[]> {
    const planned = [...entries.keys()];
    if (!this.model.selfReference && !this.model.fields.some((field) => field.late)) return planned;
    await resolveTargets(this.#context, this.#models, planned.filter((record) => !record.problem));
    return planned.flatMap((record) => {
      const waiting = withAbsentParents(this.#context, record);
      return waiting ? (this.#plan({ ...entries.get(record)!, ...waiting }, options) ?? []) : record;
    });
  }

  async #counterparts(pairs: ReadonlyMap<string, { left?: ReadRecord; right?: ReadRecord }>, side: SideName): Promise<ReadRecord[]> {
    if (this.sides[side].knownEmpty) return [];
    const wanted: string[][] = [];
    for (const [cloudId, pair] of pairs) if (!pair[side]) wanted.push([cloudId]);
    return this.sides[side].fetch("cloudId", wanted);
  }

  /** Undefined: it was deferred. */
  #plan(entry: Linked, options: ExamineOptions): Examined | undefined {
    const { model } = this;
    const codec = this.#context.codecOf(model);
    const { left, right } = entry;
    let waiting = noFields;
    for (const side of ["left", "right"] as const) {
      const record = entry[side];
      if (!record) continue;
      let cause = record.problem;
      for (const { at, problem } of record.waits) {
        if (this.#staysAlone(entry)) break;
        if (cause) break;
        const field = model.fields[at]!;
        if (options.deferred && field.parent === model.name) {
          options.deferred[record.side].push(record.row);
          return undefined;
        }
        // An edge that closes a cycle: the record goes without it, and is looked at again when its parent is there.
        const mayWait = field.late || (options.lateSelf && field.parent === model.name && field.left.nullable && field.right.nullable);
        if (mayWait && !options.final) waiting = new Set([...waiting, at]);
        else cause = problem;
      }
      if (!cause) continue;
      return { ...this.#quarantined(record, cause, options.tries ?? 0), left, right, cloudId: entry.cloudId };
    }
    const base = entry.base && codec.view(entry.base);
    const { direction, drift, mirror } = this.#context.settings;
    const planned = planRecord(model, {
      left, right, base, waiting, direction, drift, mirror, hash: (value) => codec.hash(value),
      decided: (fields) => decisionFor(this.#context, model, entry.cloudId, fields, left, right),
    });
    // Nothing is to be written, but the row that stands in another's place still needs its cloudId.
    const idle = planned.action === "none" || planned.action === "park";
    const plan: RecordPlan = idle && entry.rule !== undefined ? { ...planned, action: "link", reason: "the same under another key" } : planned;
    return {
      model, cloudId: entry.cloudId, left, right, base, plan, problem: undefined, matchedBy: entry.rule, tries: options.tries ?? 0, late: waiting.size > 0,
    };
  }

  /** It is only on the side that is not read from: nothing of it goes across, and its parents need not. */
  #staysAlone({ left, right, base }: Linked): boolean {
    const { direction } = this.#context.settings;
    return base === undefined && ((direction === "left-to-right" && !left) || (direction === "right-to-left" && !right));
  }

  #quarantined(record: ReadRecord, cause: Problem, tries: number): Examined {
    const plan: RecordPlan = { action: "park", toLeft: [], toRight: [], open: [], drift: [], conflicts: [], reason: cause.code };
    return {
      model: this.model, cloudId: record.cloudId ?? "", left: record.side === "left" ? record : undefined, right: record.side === "right" ? record : undefined,
      base: undefined, plan, problem: { side: record.side, record, cause }, matchedBy: undefined, tries, late: false,
    };
  }
}

const baseOf = (bases: ReadonlyMap<string, Base>, cloudId: string): { base?: Base } => {
  const base = bases.get(cloudId);
  return base ? { base } : {};
};

import type { Row } from "../endpoint.ts";
import { otherSide, type PairModel, type SideName } from "../mapping/pair-model.ts";
import type { Base, ConflictRecord, SideMark, StateChange } from "../state.ts";
import { commitItems, dataBatches, identifyBatches, renames } from "./commit-items.ts";
import { conflictRecord } from "./conflicts.ts";
import type { RunContext } from "./context.ts";
import { remembered, type Examined, type ExamineOptions, type Examiner, type Remembered } from "./examine.ts";
import { makeBase } from "./make-base.ts";
import { holdBackChildren, linkLevels, partlyWritten, takeOutcomes, type SideOutcome, type SideProblem } from "./outcomes.ts";
import type { PairModels } from "./pair-models.ts";
import { Quarantine } from "./quarantine.ts";
import { bothAnswered } from "./session.ts";
import { readBackEarly } from "./settle-marks.ts";
import type { RunTracker } from "./tracker.ts";
import { untangle, untangledBatches, type Untangled } from "./untangle.ts";
import { allocateKeys, groupByModel, none, movedBy, promiseIdentities, resolveTargets, takeItem, type WriteItem } from "./write-item.ts";
import { dropLogOf, logAfter, logBefore } from "./write-log.ts";

const maxTries = 3;
/** Enough for each stage of a write to be busy. */
const mostOnTheirWay = 3;
/** Of a first copy: larger units than pages, for every statement costs besides its rows. */
export const pagesTogether = 2;

/** Where examined records go: into the databases, or into a plan. */
export interface Sink {
  /**
   * Takes records over; those that are to be deleted are not among them. `ahead`: they may be on their way while the next
   * ones of their model are looked at, since nothing that is read for these depends on them.
   */
  add(examined: readonly Examined[], ahead?: boolean): Promise<void>;
  /** Keeps what comes until `send`: records that are to be written together, however many. */
  hold(): void;
  /** Ends `hold`. What was taken over may be on its way while more is looked at. */
  send(): Promise<void>;
  /** Nothing is on its way afterwards. */
  land(): Promise<void>;
  /** Everything taken over so far is durable afterwards. `closing`: no more is expected. */
  flush(closing?: boolean): Promise<void>;
}

/**
 * Makes plans true. The order is what makes a kill harmless at any point: log and pre-images, then cloudIds, then
 * data with the new rows' identity, then bases and what waits for a person. A record that a write finds changed is examined again.
 */
export class Writer implements Sink {
  /** Refused by a unique key: tried again when everything else of the run, deletes included, is through. */
  readonly refusedByUnique: Remembered[] = [];
  /** Created without a late reference: to be looked at again at the end. */
  readonly late: Remembered[] = [];
  readonly #context: RunContext;
  readonly #models: PairModels;
  readonly #examiners: ReadonlyMap<string, Examiner>;
  readonly #tracker: RunTracker;
  readonly #quarantine: Quarantine;
  #buffer: WriteItem[] = [];
  #held = false;
  #changes: StateChange[] = [];
  /** Writes that go on while the next records are looked at; each gives those to be looked at again. */
  readonly #onItsWay: Promise<readonly Remembered[]>[] = [];
  /** The last turn of each stage. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(context: RunContext, models: PairModels, examiners: ReadonlyMap<string, Examiner>, tracker: RunTracker) {
    this.#context = context;
    this.#models = models;
    this.#examiners = examiners;
    this.#tracker = tracker;
    this.#quarantine = new Quarantine(context, (change) => void this.#changes.push(change));
  }

  async add(examined: readonly Examined[], ahead = false): Promise<void> {
    const items: WriteItem[] = [];
    await resolveTargets(this.#context, this.#models, examined);
    for (const record of examined) {
      if (this.#quarantine.isHeldByOthers(record)) {
        this.refusedByUnique.push(remembered(record));
        continue;
      }
      const item = this.#take(record);
      if (!item) continue;
      items.push(item);
      if (item.insert && item.insert.key.length > 0) promiseIdentities(this.#context, record.model, record, item.insert.key);
    }
    for (const side of ["left", "right"] as const) for (const name of movedBy(items, side, this.#models)) this.#context.movedKeys[side].add(name);
    await allocateKeys(this.#context, items);
    for (const item of items) promiseIdentities(this.#context, item.examined.model, item.examined, item.insert?.key);
    this.#buffer.push(...items);
    if (this.#held || this.#buffer.length < this.#context.settings.pageSize * (ahead ? pagesTogether : 1)) return;
    const [first] = this.#buffer;
    // Records of another model may be parents of those that come next.
    if (!ahead || this.#buffer.some((item) => item.examined.model !== first!.examined.model)) return this.flush();
    await this.send();
  }

  hold(): void {
    this.#held = true;
  }

  async send(): Promise<void> {
    this.#held = false;
    if (this.#buffer.length === 0) return;
    while (this.#onItsWay.length >= mostOnTheirWay) await this.again(await this.#onItsWay.shift()!);
    const write = this.#write(this.#buffer.splice(0));
    this.#context.underWay.add(write);
    // Should it fail, that is met when it lands.
    void write.catch(() => undefined).then(() => this.#context.underWay.delete(write));
    this.#onItsWay.push(write);
  }

  async land(): Promise<void> {
    while (this.#onItsWay.length > 0) {
      const landed = await Promise.allSettled(this.#onItsWay.splice(0));
      for (const write of landed) if (write.status === "rejected") throw write.reason;
      for (const write of landed) if (write.status === "fulfilled") await this.again(write.value);
    }
  }

  /** Stages of different writes go side by side; the same stage of two goes one after the other, and not after a failure. */
  #inTurn<Result>(stage: "log" | "identify" | "data" | "store", work: () => Promise<Result>): Promise<Result> {
    const turn = (this.#turns.get(stage) ?? Promise.resolve()).then(work);
    this.#turns.set(stage, turn);
    return turn;
  }

  /** What is to be written for a record; undefined where nothing is, or where it goes to quarantine. */
  #take(record: Examined): WriteItem | undefined {
    const counts = this.#context.countsOf(record.model.name);
    counts.drift += record.plan.drift.length > 0 ? 1 : 0;
    if (!record.problem && this.#quarantine.isWaiting(record)) {
      counts.waiting++;
      return undefined;
    }
    if (record.late && this.#quarantine.isKnownToWait(record, () => true)) {
      // It waits already, for its parent among others: whether that has come is seen when late references are filled.
      this.late.push(remembered(record));
      return undefined;
    }
    const item = takeItem(this.#context, record);
    if (record.problem) {
      this.#quarantine.put(record);
      return undefined;
    }
    if (record.late) this.late.push(remembered(record));
    if (item) return item;
    if (!record.late) this.#quarantine.release(record);
    if (record.plan.conflicts.length > 0) this.#buffer.push(emptyItem(record));
    return undefined;
  }

  async flush(closing = false): Promise<void> {
    await this.land();
    while (this.#buffer.length > 0 || this.#changes.length > 0) await this.again(await this.#write(this.#buffer.splice(0), { closing }));
  }

  /** Gives those to be looked at again. */
  async #write(
    items: readonly WriteItem[], { tangles, closing }: { tangles?: Readonly<Record<SideName, Untangled>>; closing?: boolean } = {},
  ): Promise<readonly Remembered[]> {
    const context = this.#context;
    const { state, pair } = context.settings;
    await this.#inTurn("log", async () => {
      const before = await logBefore(context, items);
      if (before.length > 0) await context.retrying(() => state.commit(pair, before));
    });
    const identified = await this.#inTurn("identify", () =>
      this.#onBothSides(items.filter((item) => item.outcome === "pending"), (item, side) => side in item.identify, identifyBatches));
    const refused = new Map<WriteItem, SideProblem>();
    takeOutcomes(identified, refused);
    for (const item of items) if (item.outcome === "pending" && (renames(item, "left") || renames(item, "right"))) item.outcome = "again";
    holdBackChildren(items, "pending");
    const open = items.filter((item) => item.outcome === "pending");
    const written = await this.#inTurn("data", () => (tangles ? this.#inGroups(open, tangles) : this.#inLevels(items, open, refused)));
    await this.#readAfterImages(written);
    takeOutcomes(written, refused);
    for (const item of items) if (item.outcome === "pending") item.outcome = "written";
    holdBackChildren(items, "written");
    for (const { examined, insert, outcome } of items) {
      if (outcome === "written") continue;
      if (insert) context.identities[insert.side].forget(examined.model.name, insert.key, examined.cloudId);
      for (const record of [examined.left, examined.right]) {
        if (record && record.cloudId !== examined.cloudId) context.identities[record.side].forget(examined.model.name, record.key, examined.cloudId);
      }
    }
    for (const [item, cause] of refused) await this.#refused(item, cause);
    const bases: Base[] = partlyWritten(written).map(({ item, fields }) => makeBase(context, item, fields));
    const gone = new Map<string, string[]>();
    for (const item of items) {
      if (item.outcome !== "written") continue;
      if (!item.examined.late) this.#quarantine.release(item.examined);
      const { model, plan, cloudId } = item.examined;
      if (plan.action === "forget") gone.set(model.name, [...(gone.get(model.name) ?? []), cloudId]);
      else if (plan.action !== "park" && plan.action !== "none") bases.push(makeBase(context, item));
      this.#count(item);
    }
    this.#unsettle(items.filter(({ outcome, examined: { base, cloudId, left, right } }) =>
      outcome === "written" && (base === undefined || [left, right].some((row) => row && row.cloudId !== cloudId))));
    if (bases.length > 0 || gone.size > 0) context.agreed = true;
    if (bases.length > 0) this.#changes.push({ op: "putBases", bases });
    // What this run has linked itself is met again in the pass over the right, if there is one.
    for (const model of new Set(bases.map((base) => base.model))) {
      const examiner = this.#examiners.get(model)!;
      if (!examiner.oneSided) examiner.noBases = false;
    }
    for (const [model, cloudIds] of gone) this.#changes.push({ op: "removeBases", model, cloudIds }, ...(await context.openConflicts.end(model, cloudIds)));
    this.#changes.push(...(await logAfter(context, items.filter((item) => item.outcome !== "again"))));
    this.#changes.push(...dropLogOf(context, items.filter((item) => item.outcome !== "written"), written));
    await this.#inTurn("store", async () => {
      const changes = this.#changes;
      this.#changes = [];
      const early = closing ? readBackEarly(this.#tracker, this.#models.values()) : undefined;
      try {
        if (changes.length > 0) await context.retrying(() => state.commit(pair, changes));
      } finally {
        await early;
      }
    });
    for (const base of bases) this.#examiners.get(base.model)!.remember(base);
    if (this.#buffer.length === 0) {
      context.identities.left.settle();
      context.identities.right.settle();
      for (const examiner of this.#examiners.values()) examiner.forgetClaims();
    }
    for (const side of ["left", "right"] as const) for (const name of movedBy(items, side, this.#models)) context.identities[side].forgetKeys(name);
    return items.filter((item) => item.outcome === "again").map((item) => remembered(item.examined));
  }

  /**
   * Newly linked records count in no mark until the run has come to its end. Stored with their bases, so that after a
   * kill nobody takes as many deletes for nothing.
   */
  #unsettle(items: readonly WriteItem[]): void {
    const { checkpoints } = this.#context;
    const models = new Set<PairModel>();
    for (const { examined: { model, plan, left, right } } of items) {
      if (plan.action === "forget" || plan.action === "park" || plan.action === "none") continue;
      models.add(model);
      if (left) this.#tracker.linked("left", model.left.name, left.key);
      if (right) this.#tracker.linked("right", model.right.name, right.key);
    }
    for (const model of models) {
      const checkpoint = checkpoints.get(model.name);
      if (!checkpoint) continue;
      const unsure = (mark: SideMark): SideMark => (mark.mark === undefined && !mark.ranges ? mark : { ...mark, unsure: true });
      const unsettled = { ...checkpoint, left: unsure(checkpoint.left), right: unsure(checkpoint.right) };
      if (JSON.stringify(unsettled) === JSON.stringify(checkpoint)) continue;
      checkpoints.set(model.name, unsettled);
      this.#changes.push({ op: "put", collection: "checkpoint", records: [{ ...unsettled, id: model.name }] });
    }
  }

  async #onBothSides(
    items: readonly WriteItem[], concerns: (item: WriteItem, side: SideName) => boolean, toBatches: typeof dataBatches,
    missing: readonly { readonly side: SideName; readonly cloudId: string }[] = [],
  ): Promise<SideOutcome[]> {
    const missingOn = (side: SideName): Set<string> => new Set(missing.flatMap((each) => (each.side === side ? [each.cloudId] : [])));
    const outcomes = await bothAnswered(async (side) => {
      const own = items.filter((item) => concerns(item, side));
      return (await commitItems(this.#context, this.#tracker, side, own, toBatches, missingOn(side))).map((outcome) => ({ ...outcome, side }));
    });
    return outcomes.flat();
  }

  /** One unit, but where records are linked by an update that may find its row changed: who refers to one of those goes after it. */
  async #inLevels(items: readonly WriteItem[], open: readonly WriteItem[], refused: Map<WriteItem, SideProblem>): Promise<SideOutcome[]> {
    const outcomes: SideOutcome[] = [];
    for (const level of linkLevels(open)) {
      holdBackChildren(items, "pending");
      const missing = items.flatMap((item) => (item.insert && item.outcome !== "pending" ? [{ side: item.insert.side, cloudId: item.examined.cloudId }] : []));
      const written = await this.#onBothSides(
        level.filter((item) => item.outcome === "pending"), (item, side) => item.insert?.side === side || item.updates[side] !== undefined, dataBatches, missing,
      );
      takeOutcomes(written, refused);
      outcomes.push(...written);
    }
    return outcomes;
  }

  /** One unit per group, since its items need one another. */
  async #inGroups(items: readonly WriteItem[], tangles: Readonly<Record<SideName, Untangled>>): Promise<SideOutcome[]> {
    const outcomes: SideOutcome[] = [];
    for (const side of ["left", "right"] as const) {
      const toBatches = untangledBatches(tangles[side]);
      for (const group of tangles[side].groups) {
        const open = group.filter((item) => items.includes(item));
        outcomes.push(...(await commitItems(this.#context, this.#tracker, side, open, toBatches)).map((outcome) => ({ ...outcome, side })));
      }
    }
    return outcomes;
  }

  async #readAfterImages(written: readonly SideOutcome[]): Promise<void> {
    const images = new Map<Examiner, { item: WriteItem; side: SideName; row: Row }[]>();
    for (const { item, side, outcome } of written) {
      if (outcome.status !== "written" || !outcome.after) continue;
      const examiner = this.#examiners.get(item.examined.model.name)!;
      const { endpoint, fields } = examiner.sides[side].model;
      const at = fields.map((name) => endpoint.model.fields.findIndex((field) => field.name === name));
      const row: Row = { ...outcome.after, values: at.map((position) => outcome.after!.values[position] ?? null) };
      images.set(examiner, [...(images.get(examiner) ?? []), { item, side, row }]);
    }
    for (const [examiner, entries] of images) {
      for (const side of ["left", "right"] as const) {
        const own = entries.filter((entry) => entry.side === side);
        const records = await examiner.sides[side].records(own.map((entry) => entry.row));
        own.forEach((entry, index) => (entry.item.after = { ...entry.item.after, [side]: records[index]! }));
      }
    }
  }

  /**
   * Tries again what unique keys refused, now that everything else stands: records that swap values, or wait for one
   * another, go together; the others stay where they are.
   */
  async retryUnique(): Promise<void> {
    const context = this.#context;
    for (const [model, group] of groupByModel(this.refusedByUnique.splice(0))) {
      // Whole, all of them: those that swap values, or wait for one another, may stand anywhere.
      const examined: Examined[] = [];
      for (const page of inPages(group, context.settings.pageSize)) examined.push(...(await this.#lookAgain(model, page, { tries: maxTries })));
      await resolveTargets(context, this.#models, examined);
      const items = examined.flatMap((record) => this.#take(record) ?? []);
      const tangles = { left: await untangle(context, model, "left", items), right: await untangle(context, model, "right", items) };
      for (const item of items) {
        const side = tangles.left.blocked.has(item) ? "left" : tangles.right.blocked.has(item) ? "right" : undefined;
        if (side === undefined) continue;
        item.outcome = "refused";
        const constraint = tangles[side].blocked.get(item)!;
        await this.#refused(item, { side, code: "WRITE.UNIQUE", constraint, message: `The ${side} database holds another record under this unique key (${constraint}).` });
      }
      const open = items.filter((item) => item.outcome === "pending");
      await allocateKeys(context, open);
      for (const item of open) promiseIdentities(context, model, item.examined, item.insert?.key);
      await this.again(await this.#write(open, { tangles }));
    }
    await this.flush();
  }

  /** Fills the references that were left empty to break a cycle, now that their parents stand. */
  fillLate(): Promise<void> {
    return this.again(this.late.splice(0).map((record) => ({ ...record, tries: 0 })), { final: true });
  }

  /**
   * Examines records again from the databases; after a few tries they are left to the next run. `final`: a late
   * reference whose parent is still not there goes to quarantine.
   */
  async again(records: readonly Remembered[], options: { final?: boolean } = {}): Promise<void> {
    for (const [model, group] of groupByModel(records)) {
      const tired = group.filter((record) => record.tries >= maxTries);
      this.#context.countsOf(model.name).unsettled += tired.length;
      const fresh = group.filter((record) => record.tries < maxTries);
      if (fresh.length === 0) continue;
      const tries = Math.max(...fresh.map((record) => record.tries)) + 1;
      const how = { tries, lateSelf: !options.final && fresh.some((record) => record.late), ...(options.final ? { final: true } : {}) };
      for (const page of inPages(fresh, this.#context.settings.pageSize)) await this.add(await this.#lookAgain(model, page, how));
    }
  }

  /** The same records as they stand now, without those to be deleted: the next run takes those up. */
  async #lookAgain(model: PairModel, records: readonly Remembered[], options: ExamineOptions): Promise<Examined[]> {
    const examiner = this.#examiners.get(model.name)!;
    for (const side of ["left", "right"] as const) examiner.sides[side].unload();
    examiner.noBases = false;
    const rows = await Promise.all((["left", "right"] as const).map((side) => {
      const known = records.flatMap(({ cloudId, leftKey, rightKey }) => {
        const key = side === "left" ? leftKey : rightKey;
        return key ? [{ cloudId, key }] : [];
      });
      for (const { cloudId, key } of known) this.#context.identities[side].forget(model.name, key, cloudId);
      return examiner.sides[side].fetchRows("key", known.map(({ key }) => key));
    }));
    // Whether anything was made of a row that is gone by now, nobody here looks up.
    this.#context.inDoubt ||= rows[0]!.length + rows[1]!.length < records.reduce((sum, { leftKey, rightKey }) => sum + (leftKey ? 1 : 0) + (rightKey ? 1 : 0), 0);
    const examined = await examiner.examine(rows[0]!, rows[1]!, options);
    const written = examined.filter((record) => record.plan.action !== "delete");
    this.#context.countsOf(model.name).unsettled += examined.length - written.length;
    return written;
  }

  async #refused(item: WriteItem, cause: SideProblem): Promise<void> {
    const { examined, insert } = item;
    if (insert) this.#context.identities[insert.side].forget(examined.model.name, insert.key, examined.cloudId);
    if ((cause.code === "WRITE.UNIQUE" || cause.code === "WRITE.FOREIGN_KEY") && examined.tries === 0) {
      // Perhaps it is there already, from an unacknowledged write or somebody else's; or its parent was refused in the
      // same unit. Look again before judging.
      item.outcome = "again";
      return;
    }
    if (cause.code === "WRITE.UNIQUE" && examined.tries < maxTries) {
      this.refusedByUnique.push({ ...remembered(examined), tries: maxTries - 1 });
      return;
    }
    const source = examined[otherSide(cause.side)] ?? examined[cause.side]!;
    examined.problem = { side: source.side, record: source, cause };
    const fresh = this.#quarantine.put(examined);
    if (cause.code === "WRITE.UNIQUE" && fresh) {
      const found = conflictRecord(this.#context, examined, { kind: "update-update", fields: [], rule: "unique key", decision: "open" });
      const conflict: ConflictRecord = { ...found, kind: "unique" };
      this.#changes.push({ op: "put", collection: "conflict", records: [conflict] }, ...this.#context.openConflicts.meet([conflict]));
      this.#context.countsOf(examined.model.name).open++;
    }
  }

  #count(item: WriteItem): void {
    const { examined, insert, updates } = item;
    const counts = this.#context.countsOf(examined.model.name);
    if (insert) counts.created[insert.side]++;
    if (updates.left) counts.updated.left++;
    if (updates.right) counts.updated.right++;
    if (examined.plan.action === "link" || (examined.matchedBy !== undefined && examined.base === undefined)) counts.linked++;
    if (examined.plan.action === "settle") counts.settled++;
    counts.conflicts += examined.plan.conflicts.filter((conflict) => conflict.decision !== "open").length;
    counts.open += examined.plan.conflicts.filter((conflict) => conflict.decision === "open").length;
  }
}

function* inPages<Item>(items: readonly Item[], size: number): Generator<readonly Item[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}

function emptyItem(examined: Examined): WriteItem {
  return { examined, insert: undefined, updates: none, identify: none, after: none, outcome: "pending" };
}

import type { PairModel } from "../mapping/pair-model.ts";
import type { RecordPlan } from "../plan/record-plan.ts";
import type { RunContext } from "./context.ts";
import { copiesOf, itemsOf, promiseCopies, type Copies } from "./copies.ts";
import { remembered, type Examined, type ExamineOptions, type Examiner, type Remembered } from "./examine.ts";
import type { PairModels } from "./pair-models.ts";
import type { ReadRecord } from "./records.ts";
import type { RunTracker } from "./tracker.ts";
import { untangle } from "./untangle.ts";
import { allocateKeys, groupByModel, none, movedBy, promiseIdentities, resolveTargets, takeItem, type WriteItem } from "./write-item.ts";
import { maxTries, WriteStages, type WriteOptions } from "./write-stages.ts";

/** Enough for each stage of a write to be busy, and for those that wait for the next of it. */
const mostOnTheirWay = 5;
/** Of a first copy: larger units than pages, for every statement costs besides its rows. */
export const pagesTogether = 2;

/** Where examined records go: into the databases, or into a plan. */
export interface Sink {
  /**
   * Takes records over; those that are to be deleted are not among them. `ahead`: they may be on their way while the next
   * ones of their model are looked at, since nothing that is read for these depends on them.
   */
  add(examined: readonly Examined[], ahead?: boolean): Promise<void>;
  /**
   * Takes over records of a first copy that `plan` is to make as they are, ahead; false: it does not, each is to be looked at.
   * Absent where each always is.
   */
  copy?(model: PairModel, plan: RecordPlan, records: readonly ReadRecord[]): Promise<boolean>;
  /** Keeps what comes until `send`: records that are to be written together, however many. */
  hold(): void;
  /** Ends `hold`. What was taken over may be on its way while more is looked at. */
  send(): Promise<void>;
  /** Nothing is on its way afterwards. */
  land(): Promise<void>;
  /** Everything taken over so far is durable afterwards. `closing`: no more is expected. */
  flush(closing?: boolean): Promise<void>;
}

/** Makes plans true: what is written together, and when. A record that a write finds changed is examined again. */
export class Writer implements Sink {
  /** Created without a late reference: to be looked at again at the end. */
  readonly late: Remembered[] = [];
  readonly #context: RunContext;
  readonly #models: PairModels;
  readonly #examiners: ReadonlyMap<string, Examiner>;
  readonly #stages: WriteStages;
  #buffer: WriteItem[] = [];
  /** In place of `#buffer`: of a first copy in one direction, as long as nothing else is among it. */
  readonly #copies: Copies[] = [];
  #held = false;
  /** Writes that go on while the next records are looked at; each gives those to be looked at again. */
  readonly #onItsWay: Promise<readonly Remembered[]>[] = [];

  constructor(context: RunContext, models: PairModels, examiners: ReadonlyMap<string, Examiner>, tracker: RunTracker) {
    this.#context = context;
    this.#models = models;
    this.#examiners = examiners;
    this.#stages = new WriteStages(context, models, examiners, tracker);
  }

  async add(examined: readonly Examined[], ahead = false): Promise<void> {
    const items: WriteItem[] = [];
    await resolveTargets(this.#context, this.#models, examined);
    if (examined.length > 0) await this.#singleOut();
    for (const record of examined) {
      if (this.#stages.quarantine.isHeldByOthers(record)) {
        this.#stages.refusedByUnique.push(remembered(record));
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
    await this.#sendPages(ahead);
  }

  /** Writes what has come together, once that is enough. */
  async #sendPages(ahead: boolean): Promise<void> {
    const models = new Set([...this.#copies.map(({ model }) => model), ...this.#buffer.map(({ examined }) => examined.model)]);
    const size = this.#copies.reduce((sum, { rows }) => sum + rows.length, this.#buffer.length);
    if (this.#held || size < this.#context.settings.pageSize * (ahead ? pagesTogether : 1)) return;
    // Records of another model may be parents of those that come next.
    if (!ahead || models.size > 1) return this.flush();
    await this.send();
  }

  /** Records that go together with others each go as one of these. */
  async #singleOut(): Promise<void> {
    for (const copies of this.#copies.splice(0)) this.#buffer.push(...(await itemsOf(copies, this.#examiners.get(copies.model.name)!)));
  }

  async copy(model: PairModel, plan: RecordPlan, records: readonly ReadRecord[]): Promise<boolean> {
    const alone = this.#buffer.length === 0 && this.#copies.every(({ to }) => to === plan.side);
    const copies = alone ? await copiesOf(this.#context, this.#models, model, plan, records) : undefined;
    if (!copies) return false;
    await promiseCopies(this.#context, copies);
    this.#copies.push(copies);
    await this.#sendPages(true);
    return true;
  }

  hold(): void {
    this.#held = true;
  }

  async send(): Promise<void> {
    this.#held = false;
    if (this.#buffer.length + this.#copies.length === 0) return;
    while (this.#onItsWay.length >= mostOnTheirWay) await this.again(await this.#onItsWay.shift()!);
    const write = this.#writeBuffered({ more: true });
    this.#context.underWay.add(write);
    // Should it fail, that is met when it lands.
    void write.catch(() => undefined).then(() => this.#context.underWay.delete(write));
    this.#onItsWay.push(write);
  }

  async land(): Promise<void> {
    while (this.#onItsWay.length > 0) {
      const landed = await Promise.allSettled(this.#onItsWay.splice(0));
      for (const write of landed) if (write.status === "rejected") throw write.reason;
      if (this.#stages.owing) await this.#stages.store();
      for (const write of landed) if (write.status === "fulfilled") await this.again(write.value);
    }
  }

  /** What is to be written for a record; undefined where nothing is, or where it goes to quarantine. */
  #take(record: Examined): WriteItem | undefined {
    const counts = this.#context.countsOf(record.model.name);
    counts.drift += record.plan.drift.length > 0 ? 1 : 0;
    if (!record.problem && this.#stages.quarantine.isWaiting(record)) {
      counts.waiting++;
      return undefined;
    }
    if (record.late && this.#stages.quarantine.isKnownToWait(record, () => true)) {
      // It waits already, for its parent among others: whether that has come is seen when late references are filled.
      this.late.push(remembered(record));
      return undefined;
    }
    const item = takeItem(this.#context, record);
    if (record.problem) {
      this.#stages.quarantine.put(record);
      return undefined;
    }
    if (record.late) this.late.push(remembered(record));
    if (item) return item;
    if (!record.late) this.#stages.quarantine.release(record);
    if (record.plan.conflicts.length > 0) this.#buffer.push(emptyItem(record));
    return undefined;
  }

  async flush(closing = false): Promise<void> {
    await this.land();
    while (this.#buffer.length + this.#copies.length > 0 || this.#stages.unstored) await this.again(await this.#writeBuffered({ closing }));
  }

  #writeBuffered(how: WriteOptions): Promise<readonly Remembered[]> {
    return this.#copies.length > 0 ? this.#copy(this.#copies.splice(0), how) : this.#write(this.#buffer.splice(0), how);
  }

  async #copy(copies: readonly Copies[], how: WriteOptions): Promise<readonly Remembered[]> {
    const again = await this.#stages.copy(copies, how);
    this.#settle();
    return again;
  }

  /** Gives those to be looked at again. */
  async #write(items: readonly WriteItem[], how: WriteOptions = {}): Promise<readonly Remembered[]> {
    const { identities } = this.#context;
    const again = await this.#stages.write(items, how);
    this.#settle();
    for (const side of ["left", "right"] as const) for (const name of movedBy(items, side, this.#models)) identities[side].forgetKeys(name);
    return again;
  }

  /** What was promised stands by now, where nothing more waits to be written. */
  #settle(): void {
    if (this.#buffer.length + this.#copies.length > 0) return;
    this.#context.identities.left.settle();
    this.#context.identities.right.settle();
    for (const examiner of this.#examiners.values()) examiner.forgetClaims();
  }

  /**
   * Tries again what unique keys refused, now that everything else stands: records that swap values, or wait for one
   * another, go together; the others stay where they are.
   */
  async retryUnique(): Promise<void> {
    const context = this.#context;
    for (const [model, group] of groupByModel(this.#stages.refusedByUnique.splice(0))) {
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
        this.#stages.refuse(item, { side, code: "WRITE.UNIQUE", constraint, message: `The ${side} database holds another record under this unique key (${constraint}).` });
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
}

function* inPages<Item>(items: readonly Item[], size: number): Generator<readonly Item[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}

function emptyItem(examined: Examined): WriteItem {
  return { examined, insert: undefined, updates: none, identify: none, after: none, outcome: "pending" };
}

import { otherSide, type PairModel, type SideName } from "../mapping/pair-model.ts";
import type { Base, ConflictRecord, SideMark, StateChange } from "../state.ts";
import { readAfterImages } from "./after-images.ts";
import { commitItems, dataBatches, identifyBatches, renames, type ItemOutcome } from "./commit-items.ts";
import { conflictRecord } from "./conflicts.ts";
import type { RunContext } from "./context.ts";
import { commitCopies, type Copies } from "./copies.ts";
import { remembered, type Examiner, type Remembered } from "./examine.ts";
import { makeBase } from "./make-base.ts";
import { holdBackChildren, linkLevels, partlyWritten, takeOutcomes, type SideProblem } from "./outcomes.ts";
import type { PairModels } from "./pair-models.ts";
import { Quarantine } from "./quarantine.ts";
import { bothAnswered } from "./session.ts";
import { readBackEarly } from "./settle-marks.ts";
import type { RunTracker } from "./tracker.ts";
import { untangledBatches, type Untangled } from "./untangle.ts";
import type { WriteItem } from "./write-item.ts";
import { dropLogOf, logAfter, logBefore, logCopies } from "./write-log.ts";

/** How often a record is looked at again. */
export const maxTries = 3;

/** In a first copy the bases of several units are stored together: the more at once, the less of their index each of them touches. */
const basesTogether = 10_000;

export interface WriteOptions {
  readonly tangles?: Readonly<Record<SideName, Untangled>>;
  /** No more is expected. */
  readonly closing?: boolean;
  /** More is: bases may wait for those that come. */
  readonly more?: boolean;
}

/**
 * What one write goes through. The order is what makes a kill harmless at any point: log and pre-images, then cloudIds, then data
 * with the new rows' identity, then bases and what waits for a person.
 */
export class WriteStages {
  /** Refused by a unique key: tried again when everything else of the run, deletes included, is through. */
  readonly refusedByUnique: Remembered[] = [];
  readonly quarantine: Quarantine;
  readonly #context: RunContext;
  readonly #models: PairModels;
  readonly #examiners: ReadonlyMap<string, Examiner>;
  readonly #tracker: RunTracker;
  /** What the next write stores. */
  #changes: StateChange[] = [];
  /** Bases among it. */
  #owed: Base[] = [];
  /** The last turn of each stage. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(context: RunContext, models: PairModels, examiners: ReadonlyMap<string, Examiner>, tracker: RunTracker) {
    this.#context = context;
    this.#models = models;
    this.#examiners = examiners;
    this.#tracker = tracker;
    this.quarantine = new Quarantine(context, (change) => void this.#changes.push(change));
    context.storeOwed = async () => {
      if (this.owing) await context.settings.state.commit(context.settings.pair, this.#changes);
    };
  }

  /** Records stand whose bases are not stored yet. */
  get owing(): boolean {
    return this.#owed.length > 0;
  }

  /** Something is to be stored though no record is to be written. */
  get unstored(): boolean {
    return this.#changes.length > 0;
  }

  /** Gives those to be looked at again. */
  async write(
    items: readonly WriteItem[], { tangles, closing, more }: WriteOptions = {},
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
    return await this.#conclude(items, written, refused, { closing, more });
  }

  /** New rows of a first copy as one unit. Where that is not written as it is, each record goes its own way from there. */
  async copy(all: readonly Copies[], options: WriteOptions = {}): Promise<readonly Remembered[]> {
    const context = this.#context;
    const { state, pair } = context.settings;
    await this.#inTurn("log", () => context.retrying(() => state.commit(pair, logCopies(context, all))));
    const refused = new Map<WriteItem, SideProblem>();
    const apart = await this.#inTurn("data", async () => {
      const single = await commitCopies(context, this.#tracker, all, this.#examiners);
      if (!single) return undefined;
      const { items, written } = single;
      return { items, written: written ?? (await this.#inLevels(items, items.filter(({ outcome }) => outcome === "pending"), refused)) };
    });
    if (apart) return await this.#conclude(apart.items, apart.written, refused, options);
    for (const { model, to, rows } of all) {
      const from = otherSide(to);
      context.countsOf(model.name).created[to] += rows.length;
      this.#tracker.linked(from, model[from].name, rows.map(({ key }) => key));
    }
    this.#unsettle(new Set(all.map(({ model }) => model)));
    await this.#agree(all.flatMap(({ bases }) => bases), options);
    return [];
  }

  /** What became of the items, and what is to be remembered of it. */
  async #conclude(
    items: readonly WriteItem[], written: readonly ItemOutcome[], refused: Map<WriteItem, SideProblem>, options: WriteOptions,
  ): Promise<readonly Remembered[]> {
    const context = this.#context;
    await readAfterImages(this.#examiners, written);
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
    for (const [item, cause] of refused) this.refuse(item, cause);
    const bases: Base[] = partlyWritten(written).map(({ item, fields }) => makeBase(context, item, fields));
    const gone = new Map<string, string[]>();
    for (const item of items) {
      if (item.outcome !== "written") continue;
      if (!item.examined.late) this.quarantine.release(item.examined);
      const { model, plan, cloudId } = item.examined;
      if (plan.action === "forget") gone.set(model.name, [...(gone.get(model.name) ?? []), cloudId]);
      else if (plan.action !== "park" && plan.action !== "none") bases.push(makeBase(context, item));
      this.#count(item);
    }
    this.#unsettle(this.#noteLinks(items.filter(({ outcome, examined: { base, cloudId, left, right } }) =>
      outcome === "written" && (base === undefined || (left && left.cloudId !== cloudId) || (right && right.cloudId !== cloudId)))));
    if (gone.size > 0) context.agreed = true;
    for (const [model, cloudIds] of gone) {
      this.#tracker.ended(this.#models.get(model)!, cloudIds);
      this.#changes.push({ op: "removeBases", model, cloudIds }, ...(await context.openConflicts.end(model, cloudIds)));
    }
    this.#changes.push(...(await logAfter(context, items.filter((item) => item.outcome !== "again"))));
    this.#changes.push(...dropLogOf(context, items.filter((item) => item.outcome !== "written"), written));
    await this.#agree(bases, options);
    return items.filter((item) => item.outcome === "again").map((item) => remembered(item.examined));
  }

  /** Has these bases stored, with whatever else is to be: now, or with those that come. */
  async #agree(bases: readonly Base[], { closing, more }: WriteOptions): Promise<void> {
    if (bases.length > 0) {
      this.#context.agreed = true;
      this.#changes.push({ op: "putBases", bases });
    }
    const models = new Set<string>();
    for (const base of bases) {
      this.#owed.push(base);
      models.add(base.model);
    }
    // What this run has linked itself is met again in the pass over the right, if there is one.
    for (const model of models) {
      const examiner = this.#examiners.get(model)!;
      if (!examiner.oneSided) examiner.noBases = false;
    }
    const mayWait = more && this.#owed.length < basesTogether && !bases.some(({ values }) => values);
    if (!mayWait) await this.store(closing);
  }

  /** Stores what the writes so far have left to be remembered. */
  store(closing = false): Promise<void> {
    const { settings: { state, pair } } = this.#context;
    return this.#inTurn("store", async () => {
      const [changes, bases] = [this.#changes, this.#owed];
      [this.#changes, this.#owed] = [[], []];
      const early = closing ? readBackEarly(this.#tracker, this.#models.values()) : undefined;
      try {
        if (changes.length > 0) await this.#context.retrying(() => state.commit(pair, changes));
      } finally {
        await early;
      }
      for (const base of bases) this.#examiners.get(base.model)!.remember(base);
    });
  }

  /** What becomes of an item that a database has refused: another look, another try, or quarantine. */
  refuse(item: WriteItem, cause: SideProblem): void {
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
    const fresh = this.quarantine.put(examined);
    if (cause.code === "WRITE.UNIQUE" && fresh) {
      const found = conflictRecord(this.#context, examined, { kind: "update-update", fields: [], rule: "unique key", decision: "open" });
      const conflict: ConflictRecord = { ...found, kind: "unique" };
      this.#changes.push({ op: "put", collection: "conflict", records: [conflict] }, ...this.#context.openConflicts.meet([conflict]));
      this.#context.countsOf(examined.model.name).open++;
    }
  }

  /** Stages of different writes go side by side; the same stage of two goes one after the other, and not after a failure. */
  #inTurn<Result>(stage: "log" | "identify" | "data" | "store", work: () => Promise<Result>): Promise<Result> {
    const turn = (this.#turns.get(stage) ?? Promise.resolve()).then(work);
    this.#turns.set(stage, turn);
    return turn;
  }

  /**
   * Newly linked records count in no mark until the run has come to its end. Stored with their bases, so that after a
   * kill nobody takes as many deletes for nothing.
   */
  #unsettle(models: ReadonlySet<PairModel>): void {
    const { checkpoints } = this.#context;
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

  /** Notes rows that are linked by now; gives their models. */
  #noteLinks(items: readonly WriteItem[]): ReadonlySet<PairModel> {
    const models = new Set<PairModel>();
    for (const { examined: { model, plan, left, right } } of items) {
      if (plan.action === "forget" || plan.action === "park" || plan.action === "none") continue;
      models.add(model);
      if (left) this.#tracker.linked("left", model.left.name, [left.key]);
      if (right) this.#tracker.linked("right", model.right.name, [right.key]);
    }
    return models;
  }

  async #onBothSides(
    items: readonly WriteItem[], concerns: (item: WriteItem, side: SideName) => boolean, toBatches: typeof dataBatches,
    missing: readonly { readonly side: SideName; readonly cloudId: string }[] = [],
  ): Promise<ItemOutcome[]> {
    const missingOn = (side: SideName): Set<string> => new Set(missing.flatMap((each) => (each.side === side ? [each.cloudId] : [])));
    const [left, right] = await bothAnswered((side) =>
      commitItems(this.#context, this.#tracker, side, items.filter((item) => concerns(item, side)), toBatches, missingOn(side)));
    return [...left!, ...right!];
  }

  /** One unit, but where records are linked by an update that may find its row changed: who refers to one of those goes after it. */
  async #inLevels(items: readonly WriteItem[], open: readonly WriteItem[], refused: Map<WriteItem, SideProblem>): Promise<ItemOutcome[]> {
    const outcomes: ItemOutcome[] = [];
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
  async #inGroups(items: readonly WriteItem[], tangles: Readonly<Record<SideName, Untangled>>): Promise<ItemOutcome[]> {
    const outcomes: ItemOutcome[] = [];
    for (const side of ["left", "right"] as const) {
      const toBatches = untangledBatches(tangles[side]);
      for (const group of tangles[side].groups) {
        const open = group.filter((item) => items.includes(item));
        outcomes.push(...(await commitItems(this.#context, this.#tracker, side, open, toBatches)));
      }
    }
    return outcomes;
  }

  #count(item: WriteItem): void {
    const { examined, insert, updates } = item;
    const counts = this.#context.countsOf(examined.model.name);
    if (insert) counts.created[insert.side]++;
    if (updates.left) counts.updated.left++;
    if (updates.right) counts.updated.right++;
    if (examined.plan.action === "link" || (examined.matchedBy !== undefined && examined.base === undefined)) counts.linked++;
    if (examined.plan.action === "settle") counts.settled++;
    for (const { decision } of examined.plan.conflicts) counts[decision === "open" ? "open" : "conflicts"]++;
  }
}

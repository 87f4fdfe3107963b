import type { Key, Row } from "../endpoint.ts";
import { otherSide, type PairModel, type SideName } from "../mapping/pair-model.ts";
import type { RecordPlan } from "../plan/record-plan.ts";
import { apartByCircles } from "./circles.ts";
import { keyText, type RunContext } from "./context.ts";
import { DeleteList } from "./delete-list.ts";
import type { Deferred, Examined, Examiner } from "./examine.ts";
import { cleanRows } from "./settle-marks.ts";
import type { Source } from "./source.ts";
import type { Sink } from "./writer.ts";

/**
 * Looks at everything of one model that may differ, page by page, and hands it on: writes to the sink, deletes to the
 * list that waits for the end of the run.
 */
export class ModelAnalysis {
  readonly model: PairModel;
  readonly examiner: Examiner;
  readonly sources: Readonly<Record<SideName, Source>>;
  readonly deletes: DeleteList;
  /** Linked records of this model before the run. */
  links = 0;
  /** Rows that are linked to nothing after this run either, besides those in quarantine. */
  readonly staying: Record<SideName, number> = { left: 0, right: 0 };
  /** Linked records that are gone on that side, and parked. */
  readonly absent: Readonly<Record<SideName, Set<string>>> = { left: new Set(), right: new Set() };
  /** Links were held against rows, one by one. */
  searched = false;
  readonly #context: RunContext;
  readonly #sink: Sink;
  /** Rows this run has already dealt with as somebody's counterpart. */
  readonly #touched: Record<SideName, Set<string>> = { left: new Set(), right: new Set() };
  /** By cloudId the right key, where there is one. */
  readonly #examinedIds = new Map<string, string | undefined>();
  readonly #linksSeen: Record<SideName, number> = { left: 0, right: 0 };
  readonly #ahead: Record<SideName, number> = { left: 0, right: 0 };
  /** Sides of which a record cannot be used as it is. */
  readonly #problems: Record<SideName, boolean> = { left: false, right: false };
  /** Sides whose rows were all looked at ahead. */
  readonly #passed: Record<SideName, boolean> = { left: false, right: false };
  readonly #unlinkedSeen: Record<SideName, number> = { left: 0, right: 0 };
  /** Records whose parent was nowhere yet, by key; whoever meets one of them first deals with it. */
  readonly #deferred = { left: new Map<string, Row>(), right: new Map<string, Row>() };

  constructor(context: RunContext, examiner: Examiner, sources: Readonly<Record<SideName, Source>>, sink: Sink) {
    this.#context = context;
    this.model = examiner.model;
    this.examiner = examiner;
    this.deletes = new DeleteList(context, examiner);
    this.sources = sources;
    this.#sink = sink;
  }

  /** What an earlier run left unfinished is looked at again; an applied plan does without, and so do hints. */
  get revisited(): boolean {
    return !this.sources.left.hinted;
  }

  /** Neither side can hold a change, and nothing waits. */
  get idle(): boolean {
    return this.sources.left.idle && this.sources.right.idle && !this.#deletesPossible("left") && !this.#deletesPossible("right") && this.#waiting().length === 0;
  }

  /** Needed where a side is read whole, and before deletes. */
  async countLinks(): Promise<void> {
    const { state, pair } = this.#context.settings;
    const { total } = await this.#context.retrying(() => state.scanBases(pair, this.model.name, undefined, 0));
    this.links = this.#context.linkedBefore(this.model.name, total);
    this.examiner.noBases = total === 0;
  }

  /** Looks at some rows before the pass over all of them, which is left out where these were all. */
  async ahead(side: SideName, rows: readonly Row[]): Promise<void> {
    await this.#page(side === "left" ? rows : [], side === "right" ? rows : []);
    this.#ahead[side] += rows.length;
    this.#context.progress("analyse", this.model.name, side, rows.length, this.sources[side].total);
  }

  /** Ends `ahead`. `whole`: nothing was left out. Otherwise the pass meets the rest, and a side that is no longer empty. */
  endAhead(side: SideName, whole: boolean): void {
    const { changes, total } = this.sources[side];
    this.#passed[side] = whole || (changes !== undefined && total === this.#ahead[side]);
    if (this.#passed[side]) {
      this.#context.countsOf(this.model.name).read[side] += this.#ahead[side];
      return;
    }
    this.sources[side].startAgain();
    this.sources[otherSide(side)].side.unload();
    this.examiner.noBases = false;
  }

  async run(): Promise<void> {
    const counts = this.#context.countsOf(this.model.name);
    const { left, right } = this.sources;
    for (const side of ["left", "right"] as const) {
      const moved = new Set(this.model.fields.flatMap(({ parent }) => (parent !== undefined && this.#context.movedKeys[side].has(parent) ? [parent] : [])));
      if (moved.size === 0) continue;
      // What was read ahead refers to parents by keys that may soon be others', or are already.
      await this.#sink.flush();
      for (const parent of moved) this.#context.identities[side].forgetKeys(parent);
      await this.sources[side].askAgain();
    }
    if (!this.#passed.left) for await (const rows of left.rows()) {
      this.#context.safePoint();
      await this.#page(rows, []);
      counts.read.left += rows.length;
      this.#context.progress("analyse", this.model.name, "left", rows.length, left.total);
    }
    await this.#sink.land();
    if (this.revisited) await this.#revisit();
    if (!right.side.knownEmpty && !right.idle && !this.#passed.right) {
      if (left.full && !right.side.loaded) {
        await this.#sink.flush();
        if (this.#context.written.right > 0) right.startAgain();
      }
      for await (const rows of right.rows()) {
        this.#context.safePoint();
        const open = await this.#unhandled(rows);
        await this.#doubt(rows, open);
        await this.#page([], open);
        counts.read.right += rows.length;
        this.#context.progress("analyse", this.model.name, "right", rows.length, right.total);
      }
      await this.#sink.land();
    }
    await this.#resolveDeferred();
    if (this.#deletesPossible("left") || this.#deletesPossible("right")) {
      await this.countLinks();
      if (this.links > 0) await this.#findDeleted();
    }
    if (this.deletes.length > 0) {
      this.#holdMirror();
      await this.countLinks();
    }
  }

  /** Who was never linked may be the counterpart of a record that cannot be read or told apart on the other side: it stays for now. */
  #holdMirror(): void {
    const { mirror, direction } = this.#context.settings;
    const source = direction === "left-to-right" ? "left" : "right";
    const waiting = [...this.#context.quarantine.values()].some(({ model, side }) => model === this.model.name && side === source);
    if (!mirror || !(waiting || this.#problems[source])) return;
    this.#context.countsOf(this.model.name).unsettled += this.deletes.dropUnlinked();
  }

  async #page(leftRows: readonly Row[], rightRows: readonly Row[]): Promise<void> {
    if (await this.#copied(leftRows, rightRows)) return;
    let rows = { left: leftRows, right: rightRows };
    for (;;) {
      const deferred: Deferred = { left: [], right: [] };
      const examined = await this.examiner.examine(rows.left, rows.right, this.model.selfReference ? { deferred } : {});
      await this.#handOn(examined);
      const waiting = deferred.left.length + deferred.right.length;
      if (waiting === 0) return;
      if (waiting === rows.left.length + rows.right.length) {
        for (const side of ["left", "right"] as const) for (const row of deferred[side]) this.#deferred[side].set(keyText(row.key), row);
        return;
      }
      rows = { left: eachOnce(deferred.left), right: eachOnce(deferred.right) };
    }
  }

  /** Rows of a first copy that nothing is to be said about but that they are new. */
  async #copied(left: readonly Row[], right: readonly Row[]): Promise<boolean> {
    const [side, rows] = left.length > 0 ? ["left" as const, left] : ["right" as const, right];
    if (!this.#sink.copy || !this.sources.left.full || this.#remembers(side) || (left.length > 0 && right.length > 0)) return false;
    const found = await this.examiner.newOnes(side, rows);
    if (!found || !(await this.#sink.copy(this.model, found.plan, found.records))) return false;
    this.#unlinkedSeen[side] += rows.length;
    return true;
  }

  /** Whether rows that were looked at may be met again. */
  #remembers(side: SideName): boolean {
    const { left, right } = this.sources;
    if (side === "left") return this.#context.quarantine.size > 0 || this.#context.decisions.size > 0 || this.#pending("left").length > 0;
    return !right.side.knownEmpty && (this.#context.dry || right.side.loaded !== undefined || !left.full);
  }

  async #handOn(examined: readonly Examined[]): Promise<void> {
    await this.#context.openConflicts.look(examined);
    const forSink: Examined[] = [];
    const remember = { left: this.#remembers("left"), right: this.#remembers("right") };
    for (const record of examined) {
      const parked = !record.problem && (record.plan.action === "none" || record.plan.action === "park");
      // Met once as a row that changed, and once as a link of which one side is gone.
      let drifted = false;
      for (const side of ["left", "right"] as const) {
        const read = record[side];
        if (parked && record.base && !read) {
          drifted = record.plan.action === "none" && this.absent[side].has(record.cloudId);
          this.absent[side].add(record.cloudId);
        }
        if (read) this.#deferred[side].delete(keyText(read.key));
        // A row that is looked at again, as somebody's counterpart, is not another one.
        if (!read || this.#touched[side].has(keyText(read.key))) continue;
        if (record.base) this.#linksSeen[side]++;
        else {
          this.#unlinkedSeen[side]++;
          if (parked) this.staying[side]++;
        }
        if (remember[side]) this.#touched[side].add(keyText(read.key));
      }
      if (record.problem) this.#problems[record.problem.side] = true;
      if (!this.sources.left.full && record.cloudId !== "") this.#examinedIds.set(record.cloudId, record.right && keyText(record.right.key));
      if (drifted) continue;
      if (record.plan.action === "delete" && !record.problem) this.deletes.push(record);
      else if (record.plan.action !== "none" || record.problem || record.late || record.plan.drift.length > 0 || this.#context.quarantine.size > 0) forSink.push(record);
    }
    await this.#sink.add(forSink, this.examiner.oneSided && !this.model.selfReference);
  }

  /** Right rows that the pass over the left has not dealt with. */
  async #unhandled(rows: readonly Row[]): Promise<readonly Row[]> {
    // Of two elements of documents that bear one cloudId only one was looked at.
    const inside = this.model.right.endpoint.model.within !== undefined;
    const examined = ({ cloudId, key }: Row): boolean => cloudId !== null && this.#examinedIds.has(cloudId) && (!inside || this.#examinedIds.get(cloudId) === keyText(key));
    const open = rows.filter((row) => !this.#touched.right.has(keyText(row.key)) && !examined(row));
    if (!this.sources.left.full) return open;
    // The left was read whole: a linked right row was compared then, unless its left side is gone.
    const bases = await this.examiner.basesOf(open.flatMap((row) => row.cloudId ?? []));
    const unlinked = open.filter((row) => row.cloudId === null || !bases.has(row.cloudId));
    this.#linksSeen.right += open.length - unlinked.length;
    return unlinked;
  }

  /** Rows that were looked at before this page was read may have changed in between: its fingerprint must not say they are known. */
  async #doubt(rows: readonly Row[], open: readonly Row[]): Promise<void> {
    const { right } = this.sources;
    if (right.changes || !right.side.model.endpoint.fingerprint || right.side.loaded) return;
    const opened = new Set(open);
    const skipped = rows.filter((row) => !opened.has(row));
    if (skipped.length > 0 && (await cleanRows(this.#context, this, "right", skipped)).length < skipped.length) right.doubtPage();
  }

  #waiting(): { readonly side: SideName; readonly key: Key }[] {
    const pending = (["left", "right"] as const).flatMap((side) => this.#pending(side).map((key) => ({ side, key })));
    const decided = [...this.#context.decisions.values()].filter((decision) => decision.model === this.model.name).flatMap(({ leftKey, rightKey }) =>
      [...(leftKey ? [{ side: "left" as const, key: leftKey }] : []), ...(rightKey ? [{ side: "right" as const, key: rightKey }] : [])]);
    // What went to quarantine in this run was looked at in this run.
    return [...decided, ...[...this.#context.quarantine.values()].filter((entry) => entry.model === this.model.name && entry.run !== this.#context.runId), ...pending];
  }

  #pending(side: SideName): readonly Key[] {
    return this.#context.checkpoints.get(this.model.name)?.[side].pending ?? [];
  }

  /**
   * Quarantined rows, and those that could not be deleted, are looked at in every run: their parent may have come, a child
   * may have gone. So are rows that a person has decided about.
   */
  async #revisit(): Promise<void> {
    const waiting = this.#waiting();
    for (const side of ["left", "right"] as const) {
      const entries = waiting.filter((entry) => entry.side === side && !this.#touched[side].has(keyText(entry.key)));
      if (entries.length === 0 || this.sources[side].full) continue;
      const keys = new Map(entries.map(({ key }) => [keyText(key), key]));
      const rows = await this.examiner.sides[side].fetchRows("key", [...keys.values()]);
      await this.#page(side === "left" ? rows : [], side === "right" ? rows : []);
    }
  }

  #takeDeferred(): Record<SideName, readonly Row[]> {
    const rows = { left: [...this.#deferred.left.values()], right: [...this.#deferred.right.values()] };
    for (const side of ["left", "right"] as const) this.#deferred[side].clear();
    return rows;
  }

  async #resolveDeferred(): Promise<void> {
    for (;;) {
      const rows = this.#takeDeferred();
      const before = rows.left.length + rows.right.length;
      if (before === 0) return;
      await this.#page(rows.left, rows.right);
      if (this.#deferred.left.size + this.#deferred.right.size < before) continue;
      // No level was resolved: what is left refers to each other in a circle, or to a parent that waits itself.
      const stuck = this.#takeDeferred();
      const [left, right] = (["left", "right"] as const).map((side) => apartByCircles(this.model, side, stuck[side]));
      await this.#handOn(await this.examiner.examine(left!.circle, right!.circle, { lateSelf: true }));
      await this.#handOn(await this.examiner.examine(left!.others, right!.others));
      for (const row of left!.below) this.#deferred.left.set(keyText(row.key), row);
      for (const row of right!.below) this.#deferred.right.set(keyText(row.key), row);
    }
  }

  /** Something linked may be gone on this side: fewer rows than links, or fewer than there were and came. */
  #deletesPossible(side: SideName): boolean {
    const source = this.sources[side];
    if (source.hinted) return false;
    // The left was read whole with every counterpart: a right row that is gone was met there.
    if (side === "right" && this.sources.left.full) return false;
    if (source.full) return this.#linksSeen[side] < this.links;
    return source.known === undefined || source.total === undefined || source.total !== source.known + this.#unlinkedSeen[side];
  }

  /** Compares links with rows: what is linked and gone on one side is deleted on the other, what is gone on both is forgotten. */
  async #findDeleted(): Promise<void> {
    this.searched = true;
    await this.#sink.flush();
    const { state, pair, pageSize } = this.#context.settings;
    const known = new Set(this.deletes.all.map(({ record }) => record.cloudId));
    let after: string | undefined;
    for (;;) {
      this.#context.safePoint();
      const { bases } = await this.#context.retrying(() => state.scanBases(pair, this.model.name, after, pageSize));
      if (bases.length === 0) return;
      after = bases[bases.length - 1]!.cloudId;
      await this.#compareLinks(bases.map(({ cloudId }) => cloudId), known);
    }
  }

  /** Records with these cloudIds are said to be gone; those that are linked are held against their rows. */
  async lookForGone(cloudIds: readonly string[]): Promise<void> {
    const linked = [...(await this.examiner.basesOf(new Set(cloudIds))).keys()];
    if (linked.length === 0) return;
    await this.#sink.flush();
    await this.#compareLinks(linked, new Set(this.deletes.all.map(({ record }) => record.cloudId)));
    if (this.deletes.length > 0) await this.countLinks();
  }

  async #compareLinks(cloudIds: readonly string[], known: ReadonlySet<string>): Promise<void> {
    const tuples = cloudIds.map((cloudId) => [cloudId]);
    const [left, right] = await Promise.all((["left", "right"] as const).map(async (side) => {
      const { endpoint, fields } = this.model[side];
      return new Map((await this.#context.retrying(() => endpoint.fetch({ fields, by: "cloudId", tuples }))).map((row) => [row.cloudId!, row]));
    }));
    for (const side of ["left", "right"] as const) this.examiner.sides[side].unload();
    const oneSided = cloudIds.filter((cloudId) => !known.has(cloudId) && left!.has(cloudId) !== right!.has(cloudId));
    const examined = await this.examiner.examine(
      oneSided.flatMap((cloudId) => left!.get(cloudId) ?? []), oneSided.flatMap((cloudId) => right!.get(cloudId) ?? []),
    );
    const gone = cloudIds.filter((cloudId) => !left!.has(cloudId) && !right!.has(cloudId));
    await this.#handOn([...examined, ...gone.map((cloudId) => forgotten(this.model, cloudId))]);
  }
}

/** A record that is gone on both sides. */
export function forgotten(model: PairModel, cloudId: string): Examined {
  return { model, cloudId, left: undefined, right: undefined, base: undefined, plan: forgetPlan, problem: undefined, matchedBy: undefined, tries: 0, late: false };
}

const eachOnce = (rows: readonly Row[]): Row[] => [...new Map(rows.map((row) => [keyText(row.key), row])).values()];

const forgetPlan: RecordPlan = { action: "forget", toLeft: [], toRight: [], open: [], drift: [], conflicts: [], reason: "deleted on both sides" };

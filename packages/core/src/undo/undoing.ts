import type { Key, Row } from "../endpoint.ts";
import type { PairModel, SideName } from "../mapping/pair-model.ts";
import type { BaseView } from "../plan/base.ts";
import { commitItems, type ItemOutcome, type Traced } from "../run/commit-items.ts";
import { keyText, type RunContext } from "../run/context.ts";
import type { Examined, Examiner } from "../run/examine.ts";
import type { ReadRecord } from "../run/records.ts";
import { RunTracker } from "../run/tracker.ts";
import type { WriteItem } from "../run/write-item.ts";
import type { Base, StateChange } from "../state.ts";
import type { Value } from "../value.ts";
import { recordName } from "./history.ts";
import type { KeptReason } from "./judge.ts";

/** Counts of one model in one undo. */
export interface UndoCounts {
  /** Rows whose values are put back. */
  readonly restored: { left: number; right: number };
  /** Deleted rows that are made again. */
  readonly recreated: { left: number; right: number };
  /** Created rows that are removed. */
  readonly removed: { left: number; right: number };
  /** Records that are left as they are. */
  kept: number;
}

/** A record that an undo leaves as it is, and why. Names and ids, never values. */
export interface KeptRecord {
  readonly model: string;
  readonly cloudId: string;
  /** The keys it has now, where it is there at all. */
  readonly leftKey?: Key;
  readonly rightKey?: Key;
  readonly reason: KeptReason;
  /** Of a refusal. */
  readonly code?: string;
}

/** How often a record that changes while it is written is looked at. */
export const mostTries = 3;

/** What the steps of one undo share. */
export class Undoing {
  readonly context: RunContext;
  readonly models: readonly PairModel[];
  /** Pre-images of this undo stand under it, also those of an attempt that was interrupted. */
  readonly id: string;
  readonly counts: Map<string, UndoCounts> = new Map();
  /** Rows that are gone, or will be: `side model key`. */
  readonly removing: Set<string> = new Set();
  /** In a dry run: what rows will hold again, by `side model key`. */
  readonly restoring: Map<string, ReadonlyMap<string, Value>> = new Map();
  /** New keys of rows whose old one was taken, by `side model key`. */
  readonly moved: Map<string, Key> = new Map();
  readonly #kept = new Map<string, KeptRecord>();
  readonly #examiners: ReadonlyMap<string, Examiner>;
  readonly #later: ReadonlySet<string>;
  readonly #tracker: RunTracker;

  constructor(context: RunContext, examiners: ReadonlyMap<string, Examiner>, id: string, later: ReadonlySet<string>) {
    this.context = context;
    this.models = [...examiners.values()].map(({ model }) => model);
    this.id = id;
    this.#examiners = examiners;
    this.#later = later;
    this.#tracker = new RunTracker(context);
  }

  get dry(): boolean {
    return this.context.dry;
  }

  get kept(): readonly KeptRecord[] {
    return [...this.#kept.values()];
  }

  countsOf(model: string): UndoCounts {
    let counts = this.counts.get(model);
    if (!counts) {
      counts = { restored: { left: 0, right: 0 }, recreated: { left: 0, right: 0 }, removed: { left: 0, right: 0 }, kept: 0 };
      this.counts.set(model, counts);
    }
    return counts;
  }

  isLater(model: string, cloudId: string): boolean {
    return this.#later.has(recordName(model, cloudId));
  }

  keep(model: string, cloudId: string, reason: KeptReason, code?: string): void {
    const name = recordName(model, cloudId);
    if (!this.#kept.has(name)) this.countsOf(model).kept++;
    this.#kept.set(name, { model, cloudId, reason, ...(code === undefined ? {} : { code }) });
  }

  /** Everything that is left as it is, with the keys it has. */
  async namedKept(): Promise<KeptRecord[]> {
    const keys = new Map<string, { leftKey?: Key; rightKey?: Key }>();
    for (const model of this.models) {
      const tuples = this.kept.flatMap((record) => (record.model === model.name ? [[record.cloudId]] : []));
      if (tuples.length === 0) continue;
      for (const side of ["left", "right"] as const) {
        const rows = await this.context.retrying(() => model[side].endpoint.fetch({ fields: [], by: "cloudId", tuples }));
        for (const { cloudId, key } of rows) keys.set(recordName(model.name, cloudId!), { ...keys.get(recordName(model.name, cloudId!)), [`${side}Key`]: key });
      }
    }
    return this.kept.map((record) => ({ ...record, ...keys.get(recordName(record.model, record.cloudId)) }));
  }

  async rowsOf(model: PairModel, side: SideName, by: "key" | "cloudId", tuples: readonly (readonly string[])[]): Promise<readonly Row[]> {
    return this.#examiners.get(model.name)!.sides[side].fetchRows(by, tuples);
  }

  /** The rows with these cloudIds as they stand, by cloudId. */
  async recordsOf(model: PairModel, side: SideName, cloudIds: readonly string[]): Promise<Map<string, ReadRecord>> {
    const records = await this.#examiners.get(model.name)!.sides[side].fetch("cloudId", cloudIds.map((cloudId) => [cloudId]));
    return new Map(records.map((record) => [record.cloudId!, record]));
  }

  async basesOf(model: PairModel, cloudIds: readonly string[]): Promise<Map<string, BaseView>> {
    const { state, pair } = this.context.settings;
    const bases = await this.context.retrying(() => state.bases(pair, model.name, cloudIds));
    return new Map(bases.map((base) => [base.cloudId, this.context.codecOf(model).view(base)]));
  }

  itemOf(
    model: PairModel, cloudId: string, sides: { readonly left?: ReadRecord | undefined; readonly right?: ReadRecord | undefined }, base: BaseView | undefined,
  ): WriteItem {
    const examined: Examined = {
      model, cloudId, left: sides.left, right: sides.right, base, problem: undefined, matchedBy: undefined, tries: 0, late: false,
      plan: { action: "none", toLeft: [], toRight: [], open: [], drift: [], conflicts: [], reason: "undo" },
    };
    return { examined, insert: undefined, updates: {}, identify: {}, after: {}, outcome: "pending" };
  }

  commit(side: SideName, items: readonly WriteItem[], toBatches: (items: readonly WriteItem[], side: SideName) => Traced[]): Promise<ItemOutcome[]> {
    return commitItems(this.context, this.#tracker, side, items, toBatches);
  }

  async store(changes: readonly StateChange[]): Promise<void> {
    const { state, pair } = this.context.settings;
    if (changes.length > 0) await this.context.retrying(() => state.commit(pair, changes));
  }

  /** What both sides had agreed on before the run counts again. */
  async restoreBases(model: PairModel, records: readonly { readonly cloudId: string; readonly base: Base | undefined }[]): Promise<void> {
    if (this.dry || records.length === 0) return;
    this.context.agreed = true;
    const bases = records.flatMap(({ base }) => base ?? []);
    const none = records.flatMap(({ cloudId, base }) => (base ? [] : [cloudId]));
    await this.store([
      ...(bases.length > 0 ? [{ op: "putBases" as const, bases }] : []),
      ...(none.length > 0 ? [{ op: "removeBases" as const, model: model.name, cloudIds: none }] : []),
    ]);
  }
}

export const rowName = (side: SideName, model: string, key: Key): string => `${side} ${model} ${keyText(key)}`;

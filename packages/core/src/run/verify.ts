import type { Key, Page } from "../endpoint.ts";
import type { Base } from "../state.ts";
import type { Mapping } from "../mapping/compile.ts";
import { otherSide, type PairModel, type SideName } from "../mapping/pair-model.ts";
import { quarantineId, RunContext, type Settings } from "./context.ts";
import { Examiner } from "./examine.ts";
import { readAhead, pagesOf } from "./pages.ts";
import type { PairModels } from "./pair-models.ts";
import type { ReadRecord } from "./records.ts";
import { prepare, type RunOptions } from "./run.ts";
import { withSession } from "./session.ts";

/** One record that is not the same on both sides. Names and keys, never values. */
export interface Difference {
  readonly model: string;
  readonly leftKey?: Key;
  readonly rightKey?: Key;
  /** Differing fields; empty when one side has no such record. */
  readonly fields: readonly string[];
  /** Why it may differ: waits in quarantine (with its code), or for a person's decision, or is drift. Undefined: nobody knows yet. */
  readonly explanation?: string;
}

export interface VerifyCounts {
  equal: number;
  /** Differ in a field that a database altered when it was written; both sides agreed on that. */
  altered: number;
  different: number;
  onlyLeft: number;
  onlyRight: number;
  explained: number;
}

export interface VerifyResult {
  /** Everything is the same on both sides, and everything was looked at: no model was stopped by a finding. */
  readonly equal: boolean;
  /** No difference that is not explained. */
  readonly explained: boolean;
  readonly models: ReadonlyMap<string, VerifyCounts>;
  /** The first ones, at most a hundred per model; the counts are complete. */
  readonly differences: readonly Difference[];
}

const kept = 100;
const readable = (record: ReadRecord): boolean => !record.problem && record.waits.length === 0;

/** Reads both sides whole and holds them against each other; decides nothing and writes nothing. */
export async function verify(settings: Settings, mapping: Mapping, options: RunOptions): Promise<VerifyResult> {
  const context = new RunContext(settings, { dry: true, signal: options.signal, onEvent: options.onEvent });
  return withSession(context, mapping, options, async ({ models }) => {
    const byName: PairModels = prepare(context, models).byName;
    const open = new Set(await openConflicts(context));
    const counts = new Map<string, VerifyCounts>();
    const differences: Difference[] = [];
    for (const model of models) {
      context.emit({ type: "step", step: "verify", model: model.name });
      const verifier = new ModelVerifier(context, model, byName, open);
      await verifier.run();
      counts.set(model.name, verifier.counts);
      differences.push(...verifier.differences);
    }
    const all = [...counts.values()];
    const amiss = (entry: VerifyCounts): number => entry.different + entry.onlyLeft + entry.onlyRight;
    return { equal: models.length === mapping.models.length && all.every((entry) => amiss(entry) === 0), explained: all.every((entry) => amiss(entry) === entry.explained), models: counts, differences };
  });
}

/** Records that a conflict holds back, as `model/cloudId`. */
async function openConflicts(context: RunContext): Promise<string[]> {
  const { state, pair } = context.settings;
  const found: string[] = [];
  for (let after: string | undefined; ;) {
    const page = await context.retrying(() => state.read(pair, { collection: "conflict", limit: 1000, ...(after === undefined ? {} : { after }) }));
    for (const conflict of page) if (conflict.decision === "open") found.push(`${conflict.model}/${conflict.cloudId}`);
    if (page.length < 1000) return found;
    after = page[page.length - 1]!.id;
  }
}

/** Enough of a record to speak of it. */
type Named = Pick<ReadRecord, "side" | "key" | "cloudId">;

class ModelVerifier {
  readonly counts: VerifyCounts = { equal: 0, altered: 0, different: 0, onlyLeft: 0, onlyRight: 0, explained: 0 };
  readonly differences: Difference[] = [];
  readonly #context: RunContext;
  readonly #model: PairModel;
  readonly #examiner: Examiner;
  readonly #open: ReadonlySet<string>;
  /** The side that is read from, where only one is. */
  readonly #source: SideName | undefined;

  constructor(context: RunContext, model: PairModel, models: PairModels, open: ReadonlySet<string>) {
    this.#context = context;
    this.#model = model;
    this.#examiner = new Examiner(context, model, models);
    this.#open = open;
    const { direction } = context.settings;
    this.#source = direction === "both" ? undefined : direction === "left-to-right" ? "left" : "right";
  }

  async run(): Promise<void> {
    for await (const records of readAhead(this.#pages("left"))) {
      const counterparts = await this.#counterparts(records);
      const suspects: [ReadRecord, ReadRecord][] = [];
      const alone: Named[] = [];
      for (const left of records) {
        const right = left.cloudId === null ? undefined : counterparts.get(left.cloudId);
        if (!right) alone.push(left);
        else if (readable(left) && readable(right) && this.#differing(left, right).length === 0) this.counts.equal++;
        else suspects.push([left, right]);
      }
      await this.#judge(suspects);
      await this.#judgeOneSided(alone);
    }
    for await (const { rows } of readAhead(this.#scan("right", []))) {
      // What both have was compared from the left; whether there is a left one is all that is left to ask.
      const { endpoint } = this.#model.left;
      const tuples = rows.flatMap((row) => (row.cloudId === null ? [] : [[row.cloudId]]));
      const found = tuples.length === 0 ? [] : await this.#context.retrying(() => endpoint.fetch({ fields: [], by: "cloudId", tuples }));
      const lefts = new Set(found.map((row) => row.cloudId));
      await this.#judgeOneSided(rows.flatMap(({ key, cloudId }): Named[] => (cloudId === null || !lefts.has(cloudId) ? [{ side: "right", key, cloudId }] : [])));
    }
  }

  async *#pages(side: SideName): AsyncGenerator<ReadRecord[]> {
    for await (const { rows } of this.#scan(side, this.#model[side].fields)) yield await this.#examiner.sides[side].records(rows);
  }

  async *#scan(side: SideName, fields: readonly string[]): AsyncGenerator<Page> {
    for await (const page of pagesOf(this.#context, this.#model[side].endpoint, { fields, pageSize: this.#context.settings.pageSize })) {
      this.#context.safePoint();
      this.#context.progress("verify", this.#model.name, side, page.rows.length, undefined);
      yield page;
    }
  }

  async #counterparts(records: readonly ReadRecord[]): Promise<Map<string, ReadRecord>> {
    const tuples = records.flatMap((record) => (record.cloudId === null ? [] : [[record.cloudId]]));
    return new Map((await this.#examiner.sides.right.fetch("cloudId", tuples)).map((record) => [record.cloudId!, record]));
  }

  #differing(left: ReadRecord, right: ReadRecord): number[] {
    const found: number[] = [];
    for (let at = 0; at < this.#model.fields.length; at++) if (left.meet[at] !== right.meet[at]) found.push(at);
    return found;
  }

  async #judge(suspects: readonly [ReadRecord, ReadRecord][]): Promise<void> {
    const codec = this.#context.codecOf(this.#model);
    const bases = await this.#examiner.basesOf(suspects.map(([left]) => left.cloudId!));
    for (const [left, right] of suspects) {
      const fields = this.#differing(left, right);
      const base = bases.get(left.cloudId!);
      const view = base && codec.view(base);
      const agreed = view && fields.every((at) =>
        view.left[at] !== view.right[at] && view.left[at] === codec.hash(left.meet[at]) && view.right[at] === codec.hash(right.meet[at]));
      if (agreed && readable(left) && readable(right)) {
        this.counts.altered++;
        continue;
      }
      this.counts.different++;
      const source = this.#source === "left" ? left : right;
      // The source is as it was: the other side went away from it.
      const drifted = view !== undefined && this.#source !== undefined && fields.every((at) => view[this.#source!][at] === codec.hash(source.meet[at]));
      const difference = { model: this.#model.name, leftKey: left.key, rightKey: right.key, fields: fields.map((at) => this.#model.fields[at]!.name) };
      this.#note(difference, [left, right], drifted ? `drift: edited on the ${otherSide(this.#source)}, which is not read from` : undefined);
    }
  }

  async #judgeOneSided(records: readonly Named[]): Promise<void> {
    const bases: ReadonlyMap<string, Base> = this.#source === undefined ? new Map() : await this.#examiner.basesOf(records.flatMap(({ cloudId }) => cloudId ?? []));
    const edited = await this.#editedThere(records.filter(({ cloudId }) => cloudId !== null && bases.has(cloudId)), bases);
    for (const record of records) {
      const { side, cloudId } = record;
      this.counts[side === "left" ? "onlyLeft" : "onlyRight"]++;
      const linked = cloudId !== null && bases.has(cloudId);
      const drifted = this.#source !== undefined && (side === this.#source ? linked : !linked || edited.has(cloudId));
      const drift = side === this.#source ? `drift: deleted on the ${otherSide(side)}, which is not read from`
        : linked ? `drift: edited on the ${side}, which is not read from` : `only on the ${side}, which is not read from`;
      const difference = { model: this.#model.name, ...(side === "left" ? { leftKey: record.key } : { rightKey: record.key }), fields: [] };
      this.#note(difference, [record], drifted ? drift : undefined);
    }
  }

  /** CloudIds of records whose source is gone, and which stay, since they were edited on the side that is not read from. */
  async #editedThere(linked: readonly Named[], bases: ReadonlyMap<string, Base>): Promise<ReadonlySet<string | null>> {
    const there = linked.filter(({ side }) => side !== this.#source);
    const side = there[0]?.side;
    const { drift, mirror } = this.#context.settings;
    if (side === undefined || this.#model.onEditDelete !== "edit" || drift === "overwrite" || mirror) return new Set();
    const codec = this.#context.codecOf(this.#model);
    const records = await this.#examiner.sides[side].fetch("key", there.map(({ key }) => key));
    const edited = records.filter(({ cloudId, meet }) => {
      const base = bases.get(cloudId ?? "");
      return base && codec.view(base)[side].some((hash, at) => hash !== codec.hash(meet[at]));
    });
    return new Set(edited.map(({ cloudId }) => cloudId));
  }

  #note(difference: Difference, records: readonly Named[], otherwise: string | undefined): void {
    const entries = records.flatMap((record) => this.#context.quarantine.get(quarantineId(record.side, this.#model.name, record.key)) ?? []);
    const waits = records.some((record) => record.cloudId !== null && this.#open.has(`${this.#model.name}/${record.cloudId}`));
    const explanation = entries[0]
      ? `in quarantine: ${entries[0].code}${entries[0].constraint === undefined ? "" : ` (${entries[0].constraint})`}`
      : waits ? "an open conflict waits for a decision" : otherwise;
    if (explanation !== undefined) this.counts.explained++;
    if (this.differences.length < kept) this.differences.push({ ...difference, ...(explanation === undefined ? {} : { explanation }) });
  }
}

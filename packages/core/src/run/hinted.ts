import type { Key } from "../endpoint.ts";
import type { HintedModel } from "../hints.ts";
import type { PairField, PairModel, SideName } from "../mapping/pair-model.ts";
import type { ModelAnalysis } from "./analyse.ts";
import { SyncError } from "../errors.ts";
import { keyText, type RunContext, type Settings } from "./context.ts";
import type { Doomed } from "./delete-list.ts";
import { keyIn } from "./records.ts";
import type { Sink } from "./writer.ts";

const sides = ["left", "right"] as const;

/** What was hinted on each side, by that side's names of its models. */
export type RunHints = Readonly<Record<SideName, ReadonlyMap<string, HintedModel>>>;

/** How far a pair has heard its databases. Kept in memory only: what is forgotten with it is found by the next whole run. */
export class Hearing {
  readonly #settings: Settings;
  readonly #names: Readonly<Record<SideName, ReadonlySet<string>>>;
  readonly #heard: { left?: string; right?: string } = {};

  constructor(settings: Settings, models: readonly PairModel[]) {
    this.#settings = settings;
    this.#names = { left: new Set(models.map(({ left }) => left.name)), right: new Set(models.map(({ right }) => right.name)) };
  }

  /** To be called before anything is read; gives what to call once all that was hinted so far has been looked at. */
  begin(): () => void {
    const { left, right } = this.#settings.databases;
    const now = { ...(left.hints ? { left: left.hints.position } : {}), ...(right.hints ? { right: right.hints.position } : {}) };
    return () => void Object.assign(this.#heard, now);
  }

  async hints(): Promise<RunHints> {
    const { left, right } = this.#settings.databases;
    if (!left.hints && !right.hints) {
      throw new SyncError("OPTIONS.NO_HINTS", "Neither database gives hints, so that there is nothing for a hinted run to look at: turn them on in the adapter's options, or leave `hinted` out.");
    }
    const [fromLeft, fromRight] = await Promise.all(sides.map(async (side) => {
      const heard = await this.#settings.databases[side].hints?.since(this.#heard[side]);
      return new Map([...(heard ?? [])].filter(([name]) => this.#names[side].has(name)));
    }));
    return { left: fromLeft!, right: fromRight! };
  }
}

/** Keys that a run with hints looks at, by model; each key is taken once. */
class HintedKeys {
  readonly #keys: Readonly<Record<SideName, Map<string, Map<string, Key>>>> = { left: new Map(), right: new Map() };
  #fresh: Readonly<Record<SideName, Map<string, Key[]>>> = { left: new Map(), right: new Map() };

  add(side: SideName, model: string, keys: Iterable<Key>): void {
    const known = this.#keys[side].get(model) ?? new Map<string, Key>();
    this.#keys[side].set(model, known);
    const fresh = this.#fresh[side].get(model) ?? [];
    this.#fresh[side].set(model, fresh);
    for (const key of keys) {
      if (known.has(keyText(key))) continue;
      known.set(keyText(key), key);
      fresh.push(key);
    }
  }

  of(side: SideName, model: string): readonly Key[] {
    return [...(this.#keys[side].get(model)?.values() ?? [])];
  }

  /** Those that came since this was asked last. */
  takeFresh(side: SideName, model: string): readonly Key[] {
    const fresh = this.#fresh[side].get(model) ?? [];
    this.#fresh[side].delete(model);
    return fresh;
  }
}

/** Models of which every record may have changed on some side: they are looked at as in any other run. */
export function wholeModels(models: readonly PairModel[], hints: RunHints): ReadonlySet<string> {
  return new Set(models.filter((model) => sides.some((side) => hints[side].get(model[side].name)?.keys === "all")).map(({ name }) => name));
}

/**
 * Looks at the hinted records of models that are not looked at whole, parents first, and at what stands or falls with them:
 * parents that have not come across yet, and children of what is deleted. Gives the models that it looked at.
 */
export class HintedAnalysis {
  readonly looked: Set<ModelAnalysis> = new Set();
  readonly #context: RunContext;
  readonly #analyses: ReadonlyMap<string, ModelAnalysis>;
  readonly #hints: RunHints;
  readonly #keys = new HintedKeys();
  readonly #askedFor = new Set<Doomed>();

  /** `analyses`: of all models that are not looked at whole, in order. */
  constructor(context: RunContext, analyses: readonly ModelAnalysis[], hints: RunHints) {
    this.#context = context;
    this.#analyses = new Map(analyses.map((analysis) => [analysis.model.name, analysis]));
    this.#hints = hints;
    for (const { model } of analyses) {
      for (const side of sides) {
        const keys = hints[side].get(model[side].name)?.keys;
        if (keys && keys !== "all") this.#keys.add(side, model.name, keys);
      }
    }
  }

  /** Before any record is looked at. */
  async open(): Promise<void> {
    while (await this.#addNewParents()) continue;
    for (const { model, sources } of this.#analyses.values()) for (const side of sides) sources[side].hint(this.#keys.of(side, model.name));
  }

  async look(analysis: ModelAnalysis): Promise<void> {
    const { model, sources } = analysis;
    const gone = sides.flatMap((side) => this.#hints[side].get(model[side].name)?.gone ?? []);
    if (sides.every((side) => sources[side].idle) && gone.length === 0) return;
    this.#begin(analysis);
    await analysis.run();
    await analysis.lookForGone(gone);
  }

  /** After all models were looked at: children of what is to be deleted went with their parents on the other side, or stay. */
  async lookAtOrphans(sink: Sink): Promise<void> {
    while (await this.#addChildrenOfDeleted()) {
      for (const analysis of this.#analyses.values()) {
        for (const side of sides) analysis.sources[side].hint(this.#keys.takeFresh(side, analysis.model.name));
        if (sides.every((side) => analysis.sources[side].idle)) continue;
        this.#begin(analysis);
        await analysis.run();
      }
      await sink.flush(true);
    }
  }

  #begin(analysis: ModelAnalysis): void {
    this.looked.add(analysis);
    this.#context.emit({ type: "step", step: "analyse", model: analysis.model.name });
  }

  /** Hints are not in the order of the records: one of a child may come before that of its parent, or without it. */
  async #addNewParents(): Promise<boolean> {
    let added = false;
    for (const { model } of [...this.#analyses.values()].reverse()) {
      for (const side of sides) {
        const keys = this.#keys.takeFresh(side, model.name);
        const references = model.fields.filter(({ parent }) => parent !== undefined && this.#analyses.has(parent));
        if (keys.length === 0 || references.length === 0) continue;
        const { endpoint, fields } = model[side];
        const rows = await this.#context.retrying(() => endpoint.fetch({ fields, by: "key", tuples: keys }));
        for (const field of references) {
          const parents = rows.flatMap((row) => {
            const key = keyIn(row, field, side);
            return key ? [key] : [];
          });
          const unlinked = await this.#unlinked(this.#analyses.get(field.parent!)!, side, parents);
          this.#keys.add(side, field.parent!, unlinked);
          added ||= unlinked.length > 0;
        }
      }
    }
    return added;
  }

  async #unlinked({ model, examiner }: ModelAnalysis, side: SideName, keys: readonly Key[]): Promise<readonly Key[]> {
    const known = new Set(this.#keys.of(side, model.name).map(keyText));
    const tuples = [...new Map(keys.map((key) => [keyText(key), key])).values()].filter((key) => !known.has(keyText(key)));
    if (tuples.length === 0) return [];
    const rows = await this.#context.retrying(() => model[side].endpoint.fetch({ fields: [], by: "key", tuples }));
    const bases = await examiner.basesOf(rows.flatMap(({ cloudId }) => cloudId ?? []));
    return rows.filter(({ cloudId }) => cloudId === null || !bases.has(cloudId)).map(({ key }) => key);
  }

  async #addChildrenOfDeleted(): Promise<boolean> {
    let added = false;
    for (const { model: parent, deletes } of this.#analyses.values()) {
      const doomed = deletes.all.filter((each) => !this.#askedFor.has(each));
      for (const each of doomed) this.#askedFor.add(each);
      for (const { model } of doomed.length === 0 ? [] : this.#analyses.values()) {
        for (const field of model.fields) if (field.parent === parent.name) added = (await this.#addChildren(model, field, doomed)) || added;
      }
    }
    return added;
  }

  async #addChildren(model: PairModel, field: PairField, doomed: readonly Doomed[]): Promise<boolean> {
    let added = false;
    for (const side of sides) {
      const tuples = doomed.flatMap((each) => (each.side === side ? [each.key] : []));
      if (tuples.length === 0) continue;
      const children = await this.#context.retrying(() => model[side].endpoint.fetch({ fields: [], by: field[side].names, tuples }));
      const known = new Set(this.#keys.of(side, model.name).map(keyText));
      const fresh = children.map(({ key }) => key).filter((key) => !known.has(keyText(key)));
      this.#keys.add(side, model.name, fresh);
      added ||= fresh.length > 0;
    }
    return added;
  }
}

import type { Key } from "./endpoint.ts";
import { SyncError } from "./errors.ts";
import type { Hint, HintedModel, Hints } from "./hints.ts";

interface Kept {
  readonly key: Key;
  readonly cloudId: string | undefined;
  readonly at: number;
}

/** The hints of one model, the oldest first. */
interface KeptModel {
  readonly hints: Map<string, Kept>;
  /** Up to here some are no longer known by their keys. */
  forgotten: number;
}

/**
 * Collects hints in memory, for as many readers as there are: each has a position of its own. Of each model the youngest
 * keys are kept; to a reader that stands further back, the whole model may have changed.
 */
export class HintLog implements Hints {
  readonly #keysKept: number;
  readonly #models = new Map<string, KeptModel>();
  /** By transaction, what it did so far. */
  readonly #open = new WeakMap<object, HintLog>();
  #last = 0;

  /** `keysKept`: of each model. */
  constructor({ keysKept = 10_000 }: { readonly keysKept?: number } = {}) {
    if (!(keysKept >= 1)) throw new SyncError("OPTIONS.INVALID", "`keysKept` is a number of keys, 1 or more.");
    this.#keysKept = keysKept;
  }

  /** With `transaction`, whatever object stands for it: nobody is told before it has `committed`. */
  add({ model: name, key, cloudId }: Hint, transaction?: object): void {
    if (transaction) return this.#within(transaction).add({ model: name, ...(key ? { key } : {}), ...(cloudId === undefined ? {} : { cloudId }) });
    let model = this.#models.get(name);
    if (!model) this.#models.set(name, (model = { hints: new Map(), forgotten: 0 }));
    const at = ++this.#last;
    if (key === undefined) {
      model.hints.clear();
      model.forgotten = at;
      return;
    }
    // A key that another record has by now still stands for the one that is gone.
    const id = JSON.stringify([cloudId ?? null, ...key]);
    model.hints.delete(id);
    model.hints.set(id, { key, cloudId, at });
    if (model.hints.size <= this.#keysKept) return;
    const [oldest, { at: forgotten }] = model.hints.entries().next().value!;
    model.hints.delete(oldest);
    model.forgotten = forgotten;
  }

  /** What was added within this transaction may be told. */
  committed(transaction: object): void {
    const within = this.#open.get(transaction);
    this.#open.delete(transaction);
    if (!within) return;
    for (const [model, { hints, forgotten }] of within.#models) {
      if (forgotten > 0) this.add({ model });
      for (const { key, cloudId } of hints.values()) this.add({ model, key, ...(cloudId === undefined ? {} : { cloudId }) });
    }
  }

  /** Nothing came of it. */
  rolledBack(transaction: object): void {
    this.#open.delete(transaction);
  }

  get position(): string {
    return String(this.#last);
  }

  since(position: string | undefined): Promise<ReadonlyMap<string, HintedModel>> {
    const from = Number(position ?? 0);
    const found = new Map<string, HintedModel>();
    for (const [name, { hints, forgotten }] of this.#models) {
      const young = [...hints.values()].filter(({ at }) => at > from);
      if (young.length === 0 && forgotten <= from) continue;
      const keys = new Map(young.map(({ key }) => [JSON.stringify(key), key]));
      found.set(name, { keys: forgotten > from ? "all" : [...keys.values()], gone: young.flatMap(({ cloudId }) => cloudId ?? []) });
    }
    return Promise.resolve(found);
  }

  #within(transaction: object): HintLog {
    let within = this.#open.get(transaction);
    if (!within) this.#open.set(transaction, (within = new HintLog({ keysKept: this.#keysKept })));
    return within;
  }
}

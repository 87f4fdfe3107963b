import type { Key } from "../endpoint.ts";
import type { PairModel, SideName } from "../mapping/pair-model.ts";
import { keyText, type RunContext } from "./context.ts";

/** What stands behind a key or a cloudId: `null` cloudId: the row exists but belongs to nothing yet. */
interface Known {
  byKey: Map<string, string | null>;
  byCloudId: Map<string, Key>;
}

const capacity = 50_000;

/** Begins what stands for a cloudId that a plan does not know yet. */
const coming = "coming:";

/**
 * Local key ↔ cloudId of one side: what this run has learnt or decided itself, and the rest fetched in batches.
 * The one place where references change between the two forms. Bounded: the oldest entries go first, except those
 * of records that wait for their unit.
 */
export class Identities {
  readonly #context: RunContext;
  readonly #side: SideName;
  readonly #known = new Map<string, Known>();
  readonly #pending = new Map<string, Known>();
  readonly #coming = new Map<string, Set<string>>();
  #referenced: ReadonlySet<string> = new Set();

  constructor(context: RunContext, side: SideName) {
    this.#context = context;
    this.#side = side;
  }

  /** Only models that others refer to are remembered. */
  remember(referenced: ReadonlySet<string>): void {
    this.#referenced = referenced;
  }

  /** A row that was read. */
  learn(model: string, key: Key, cloudId: string | null): void {
    if (!this.#referenced.has(model)) return;
    const known = entry(this.#known, model);
    trim(known);
    known.byKey.set(keyText(key), cloudId);
    if (cloudId !== null) known.byCloudId.set(cloudId, key);
  }

  /** A record that will stand in the database once its unit is committed. */
  promise(model: string, key: Key | undefined, cloudId: string): void {
    if (!this.#referenced.has(model)) return;
    const pending = entry(this.#pending, model);
    if (key) pending.byKey.set(keyText(key), cloudId);
    pending.byCloudId.set(cloudId, key ?? []);
  }

  /**
   * Plans only: this row will get a cloudId when it comes across. Nothing settles while a plan is made, and there may be as
   * many of these as rows: one short text each is all that is kept.
   */
  expect(model: string, key: Key): void {
    if (!this.#referenced.has(model)) return;
    const keys = this.#coming.get(model) ?? new Set();
    this.#coming.set(model, keys.add(keyText(key)));
  }

  /** The unit is through: what was promised is now merely known. */
  settle(): void {
    for (const [model, { byKey, byCloudId }] of this.#pending) {
      const known = entry(this.#known, model);
      for (const [key, cloudId] of byKey) known.byKey.set(key, cloudId);
      for (const [cloudId, key] of byCloudId) known.byCloudId.set(cloudId, key);
      trim(known);
    }
    this.#pending.clear();
  }

  /** The record did not come to be, or is gone. */
  forget(model: string, key: Key, cloudId: string | null): void {
    for (const known of [this.#known.get(model), this.#pending.get(model)]) {
      known?.byKey.delete(keyText(key));
      if (cloudId !== null) known?.byCloudId.delete(cloudId);
    }
  }

  /** Rows of this model have other keys by now: an old key may be another row's. Nothing may be on its way. */
  forgetKeys(model: string): void {
    this.#known.delete(model);
  }

  cloudIdOf(model: string, key: Key): string | null | undefined {
    const text = keyText(key);
    const pending = this.#pending.get(model)?.byKey.get(text);
    if (pending !== undefined) return pending;
    return this.#coming.get(model)?.has(text) ? `${coming}${this.#side}:${text}` : this.#known.get(model)?.byKey.get(text);
  }

  /** Empty: the record has no row on this side yet. */
  keyOf(model: string, cloudId: string): Key | undefined {
    if (cloudId.startsWith(coming)) return [];
    return this.#pending.get(model)?.byCloudId.get(cloudId) ?? this.#known.get(model)?.byCloudId.get(cloudId);
  }

  /** Makes `cloudIdOf` answer for these keys: undefined afterwards means that no such row exists. */
  async needCloudIds(model: PairModel, keys: Iterable<Key>): Promise<void> {
    const missing = new Map<string, Key>();
    for (const key of keys) if (this.cloudIdOf(model.name, key) === undefined) missing.set(keyText(key), key);
    if (missing.size === 0) return;
    const endpoint = model[this.#side].endpoint;
    const rows = await this.#context.retrying(() => endpoint.fetch({ fields: [], by: "key", tuples: [...missing.values()] }));
    for (const row of rows) this.learn(model.name, row.key, row.cloudId);
  }

  /** Makes `keyOf` answer for these cloudIds: undefined afterwards means that no such row exists. */
  async needKeys(model: PairModel, cloudIds: Iterable<string>): Promise<void> {
    const missing = new Set<string>();
    for (const cloudId of cloudIds) if (this.keyOf(model.name, cloudId) === undefined) missing.add(cloudId);
    if (missing.size === 0) return;
    const endpoint = model[this.#side].endpoint;
    const rows = await this.#context.retrying(() => endpoint.fetch({ fields: [], by: "cloudId", tuples: [...missing].map((cloudId) => [cloudId]) }));
    // Of two that bear one cloudId nobody can tell which one is meant.
    for (const row of rows) if (!row.faults) this.learn(model.name, row.key, row.cloudId);
  }
}

function entry(map: Map<string, Known>, model: string): Known {
  let known = map.get(model);
  if (!known) {
    known = { byKey: new Map(), byCloudId: new Map() };
    map.set(model, known);
  }
  return known;
}

function trim(known: Known): void {
  for (const map of [known.byKey, known.byCloudId]) {
    if (map.size <= capacity) continue;
    let extra = map.size - capacity * 0.9;
    for (const key of map.keys()) {
      if (extra-- <= 0) break;
      map.delete(key);
    }
  }
}

import type { Key } from "../endpoint.ts";
import type { Refusal } from "../unit.ts";
import type { Model } from "../model.ts";
import type { Value } from "../value.ts";

/** A row as plain values by field name. */
export type MemoryRecord = Record<string, Value>;

/** A model and what this database does with its rows. */
export interface MemoryModel {
  readonly model: Model;
  /** Check constraints: a row that fails one is refused with `code` (default `WRITE.CHECK`) and this name. */
  readonly checks?: readonly {
    readonly name: string;
    readonly code?: Refusal["code"];
    readonly test: (record: Readonly<MemoryRecord>) => boolean;
  }[];
  /** Column defaults: what an insert gets for a field that it leaves out; without one, null. */
  readonly defaults?: Readonly<MemoryRecord>;
  /** A trigger: what the database makes of a row as it is written (rounds, trims, stamps). Its outcomes carry after-images. */
  readonly alter?: (record: Readonly<MemoryRecord>, previous: Readonly<MemoryRecord> | undefined) => MemoryRecord;
}

/** One version of one row. Never changed: an update makes another one. */
export interface Version {
  readonly key: Key;
  /** In the order of the model's fields. */
  readonly values: readonly Value[];
  /** From the model's cloudId field or the side table. */
  readonly cloudId: string | null;
  /** Who wrote `values` last. */
  readonly transaction: number;
  /** Values that are not of their field's kind: an application may write them, a unit may not. */
  readonly faults: readonly Fault[];
}

export interface Fault {
  readonly field: string;
  readonly code: string;
}

/** Caught by whoever runs the transaction; nothing of it stays. */
export class Refused extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.code);
    this.refusal = refusal;
  }
}

interface Index {
  readonly at: readonly number[];
  /** Set for a unique key: its name. */
  readonly unique: string | undefined;
  readonly rows: Map<string, Set<string>>;
}

/** The rows of one model, in key order, with every constraint's index. */
export class Table {
  readonly rules: MemoryModel;
  readonly model: Model;
  readonly names: readonly string[];
  readonly keyAt: readonly number[];
  readonly cloudIdAt: number;
  rows: Map<string, Version> = new Map();
  /** The side table: cloudIds by key, and back. A row that an application deleted leaves its entry behind. */
  readonly identities: Map<string, string> = new Map();
  readonly holders: Map<string, string> = new Map();
  #indexes: Map<string, Index> = new Map();
  #order: Version[] | undefined;
  #compare: (a: Key, b: Key) => number;

  constructor(rules: MemoryModel, compareTexts: (a: string, b: string) => number) {
    this.rules = rules;
    this.model = rules.model;
    this.names = rules.model.fields.map((field) => field.name);
    this.keyAt = rules.model.primaryKey.map((name) => this.at(name));
    const { cloudId } = rules.model.syncFields;
    this.cloudIdAt = cloudId === undefined ? -1 : this.at(cloudId);
    for (const key of rules.model.uniqueKeys) this.#index(key.fields, key.name);
    if (cloudId !== undefined) this.#index([cloudId], cloudId);
    const numeric = this.keyAt.map((at) => rules.model.fields[at]!.kind.type === "integer");
    this.#compare = (a, b) => {
      for (let part = 0; part < a.length; part += 1) {
        const order = numeric[part] ? compareIntegers(a[part]!, b[part]!) : compareTexts(a[part]!, b[part]!);
        if (order !== 0) return order;
      }
      return 0;
    };
  }

  at(name: string): number {
    const at = this.names.indexOf(name);
    if (at < 0) throw new TypeError(`Model ${this.model.name} has no field "${name}".`);
    return at;
  }

  get(key: Key): Version | undefined {
    return this.rows.get(keyText(key));
  }

  /** Rows in key order. */
  ordered(): readonly Version[] {
    return (this.#order ??= [...this.rows.values()].sort((a, b) => this.#compare(a.key, b.key)));
  }

  /** Rows above `after`, up to and including `upTo`, at most `limit`. */
  between(after: Key | null, upTo: Key | null, limit: number): readonly Version[] {
    const order = this.ordered();
    const start = after === null ? 0 : this.#firstAbove(order, after);
    const end = upTo === null ? order.length : this.#firstAbove(order, upTo);
    return order.slice(start, Math.min(end, start + limit));
  }

  /** Rows whose fields hold these values. */
  find(fields: readonly string[], tuple: readonly string[]): readonly Version[] {
    if (same(fields, this.model.primaryKey)) return this.#present([keyText(tuple)]);
    return this.#present(this.#index(fields, undefined).rows.get(keyText(tuple)) ?? []);
  }

  /** Puts a version in its place and keeps the indexes; refuses a second row under a unique key. */
  set(text: string, next: Version | undefined): void {
    const before = this.rows.get(text);
    for (const index of this.#indexes.values()) {
      const old = before && tupleText(before.values, index.at);
      const now = next && tupleText(next.values, index.at);
      if (old === now) continue;
      if (index.unique !== undefined && now !== undefined && (index.rows.get(now)?.size ?? 0) > 0) {
        throw new Refused({ code: "WRITE.UNIQUE", constraint: index.unique, model: this.model.name });
      }
    }
    for (const index of this.#indexes.values()) {
      const old = before && tupleText(before.values, index.at);
      const now = next && tupleText(next.values, index.at);
      if (old === now) continue;
      if (old !== undefined) index.rows.get(old)?.delete(text);
      if (now !== undefined) add(index, now, text);
    }
    if (next === undefined) this.rows.delete(text);
    else this.rows.set(text, next);
    if (this.#order !== undefined && before !== undefined && next !== undefined) {
      this.#order[this.#firstAbove(this.#order, next.key) - 1] = next;
    } else this.#order = undefined;
  }

  /** Everything anew, as from a backup. */
  load(rows: ReadonlyMap<string, Version>, identities: ReadonlyMap<string, string>): void {
    this.rows = new Map();
    this.#order = undefined;
    for (const index of this.#indexes.values()) index.rows.clear();
    for (const [text, version] of rows) this.set(text, version);
    this.identities.clear();
    this.holders.clear();
    for (const [text, cloudId] of identities) this.identify(text, cloudId);
  }

  /** Puts a cloudId in the side table, or takes it out. */
  identify(text: string, cloudId: string | undefined): void {
    const before = this.identities.get(text);
    if (before !== undefined && this.holders.get(before) === text) this.holders.delete(before);
    if (cloudId === undefined) this.identities.delete(text);
    else {
      this.identities.set(text, cloudId);
      this.holders.set(cloudId, text);
    }
  }

  record(values: readonly Value[]): MemoryRecord {
    return Object.fromEntries(this.names.map((name, at) => [name, values[at]!]));
  }

  #present(texts: Iterable<string>): readonly Version[] {
    const found: Version[] = [];
    for (const text of texts) {
      const version = this.rows.get(text);
      if (version !== undefined) found.push(version);
    }
    return found;
  }

  #index(fields: readonly string[], unique: string | undefined): Index {
    const name = `${unique === undefined ? "" : "unique "}${fields.join(",")}`;
    let index = this.#indexes.get(name);
    if (index === undefined) {
      index = { at: fields.map((field) => this.at(field)), unique, rows: new Map() };
      for (const [text, version] of this.rows) {
        const tuple = tupleText(version.values, index.at);
        if (tuple !== undefined) add(index, tuple, text);
      }
      this.#indexes.set(name, index);
    }
    return index;
  }

  #firstAbove(order: readonly Version[], key: Key): number {
    let low = 0;
    let high = order.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#compare(order[middle]!.key, key) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** A key as a map's key. */
export function keyText(key: readonly string[]): string {
  return key.length === 1 ? key[0]! : JSON.stringify(key);
}

function tupleText(values: readonly Value[], at: readonly number[]): string | undefined {
  if (at.length === 1) return values[at[0]!] ?? undefined;
  const tuple: string[] = [];
  for (const part of at) {
    const value = values[part];
    if (value === null || value === undefined) return undefined;
    tuple.push(value);
  }
  return keyText(tuple);
}

function add(index: Index, tuple: string, text: string): void {
  const rows = index.rows.get(tuple);
  if (rows === undefined) index.rows.set(tuple, new Set([text]));
  else rows.add(text);
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, at) => name === b[at]);
}

function compareIntegers(a: string, b: string): number {
  const [x, y] = [BigInt(a), BigInt(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

import type { Field, Kind, Model } from "@sync/core";
import { memoryDatabase, type MemoryDatabase } from "@sync/core/memory";
import type { Random } from "../random.ts";
import { opposite, SIDES, text, type SideName } from "../spec.ts";
import { countersOf, fieldsOf, vectorText, type Item, type Rules } from "./rules.ts";

export const MODEL = "Item";

const field = (name: string, kind: Kind = text, more: Partial<Field> = {}): Field => ({ name, kind, nullable: true, writable: true, ...more });

function modelOf(rules: Rules, cloudId: boolean): Model {
  return {
    name: MODEL, primaryKey: ["id"], keySource: "allocated", references: [], syncFields: cloudId ? { cloudId: "cloudId" } : {},
    uniqueKeys: rules.softDelete ? [] : [{ name: "code", fields: ["code"] }],
    fields: [
      field("id", text, { nullable: false }), ...fieldsOf(rules).map((name) => field(name, name === "vector" ? { type: "json" } : text)),
      field("stamp", { type: "integer" }, { stamped: true, optional: true }), ...(cloudId ? [field("cloudId", text, { optional: true })] : []),
    ],
  };
}

/** A row as the oracle knows it: by a label that nobody ever changes. */
export interface Row {
  readonly key: readonly string[];
  readonly item: Item;
}

/** Two databases with items, and the people who write into them; every write is stamped, and counted where items carry vectors. */
export class People {
  readonly databases: Readonly<Record<SideName, MemoryDatabase>>;
  readonly #rules: Rules;
  readonly #random: Random;
  readonly #now: () => number;
  #numbers = 0;

  constructor(rules: Rules, random: Random, now: () => number) {
    this.#rules = rules;
    this.#random = random;
    this.#now = now;
    const open = (name: SideName): MemoryDatabase => memoryDatabase({
      name, models: [modelOf(rules, random.chance(0.5))], tracking: random.pick(["changes", "fingerprints", "none"]),
      runtime: { now, randomBytes: (length) => random.bytes(length) },
    });
    this.databases = { left: open("left"), right: open("right") };
  }

  rows(side: SideName): Row[] {
    return this.databases[side].probe.rows(MODEL).map(({ key, record }) => {
      const { id: _, cloudId: __, ...item } = record;
      return { key, item: "vector" in item ? { ...item, vector: item["vector"] === null ? null : vectorText(countersOf(item)) } : item };
    });
  }

  /** A new record on one side, or the same one on both, not always with the same values. */
  insert(): void {
    const number = this.#number();
    const tombstone = this.#rules.softDelete && this.#random.chance(0.2);
    const code = this.#rules.softDelete && this.#random.chance(0.4) ? this.#codeOfTheDead() : undefined;
    const one = { ...this.#values(), label: `label ${number}`, code: code ?? `code ${number}`, ...(tombstone ? { deletedAt: "long ago" } : {}) };
    // A code that a tombstone has, and one that a tombstone brings, is on one side only: nothing but a code tells who meets whom.
    const sides = !tombstone && code === undefined && this.#random.chance(0.4) ? SIDES : [this.#random.pick(SIDES)];
    for (const side of sides) {
      const other = this.#random.chance(0.5) ? this.#values() : {};
      this.#put(side, { ...one, ...(sides.length > 1 ? other : {}) });
    }
  }

  /** Some fields of one record, on one side or on both. */
  edit(label: string): void {
    const sides = this.#random.chance(0.5) ? SIDES : [this.#random.pick(SIDES)];
    for (const side of sides) this.#change(side, label);
  }

  #change(side: SideName, label: string): void {
    const random = this.#random;
    const [row, other] = [side, opposite(side)].map((each) => this.rows(each).find(({ item }) => item["label"] === label));
    if (!row) return;
    const { application } = this.databases[side];
    if (random.chance(0.15)) {
      // What is left of it would be taken for the other one, made again under its code.
      if (other?.item["deletedAt"] !== null || !this.#isTaken(other.item)) application.delete(MODEL, row.key);
      return;
    }
    const changes: Record<string, string | null> = {};
    for (let count = 1 + random.below(2); count > 0; count -= 1) {
      const kind = random.below(10);
      if (kind === 0) changes["code"] = `code ${this.#number()}`;
      else if (kind === 1 && this.#rules.softDelete) {
        if (row.item["deletedAt"] === null) changes["deletedAt"] = `at ${this.#number()}`;
        else if (other || !this.#isTaken(row.item)) changes["deletedAt"] = null;
      } else changes[random.pick(["a", "a", "b", "amount", "currency"])] = this.#value();
    }
    application.update(MODEL, row.key, { ...changes, ...this.#marks(side, row.item) });
  }

  /** Few enough values for both sides to come to the same one now and then. */
  #value(): string | null {
    return this.#random.chance(0.1) ? null : this.#random.chance(0.15) ? "the same" : `value ${this.#number()}`;
  }

  #values(): Item {
    return { a: this.#value(), b: this.#value(), amount: this.#value(), currency: this.#value() };
  }

  #put(side: SideName, item: Item): void {
    this.databases[side].application.insert(MODEL, { ...item, ...this.#marks(side, item) });
  }

  /** What every writer leaves: when, and how often its site has written. Two clocks may stand at the same tick. */
  #marks(side: SideName, item: Item): Item {
    const vector = fieldsOf(this.#rules).includes("vector");
    const counters = countersOf(item);
    return { stamp: String(Math.floor(this.#now() / 4)), ...(vector ? { vector: vectorText({ ...counters, [side]: (counters[side] ?? 0) + 1 }) } : {}) };
  }

  #codeOfTheDead(): string | undefined {
    const alive = new Set(SIDES.flatMap((side) => this.rows(side)).flatMap(({ item }) => (item["deletedAt"] === null ? [item["code"]] : [])));
    const dead = SIDES.flatMap((side) => this.rows(side)).filter(({ item }) => item["deletedAt"] !== null && !alive.has(item["code"]));
    return dead.length > 0 ? this.#random.pick(dead).item["code"]! : undefined;
  }

  /** Another living record has its code. */
  #isTaken({ label, code }: Item): boolean {
    return SIDES.flatMap((side) => this.rows(side)).some(({ item }) => item["label"] !== label && item["code"] === code && item["deletedAt"] === null);
  }

  #number(): number {
    return (this.#numbers += 1);
  }
}

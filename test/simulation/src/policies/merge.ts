import { opposite, SIDES, type SideName } from "../spec.ts";
import { fieldsOf, type Item, type Rules, type Verdict } from "./rules.ts";

/** What both sides agreed on last, per field; a field that was never agreed on is not in it. */
export type Agreed = ReadonlyMap<string, Readonly<Record<SideName, string | null>>>;

/** One thing: its record on each side, and what was agreed on once it was linked. */
export interface Standing {
  readonly left?: Item;
  readonly right?: Item;
  readonly agreed?: Agreed;
}

/** What the conflict log has to say about it. */
export interface Told {
  readonly kind: "update-update" | "update-delete" | "first-link";
  readonly fields: readonly string[];
  readonly decision: SideName | "custom" | "open";
}

export interface Outcome extends Standing {
  readonly told: readonly Told[];
}

/** What a person has said about these fields (none: the record as a whole), if it was about these values. */
export type Word = (fields: readonly string[]) => SideName | undefined;

/**
 * What must become of one thing in a run that nothing disturbs: three-way merge, written a second time from what the guide
 * says, so that the engine is not its own judge.
 */
export function merged(rules: Rules, { left, right, agreed }: Standing, word: Word): Outcome {
  if (left && right) return new BothSides(rules, left, right, agreed, word).outcome();
  const side = left ? "left" : "right";
  const item = left ?? right;
  if (!item) return { told: [] };
  return agreed ? deletedThere(rules, side, item, agreed, word) : onlyThere(rules, side, item);
}

const isRead = ({ source }: Rules, side: SideName): boolean => source === undefined || source === side;
const isWritten = ({ source }: Rules, side: SideName): boolean => source !== side;

function onBoth(rules: Rules, side: SideName, item: Item): Standing {
  const copy = { ...Object.fromEntries(fieldsOf(rules).map((field) => [field, item[field]!])), stamp: null };
  const agreed = new Map(fieldsOf(rules).map((field) => [field, { left: item[field]!, right: item[field]! }]));
  return side === "left" ? { left: item, right: copy, agreed } : { left: copy, right: item, agreed };
}

function onlyThere(rules: Rules, side: SideName, item: Item): Outcome {
  if (isRead(rules, side)) return { ...onBoth(rules, side, item), told: [] };
  return { ...(rules.mirror ? {} : { [side]: item }), told: [] };
}

/** It was linked, and is gone on the other side. */
function deletedThere(rules: Rules, side: SideName, item: Item, agreed: Agreed, word: Word): Outcome {
  const edited = fieldsOf(rules).filter((field) => !agreed.has(field) || agreed.get(field)![side] !== item[field]);
  const as = { [side]: item, agreed };
  if (!isWritten(rules, side)) {
    return edited.length > 0 || rules.drift === "overwrite" ? { ...onBoth(rules, side, item), told: [] } : { ...as, told: [] };
  }
  const buried = edited.length === 1 && edited[0] === "deletedAt" && item["deletedAt"] !== null;
  if (edited.length === 0 || buried) return { told: [] };
  const said = word([]);
  const verdict = said ?? (rules.onEditDelete === "ask" ? "open" : rules.onEditDelete === "edit" ? side : opposite(side));
  const told = (decision: Told["decision"]): readonly Told[] => [{ kind: "update-delete", fields: [], decision }];
  if (verdict === opposite(side)) return { told: told(verdict) };
  // Where nothing may be written there, an edit that stands is drift like any other, of a record that is only here.
  if (said === undefined && verdict === side && !isWritten(rules, opposite(side))) {
    return rules.drift === "overwrite" || rules.mirror ? { told: told(opposite(side)) } : { ...as, told: [] };
  }
  // Nothing may be written there: what a person has said cannot be done.
  if (verdict === "open" || !isWritten(rules, opposite(side))) return { ...as, told: told("open") };
  return { ...onBoth(rules, side, item), told: told(side) };
}

class BothSides {
  readonly #rules: Rules;
  readonly #items: Record<SideName, Record<string, string | null>>;
  readonly #before: Readonly<Record<SideName, Item>>;
  readonly #agreed: Map<string, Readonly<Record<SideName, string | null>>>;
  readonly #word: Word;
  readonly #told: Told[] = [];

  constructor(rules: Rules, left: Item, right: Item, agreed: Agreed | undefined, word: Word) {
    this.#rules = rules;
    this.#before = { left, right };
    this.#items = { left: { ...left }, right: { ...right } };
    this.#agreed = new Map(agreed);
    this.#word = word;
  }

  outcome(): Outcome {
    // Vectors come last: they are one once nothing of their record waits.
    for (const group of this.#rules.whole ? [fieldsOf(this.#rules)] : this.#rules.groups) this.#decide(group);
    return { left: this.#items.left, right: this.#items.right, agreed: this.#agreed, told: this.#told };
  }

  #decide(group: readonly string[]): void {
    const { left, right } = this.#before;
    for (const field of group) if (left[field] === right[field]) this.#agree(field, left[field]!, right[field]!);
    const disputed = group.filter((field) => left[field] !== right[field] && SIDES.some((side) => this.#changed(side, field)));
    if (disputed.length === 0) return;
    const changed = SIDES.filter((side) => disputed.some((field) => this.#changed(side, field)));
    if (changed.length === 1) return this.#stands(changed[0]!, disputed);
    if (disputed[0] === "vector" && this.#agreed.has("vector") && this.#told.some(({ decision }) => decision === "open")) return;
    const first = disputed.every((field) => !this.#agreed.has(field));
    const rule = first ? this.#rules.firstLink.verdict : this.#rules.conflicts.verdict;
    const verdict: Verdict = this.#word(disputed) ?? this.#rules.source ?? rule(disputed, left, right);
    this.#told.push({ kind: first ? "first-link" : "update-update", fields: disputed, decision: typeof verdict === "object" ? "custom" : verdict });
    if (typeof verdict === "object") {
      for (const field of disputed) {
        for (const side of SIDES) this.#items[side][field] = verdict.values[field]!;
        this.#agree(field, verdict.values[field]!, verdict.values[field]!);
      }
    } else if (verdict !== "open") this.#stands(verdict, disputed);
  }

  #changed(side: SideName, field: string): boolean {
    const agreed = this.#agreed.get(field);
    return agreed === undefined || agreed[side] !== this.#before[side][field];
  }

  #stands(winner: SideName, fields: readonly string[]): void {
    const { source, drift } = this.#rules;
    const loser = opposite(winner);
    if (source === loser) {
      if (drift === "overwrite") this.#stands(source, fields);
      if (drift === "keep") for (const field of fields) this.#agree(field, this.#before.left[field]!, this.#before.right[field]!);
      return;
    }
    for (const field of fields) {
      const value = this.#before[winner][field]!;
      this.#items[loser][field] = value;
      this.#agree(field, value, value);
    }
  }

  #agree(field: string, left: string | null, right: string | null): void {
    this.#agreed.set(field, { left, right });
  }
}

import { nameOfRule } from "../engines/match.ts";
import type { Key, Page } from "../endpoint.ts";
import { keepsApart } from "../mapping/live-keys.ts";
import { otherSide, type PairModel, type PairRule, type SideName } from "../mapping/pair-model.ts";
import { isTombstone } from "../mapping/soft-delete.ts";
import type { Base } from "../state.ts";
import { matchForm } from "../value.ts";
import { keyText, type RunContext } from "./context.ts";
import { pagesOf } from "./pages.ts";
import type { Problem, ReadRecord } from "./records.ts";
import type { Side } from "./side.ts";
import { needTargets, valueFor } from "./targets.ts";
import type { PairModels } from "./pair-models.ts";

export type Match =
  | { readonly found: ReadRecord; readonly rule: string }
  /** More than one candidate, or more than one claimant: never guessed. */
  | { readonly ambiguous: string; readonly claimants: number; readonly candidates: number };

/** Keys of a side's unlinked records by match form. */
type FormIndex = ReadonlyMap<string, Key[]>;

const noForms: FormIndex = new Map();
const nothing: ReadonlySet<string> = new Set();

/**
 * Recognises unlinked records of one side in the other, rule by rule. A rule that a unique key backs on both sides is
 * one fetch by key; any other is a join of both sides' unlinked records over their match forms, which is also what
 * finds duplicates. A record that an earlier rule recognises is no candidate for a later one.
 */
export class Matcher {
  readonly #context: RunContext;
  readonly #model: PairModel;
  readonly #models: PairModels;
  readonly #sides: Record<SideName, Side>;
  readonly #indexes = new Map<string, Promise<FormIndex>>();

  constructor(context: RunContext, model: PairModel, models: PairModels, sides: Record<SideName, Side>) {
    this.#context = context;
    this.#model = model;
    this.#models = models;
    this.#sides = sides;
  }

  /** `records`: unlinked ones of one side. Those that nothing recognises are absent from the answer. */
  match(side: SideName, records: readonly ReadRecord[]): Promise<Map<ReadRecord, Match>> {
    return this.#matchBy(this.#model.rules, side, records);
  }

  async #matchBy(rules: readonly PairRule[], side: SideName, records: readonly ReadRecord[]): Promise<Map<ReadRecord, Match>> {
    const matches = new Map<ReadRecord, Match>();
    for (const [position, rule] of rules.entries()) {
      const open = records.filter((record) => !matches.has(record) && !record.problem && !isTombstone(this.#model, record));
      if (open.length === 0) break;
      const found = rule.byKey ? await this.#byKey(rule, side, open) : await this.#byForm(rules.slice(0, position), rule, side, open);
      for (const [record, match] of found) matches.set(record, match);
    }
    return matches;
  }

  async #byKey(rule: PairRule, side: SideName, records: readonly ReadRecord[]): Promise<Map<ReadRecord, Match>> {
    const found = new Map<ReadRecord, Match>();
    const other = this.#sides[otherSide(side)];
    if (other.knownEmpty) return found;
    const byForm = new Map<string, ReadRecord>();
    const tuples: string[][] = [];
    await needTargets(this.#context, this.#model, this.#models, other.name, records);
    for (const record of records) {
      const form = formOf(rule, record);
      if (form === undefined) continue;
      const parts = rule.at.map((at) => valueFor(this.#context, this.#model, at, record));
      // A part that the other side could not even hold, or whose parent is not there, has no counterpart.
      const tuple = parts.flatMap((part) => ("values" in part ? part.values : [null]));
      if (tuple.includes(null)) continue;
      byForm.set(form, record);
      tuples.push(tuple as string[]);
    }
    const by = rule.at.flatMap((at) => this.#model.fields[at]![other.name].names);
    for (const candidate of await other.fetch(by, tuples)) {
      const form = isTombstone(this.#model, candidate) ? undefined : formOf(rule, candidate);
      const record = form === undefined ? undefined : byForm.get(form);
      if (record) found.set(record, { found: candidate, rule: nameOfRule(rule.rule) });
    }
    return found;
  }

  async #byForm(earlier: readonly PairRule[], rule: PairRule, side: SideName, records: readonly ReadRecord[]): Promise<Map<ReadRecord, Match>> {
    const found = new Map<ReadRecord, Match>();
    const other = this.#sides[otherSide(side)];
    const natural = rule.rule.rule === "natural";
    const apart = keepsApart(this.#model, rule, side, this.#context.missingKeys.get(`${side} ${this.#model.name}`) ?? nothing);
    if (other.knownEmpty && (apart || !(natural && rule.mayRepeat))) return found;
    // Where no two can claim one counterpart, nobody has to look for a second.
    const own = apart ? noForms : await this.#index(earlier, rule, side);
    const theirs = other.knownEmpty ? noForms : await this.#index(earlier, rule, other.name);
    const wanted = new Map<string, ReadRecord>();
    for (const record of records) {
      const form = formOf(rule, record);
      if (form === undefined) continue;
      const claimants = own.get(form)?.length ?? 1;
      const candidates = theirs.get(form) ?? [];
      const duplicates = claimants > 1 && (natural || candidates.length > 0);
      if (duplicates || candidates.length > 1) {
        found.set(record, { ambiguous: nameOfRule(rule.rule), claimants, candidates: candidates.length });
      } else if (candidates.length === 1) wanted.set(keyText(candidates[0]!), record);
    }
    const keys = [...wanted.values()].map((record) => theirs.get(formOf(rule, record)!)![0]!);
    for (const candidate of await other.fetch("key", keys)) {
      const record = wanted.get(keyText(candidate.key));
      // The index is as old as the first look: what changed since is no longer recognised by it.
      if (record && !isTombstone(this.#model, candidate) && formOf(rule, candidate) === formOf(rule, record)) found.set(record, { found: candidate, rule: nameOfRule(rule.rule) });
    }
    return found;
  }

  #index(earlier: readonly PairRule[], rule: PairRule, side: SideName): Promise<FormIndex> {
    const name = `${side} ${this.#model.rules.indexOf(rule)}`;
    let index = this.#indexes.get(name);
    if (!index) {
      index = this.#build(earlier, rule, side);
      this.#indexes.set(name, index);
    }
    return index;
  }

  /** One pass over a side; only match forms and keys of its unlinked records stay in memory. */
  async #build(earlier: readonly PairRule[], rule: PairRule, name: SideName): Promise<FormIndex> {
    const { state, pair, pageSize } = this.#context.settings;
    const side = this.#sides[name];
    const index = new Map<string, Key[]>();
    const pages: AsyncIterable<Page> | Page[] = side.loaded
      ? [{ rows: side.loaded, range: { after: null, upTo: null } }]
      : pagesOf(this.#context, side.model.endpoint, { fields: side.model.fields, pageSize });
    for await (const page of pages) {
      const cloudIds = page.rows.flatMap((row) => row.cloudId ?? []);
      const linked = new Set((cloudIds.length > 0 ? await this.#context.retrying(() => state.bases(pair, this.#model.name, cloudIds)) : []).map((base) => base.cloudId));
      const unlinked = await side.records(page.rows.filter((row) => row.cloudId === null || !linked.has(row.cloudId)));
      const taken = earlier.length > 0 ? await this.#matchBy(earlier, name, unlinked) : new Map<ReadRecord, Match>();
      for (const record of unlinked) {
        const form = taken.has(record) || record.problem || isTombstone(this.#model, record) ? undefined : formOf(rule, record);
        if (form !== undefined) index.set(form, [...(index.get(form) ?? []), record.key]);
      }
    }
    return index;
  }
}

/** What a record is recognised by, or undefined where a null keeps the rule from applying. */
export function formOf(rule: PairRule, record: ReadRecord): string | undefined {
  const parts: (string | null)[] = [];
  if (record.waits.some(({ at }) => rule.at.includes(at))) return undefined;
  for (const at of rule.at) {
    const value = record.meet[at]!;
    if (value === null && rule.nulls === "never") return undefined;
    parts.push(value === null ? null : matchForm(value, rule.form));
  }
  // A key of nothing but nulls names nothing.
  return parts.every((part) => part === null) ? undefined : JSON.stringify(parts);
}

/** Why a record cannot be linked to what it matches; undefined: it can. `base`: its own, `foundBase`: that of what was found. */
export function problemOf(match: Match, base: Base | undefined, foundBase: Base | undefined): Problem | undefined {
  if (!("found" in match)) {
    return {
      code: "MATCH.AMBIGUOUS",
      message: `The ${match.ambiguous} is not unique: ${match.claimants} records here, ${match.candidates} on the other side. Make it unique, or give the records their cloudIds.`,
    };
  }
  if (foundBase) return takenBy(match.rule);
  if (base && match.found.cloudId !== null) return { code: "MATCH.TAKEN", message: `Its counterpart is gone, and the record recognised by ${match.rule} has a cloudId of its own.` };
  return undefined;
}

/** Another record is linked to what was found. */
export const takenBy = (rule: string): Problem =>
  ({ code: "MATCH.TAKEN", message: `Recognised by ${rule}, but that record is linked to another one already.` });

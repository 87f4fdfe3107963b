import type { Conflict, ConflictPolicy, Decision } from "../engines/conflict-policy.ts";
import { otherSide, type PairModel, type SideName } from "../mapping/pair-model.ts";
import { isTombstone } from "../mapping/soft-delete.ts";
import type { Direction, Drift } from "../options.ts";
import type { Value } from "../value.ts";
import type { BaseView } from "./base.ts";
import type { ActionKind, PairRecord, PlannedConflict, RecordPlan } from "./record-plan.ts";

export interface PlanInput {
  readonly left: PairRecord | undefined;
  readonly right: PairRecord | undefined;
  /** What both agreed on last; undefined: this pair never linked the record. */
  readonly base: BaseView | undefined;
  readonly direction: Direction;
  /** Of one-way pairs. @default "report" */
  readonly drift?: Drift;
  /** Of one-way pairs: what is only on the side that is written goes. @default false */
  readonly mirror?: boolean;
  /** References whose parent has not come across yet: null for now, which is nobody's value. */
  readonly waiting?: ReadonlySet<number>;
  /** Hash of a value at the meet, as the base holds it. */
  hash(value: Value | undefined): string;
  /** What a person decided about a parked conflict on exactly these values, if anybody has. */
  decided?(fields: readonly number[]): Decision | undefined;
}

const nothing: RecordPlan = { action: "none", toLeft: [], toRight: [], open: [], drift: [], conflicts: [], reason: "equal" };

/** Decides what to do about one record. Pure: same input, same plan. A missing record of a linked pair must be proven deleted. */
export function planRecord(model: PairModel, input: PlanInput): RecordPlan {
  const { left, right, base } = input;
  if (left && right) return base ? planMerge(model, left, right, base, input) : planFirstLink(model, left, right, input);
  if (left) return planOneSided(model, left, input);
  if (right) return planOneSided(model, right, input);
  return base ? { ...nothing, action: "forget", reason: "deleted on both sides" } : nothing;
}

const writes = (direction: Direction, side: SideName): boolean =>
  direction === "both" || (direction === "left-to-right" ? side === "right" : side === "left");

/** One plan for all records that are new on the other side, and are to stand on this one too. */
const creations: Readonly<Record<SideName, RecordPlan>> = {
  left: { ...nothing, action: "create", side: "left", reason: "only on the right" },
  right: { ...nothing, action: "create", side: "right", reason: "only on the left" },
};

function planOneSided(model: PairModel, record: PairRecord, input: PlanInput): RecordPlan {
  const target = otherSide(record.side);
  if (!input.base) {
    if (!writes(input.direction, target)) {
      if (input.mirror) return { ...nothing, action: "delete", side: record.side, reason: `only on the ${record.side}, which mirrors the ${target}` };
      return { ...nothing, reason: `only on the ${record.side}, which is not read from` };
    }
    return creations[target];
  }
  // Linked before, and gone on the other side.
  const hashes = input.base[record.side];
  // A field without a base may hold an edit that nobody has seen: it counts as one. So does a reference that never came across.
  const edited = model.fields.flatMap((_, at) => (input.hash(record.meet[at]) === hashes[at] && !input.waiting?.has(at) ? [] : [at]));
  const canDelete = writes(input.direction, record.side);
  if (!canDelete) {
    const deleted = `deleted on the ${target}, which is not read from`;
    // What the source has changed since goes across, whatever became of it there.
    if (edited.length > 0 || input.drift === "overwrite") return { ...nothing, action: "create", side: target, reason: deleted };
    return { ...nothing, drift: input.drift === "keep" ? [] : model.fields.map((_, at) => at), reason: deleted };
  }
  if (edited.length === 0) return { ...nothing, action: "delete", side: record.side, reason: `deleted on the ${target}` };
  const onlyTombstone = edited.length === 1 && edited[0] === model.softDelete?.at && isTombstone(model, record);
  if (onlyTombstone) return { ...nothing, action: "delete", side: record.side, reason: `soft-deleted on the ${record.side}, deleted on the ${target}` };
  const names = namesOf(model, edited);
  const decision = input.decided?.([]);
  const rule = decision === undefined ? model.onEditDelete : decision === record.side ? "edit" : decision === "open" ? "ask" : "delete";
  const conflict = (stands: PlannedConflict["decision"]): PlannedConflict =>
    ({ kind: "update-delete", fields: [], rule: decision === undefined ? `onEditDelete: ${rule}` : "a person decided", decision: stands });
  const what = `${names} edited on the ${record.side}, deleted on the ${target}`;
  if (rule === "delete") return { ...nothing, action: "delete", side: record.side, conflicts: [conflict(target)], reason: what };
  if (rule === "edit" && writes(input.direction, target)) {
    return { ...nothing, action: "create", side: target, conflicts: [conflict(record.side)], reason: what };
  }
  if (rule === "edit" && decision === undefined) {
    // An edit that cannot go to its source is drift, and the record one that is only here.
    const gone = input.drift === "overwrite" ? "drift: overwrite" : input.mirror ? "mirror" : undefined;
    if (gone) return { ...nothing, action: "delete", side: record.side, conflicts: [{ ...conflict(target), rule: gone }], reason: what };
    return { ...nothing, drift: input.drift === "keep" ? [] : edited, reason: what };
  }
  return { ...nothing, action: "park", conflicts: [conflict("open")], reason: what };
}

/** Collects the verdicts about a record's fields. */
class Verdicts {
  readonly toLeft: number[] = [];
  readonly toRight: number[] = [];
  readonly open: number[] = [];
  readonly drift: number[] = [];
  readonly kept: number[] = [];
  readonly conflicts: PlannedConflict[] = [];
  readonly custom = new Map<number, Value>();
  readonly #model: PairModel;
  readonly #input: PlanInput;

  constructor(model: PairModel, input: PlanInput) {
    this.#model = model;
    this.#input = input;
  }

  /** The value of `winner` stands in these fields. */
  take(winner: SideName, fields: readonly number[]): void {
    const target = otherSide(winner);
    const isWritable = (at: number): boolean => this.#model.fields[at]![target].writable;
    const { direction, drift } = this.#input;
    if (!writes(direction, target)) {
      if (drift === "overwrite") this.take(target, fields);
      else (drift === "keep" ? this.kept : this.drift).push(...fields);
    } else (target === "left" ? this.toLeft : this.toRight).push(...fields.filter(isWritable));
  }

  decide(kind: "update-update" | "first-link", policy: ConflictPolicy, fields: readonly number[], left: PairRecord, right: PairRecord): void {
    const { direction, base, decided } = this.#input;
    const names = fields.map((at) => this.#model.fields[at]!.name);
    const byPerson = decided?.(fields);
    let decision: Decision;
    let rule: string;
    if (byPerson !== undefined) [decision, rule] = [byPerson, "a person decided"];
    else if (direction !== "both") [decision, rule] = [direction === "left-to-right" ? "left" : "right", `one way, ${direction}`];
    else {
      const known = base?.values && fields.map((at) => base.values![at]);
      const conflict: Conflict = {
        model: this.#model.name, kind, fields: names, base: known?.every((value) => value !== undefined) ? (known) : undefined,
        left: sideOf(this.#model, left), right: sideOf(this.#model, right),
      };
      [decision, rule] = [policy.decide(conflict), policy.nameFor?.(names) ?? policy.name];
    }
    if (typeof decision === "object") {
      const values = decision.values;
      fields.forEach((at, index) => {
        const value = values[index] ?? null;
        this.custom.set(at, value);
        if (left.meet[at] !== value) this.toLeft.push(at);
        if (right.meet[at] !== value) this.toRight.push(at);
      });
    } else if (decision === "open") this.open.push(...fields);
    else this.take(decision, fields);
    this.conflicts.push({ kind, fields, rule, decision: typeof decision === "object" ? "custom" : decision });
  }

  plan(otherwise: ActionKind, reason: (verdicts: Verdicts) => string): RecordPlan {
    const { toLeft, toRight, open, drift, kept, conflicts, custom } = this;
    const changed = toLeft.length + toRight.length > 0;
    if (!changed && otherwise === "none" && open.length + drift.length + kept.length + conflicts.length === 0) return nothing;
    return {
      action: changed ? "update" : otherwise !== "none" ? otherwise : kept.length > 0 ? "settle" : open.length > 0 ? "park" : "none",
      toLeft, toRight, open, drift, conflicts, reason: reason(this), ...(custom.size > 0 ? { custom } : {}), ...(kept.length > 0 ? { kept } : {}),
    };
  }
}

/** Fields about which nothing can be said yet, with those that merge as one with them. */
function waitingFields(model: PairModel, { waiting }: PlanInput): readonly number[] {
  if (!waiting || waiting.size === 0) return [];
  const groups = new Set([...waiting].map((at) => model.fields[at]!.group));
  return model.fields.flatMap((field, at) => (groups.has(field.group) ? [at] : []));
}

function planMerge(model: PairModel, left: PairRecord, right: PairRecord, base: BaseView, input: PlanInput): RecordPlan {
  const fields = model.fields;
  const waiting = waitingFields(model, input);
  let settled = false;
  let differing: Map<number, { at: number; left: boolean; right: boolean; known: boolean }[]> | undefined;
  for (let at = 0; at < fields.length; at++) {
    if (waiting.includes(at)) continue;
    const [l, r] = [left.meet[at]!, right.meet[at]!];
    const [baseLeft, baseRight] = [base.left[at], base.right[at]];
    const known = baseLeft !== undefined && baseRight !== undefined;
    const leftHash = input.hash(l);
    if (l === r) {
      if (baseLeft !== leftHash || baseRight !== leftHash) settled = true;
      continue;
    }
    const leftChanged = !known || leftHash !== baseLeft;
    const rightChanged = !known || input.hash(r) !== baseRight;
    if (!leftChanged && !rightChanged) continue; // altered by a database when it was written: agreed, though not equal
    const group = fields[at]!.group;
    differing ??= new Map();
    const members = differing.get(group) ?? [];
    members.push({ at, left: leftChanged, right: rightChanged, known });
    differing.set(group, members);
  }
  if (!differing) return settled ? { ...nothing, action: "settle", open: waiting, reason: "both sides came to the same values" } : nothing;
  const verdicts = new Verdicts(model, input);
  verdicts.open.push(...waiting);
  const [fromLeft, fromRight]: [number[], number[]] = [[], []];
  const isMerged = (members: readonly { readonly at: number }[]): boolean => members.every(({ at }) => Object.hasOwn(model.policy.merges ?? {}, fields[at]!.name));
  // What the policy brings together comes last: it says that each side has seen the other's values, which holds once none of them waits.
  for (const members of [...differing.values()].sort((one, other) => Number(isMerged(one)) - Number(isMerged(other)))) {
    const positions = members.map((member) => member.at);
    const leftChanged = members.some((member) => member.left);
    const rightChanged = members.some((member) => member.right);
    if (members.every((member) => !member.known)) firstDecision(verdicts, model, positions, left, right);
    else if (leftChanged && rightChanged && verdicts.open.length > waiting.length && isMerged(members)) verdicts.open.push(...positions);
    else if (leftChanged && rightChanged) verdicts.decide("update-update", model.policy, positions, left, right);
    else {
      (leftChanged ? fromLeft : fromRight).push(...positions);
      verdicts.take(leftChanged ? "left" : "right", positions);
    }
  }
  return verdicts.plan(settled ? "settle" : "none", ({ conflicts }) => {
    const parts: string[] = [];
    if (fromLeft.length > 0) parts.push(`changed on the left: ${namesOf(model, fromLeft)}`);
    if (fromRight.length > 0) parts.push(`changed on the right: ${namesOf(model, fromRight)}`);
    for (const conflict of conflicts) parts.push(reasonOf(model, conflict));
    return parts.join("; ");
  });
}

function planFirstLink(model: PairModel, left: PairRecord, right: PairRecord, input: PlanInput): RecordPlan {
  const verdicts = new Verdicts(model, input);
  const waiting = waitingFields(model, input);
  verdicts.open.push(...waiting);
  const groups = new Map<number, number[]>();
  for (let at = 0; at < model.fields.length; at++) {
    if (left.meet[at] === right.meet[at] || waiting.includes(at)) continue;
    const group = model.fields[at]!.group;
    groups.set(group, [...(groups.get(group) ?? []), at]);
  }
  for (const positions of groups.values()) firstDecision(verdicts, model, positions, left, right);
  return verdicts.plan("link", ({ conflicts }) =>
    conflicts.length === 0 ? "met for the first time, equal" : conflicts.map((conflict) => reasonOf(model, conflict)).join("; "));
}

function firstDecision(verdicts: Verdicts, model: PairModel, positions: readonly number[], left: PairRecord, right: PairRecord): void {
  const rule = model.firstLink;
  const policy: ConflictPolicy =
    typeof rule === "object" ? rule
    : { name: `firstLink: ${rule ?? "ask"}`, reads: [], decide: () => (rule === "left" || rule === "right" ? rule : "open") };
  verdicts.decide("first-link", policy, positions, left, right);
}

function sideOf(model: PairModel, record: PairRecord): Conflict["left"] {
  return {
    value(name) {
      const at = model.fields.findIndex((field) => field.name === name);
      if (at >= 0) return record.meet[at];
      const extra = model.extras.findIndex((field) => field.name === name);
      return extra < 0 ? undefined : record.meet[model.fields.length + extra];
    },
  };
}

function namesOf(model: PairModel, fields: readonly number[]): string {
  return fields.map((at) => model.fields[at]!.name).join(", ");
}

function reasonOf(model: PairModel, conflict: PlannedConflict): string {
  const verdict = conflict.decision === "open" ? "waits for a person" : conflict.decision === "custom" ? "a value of its own" : `${conflict.decision} stands`;
  const what = conflict.kind === "first-link" ? "differed at the first meeting" : "changed on both sides";
  return `${namesOf(model, conflict.fields)} ${what}: ${verdict} (${conflict.rule})`;
}

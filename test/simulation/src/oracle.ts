import type { ConflictRecord, QuarantineRecord } from "@sync/core";
import type { MemoryDatabase, MemoryRecord } from "@sync/core/memory";
import type { History, Violation } from "./history.ts";
import {
  isReference, memberOf, modelNameOn, nameOn, opposite, SIDES, type FieldSpec, type ModelSpec, type ReferenceSpec, type SideName,
} from "./spec.ts";
import { agree, carried, meetText, stored } from "./values.ts";

/** What the pair says about itself: read from the state store as it lies there. */
export interface Told {
  readonly conflicts: readonly ConflictRecord[];
  readonly quarantine: readonly QuarantineRecord[];
}

interface OracleRow {
  readonly key: readonly string[];
  readonly cloudId: string | null;
  readonly record: MemoryRecord;
}

/**
 * Reads both databases and says where they are not the same, in its own terms: partners by cloudId, equality and
 * constraints as the case declares them. A difference is allowed only where the oracle itself finds a reason why the
 * record cannot cross, and the pair tells of it.
 */
export class Oracle {
  readonly #specs: readonly ModelSpec[];
  readonly #told: Told;
  readonly #rows: Readonly<Record<SideName, Map<string, readonly OracleRow[]>>>;
  readonly #byCloudId: Map<string, OracleRow> = new Map();
  readonly #byKey: Map<string, OracleRow> = new Map();
  readonly violations: Violation[] = [];
  /** How many records were allowed to differ, by reason. */
  readonly excused: Map<string, number> = new Map();
  readonly #excusedKeys: Set<string> = new Set();

  constructor(specs: readonly ModelSpec[], databases: Readonly<Record<SideName, MemoryDatabase>>, told: Told) {
    this.#specs = specs;
    this.#told = told;
    const read = (side: SideName): Map<string, readonly OracleRow[]> => new Map(specs.map((spec) => [spec.name, databases[side].probe.rows(modelNameOn(side, spec))]));
    this.#rows = { left: read("left"), right: read("right") };
    for (const side of SIDES) {
      for (const [model, rows] of this.#rows[side]) {
        for (const row of rows) {
          this.#byKey.set(`${side} ${model} ${row.key.join("\0")}`, row);
          if (row.cloudId === null) continue;
          const name = `${side} ${model} ${row.cloudId}`;
          if (this.#byCloudId.has(name)) this.#broken("I10", `two records of ${model} on the ${side} have one cloudId`);
          this.#byCloudId.set(name, row);
        }
      }
    }
  }

  /** One line per record and side, references as the parents' identity: two equal dumps are two equal databases. */
  dump(side: SideName): string[] {
    return this.#specs
      .flatMap((spec) => this.#rows[side].get(spec.name)!.map((row) => {
        const members = membersOf(spec).map((member) => `${member.name}=${this.#canonical(side, member, row)}`);
        return `${spec.name} ${this.#nameOf(side, spec, row)} ${members.join(" ")}`;
      }))
      .sort();
  }

  /** After everything has come to rest: both sides agree, or say why not. */
  checkAgreement(): void {
    for (const spec of this.#specs) {
      for (const row of this.#rows.left.get(spec.name)!) {
        const partner = this.#partner("left", spec, row);
        if (partner === undefined) this.#checkMissing("left", spec, row);
        else this.#checkPair(spec, row, partner);
      }
      for (const row of this.#rows.right.get(spec.name)!) if (this.#partner("right", spec, row) === undefined) this.#checkMissing("right", spec, row);
    }
    for (const entry of this.#told.quarantine) {
      const name = `${entry.side} ${entry.model} ${entry.key.join("\0")}`;
      if (!this.#byKey.has(name)) this.#broken("I11", `quarantine holds ${entry.model} ${entry.key.join("/")} of the ${entry.side}, which is gone`);
      else if (!this.#excusedKeys.has(name)) this.#broken("I11", `quarantine holds ${entry.model} ${entry.key.join("/")} of the ${entry.side} (${entry.code}), which nothing keeps from crossing`);
    }
  }

  /** What was lost without a user's knowledge stands in the conflict log. */
  checkObligations(history: History): void {
    for (const owed of history.obligations) {
      const ids = new Set(owed.row.thing.rows.flatMap((row) => row.cloudIds));
      const paid = this.#told.conflicts.some((conflict) => {
        if (conflict.model !== owed.model || !ids.has(conflict.cloudId)) return false;
        if (conflict.kind === "update-delete" || conflict.kind === "delete-parent") return true;
        if (owed.field === undefined) return false;
        const at = conflict.fields.indexOf(owed.field);
        if (at < 0) return false;
        return owed.value === undefined || conflict.left?.[at] === owed.value || conflict.right?.[at] === owed.value || conflict.base?.[at] === owed.value;
      });
      if (!paid) this.#broken(owed.rule, `${owed.message}; the conflict log does not tell of it`);
    }
  }

  #checkPair(spec: ModelSpec, left: OracleRow, right: OracleRow): void {
    for (const member of membersOf(spec)) {
      if (this.#agree(spec, member, left, right)) continue;
      const reason = this.#differenceExcuse(spec, member, left, right);
      const label = `${member.name} of ${spec.name} ${left.key.join("/")} | ${right.key.join("/")}`;
      const unique = [spec.identity, ...spec.unique].some((names) => names.includes(member.name));
      if (reason === undefined) this.#broken(unique ? "I9" : "I1", `${label} differs`);
      else this.#excuse(reason, spec, left, right, `${label} differs (${reason}), and neither quarantine nor conflict log tells of it`);
    }
  }

  #checkMissing(side: SideName, spec: ModelSpec, row: OracleRow): void {
    const reason = this.#absenceExcuse(side, spec, row);
    const label = `${spec.name} ${row.key.join("/")} of the ${side} is missing on the ${opposite(side)}`;
    // A counterpart that waits for a reason of its own holds this one back, and is what the pair tells of.
    const waiting = reason === "unique" ? this.#rows[opposite(side)].get(spec.name)!.find((other) => this.#partner(opposite(side), spec, other) === undefined && this.#sameIdentity(spec, side, row, other)) : undefined;
    const [left, right] = side === "left" ? [row, waiting] : [waiting, row];
    if (reason === undefined) this.#broken("I1", label);
    else this.#excuse(reason, spec, left, right, `${label} (${reason}), and neither quarantine nor conflict log tells of it`);
  }

  #excuse(reason: string, spec: ModelSpec, left: OracleRow | undefined, right: OracleRow | undefined, message: string): void {
    this.excused.set(reason, (this.excused.get(reason) ?? 0) + 1);
    const names = ([["left", left], ["right", right]] as const).flatMap(([side, row]) => (row ? [`${side} ${spec.name} ${row.key.join("\0")}`] : []));
    for (const name of names) this.#excusedKeys.add(name);
    const inQuarantine = this.#told.quarantine.some((entry) => names.includes(`${entry.side} ${entry.model} ${entry.key.join("\0")}`));
    if (!inQuarantine && this.#conflictsOf(spec, left, right).length === 0) this.#broken("I11", message);
  }

  #conflictsOf(spec: ModelSpec, left: OracleRow | undefined, right: OracleRow | undefined): readonly ConflictRecord[] {
    return this.#told.conflicts.filter((conflict) => {
      if (conflict.model !== spec.name) return false;
      const cloudId = left?.cloudId ?? right?.cloudId;
      return (cloudId !== null && conflict.cloudId === cloudId) || same(conflict.leftKey, left?.key) || same(conflict.rightKey, right?.key);
    });
  }

  #absenceExcuse(side: SideName, spec: ModelSpec, row: OracleRow): string | undefined {
    const [left, right] = side === "left" ? [row, undefined] : [undefined, row];
    const conflict = this.#conflictsOf(spec, left, right).find((each) => each.decision === "open" || each.kind === "delete-parent");
    if (conflict !== undefined) return `conflict ${conflict.kind}`;
    const given = this.#carriedRow(side, spec, row);
    if ("refused" in given) return given.refused;
    return this.#refusal(opposite(side), spec, given.record, undefined) ?? this.#ambiguity(spec, side, row);
  }

  #differenceExcuse(spec: ModelSpec, member: FieldSpec | ReferenceSpec, left: OracleRow, right: OracleRow): string | undefined {
    const open = this.#conflictsOf(spec, left, right).find((conflict) => conflict.decision === "open" && (conflict.fields.length === 0 || conflict.fields.includes(member.name)));
    if (open !== undefined) return `conflict ${open.kind}`;
    for (const [side, from, to] of [["left", left, right], ["right", right, left]] as const) {
      const given = this.#carriedRow(side, spec, from);
      if ("refused" in given) return given.refused;
      const refusal = this.#refusal(opposite(side), spec, given.record, to);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  /** A row in the other side's terms, or what cannot be carried. */
  #carriedRow(side: SideName, spec: ModelSpec, row: OracleRow): { readonly record: MemoryRecord } | { readonly refused: string } {
    const to = opposite(side);
    const record: MemoryRecord = {};
    for (const member of membersOf(spec)) {
      const value = row.record[nameOn(side, member)] ?? null;
      if (isReference(member)) {
        const target = this.#specs.find((candidate) => candidate.name === member.target)!;
        const parent = value === null ? undefined : this.#byKey.get(`${side} ${target.name} ${value}`);
        const partner = parent && this.#partner(side, target, parent);
        if (value !== null && partner === undefined) return { refused: "parent" };
        record[nameOn(to, member)] = partner?.key[0] ?? null;
      } else {
        const given = carried(spec, member, to, value);
        if ("refused" in given) return given;
        record[nameOn(to, member)] = stored(spec, member, to, given.value);
      }
    }
    return { record };
  }

  /** The constraint of a side that such a row would break, besides the one row it would replace. */
  #refusal(side: SideName, spec: ModelSpec, record: MemoryRecord, replaced: OracleRow | undefined): string | undefined {
    for (const check of spec.checks[side]) if (!check.test(record[nameOn(side, memberOf(spec, check.field))] ?? null)) return "check";
    const key = spec.key[side];
    const uniques = [...spec.unique, ...(spec.identityIsUnique && spec.identity.length > 0 ? [spec.identity] : []), ...(key === "id" ? [] : [key])];
    for (const names of uniques) {
      const columns = names.map((name) => nameOn(side, memberOf(spec, name)));
      if (columns.some((column) => record[column] === null)) continue;
      const taken = this.#rows[side].get(spec.name)!.some((row) => row !== replaced && columns.every((column) => row.record[column] === record[column]));
      if (taken) return "unique";
    }
    return undefined;
  }

  /** Several unlinked records share an identity that no unique key guards. */
  #ambiguity(spec: ModelSpec, side: SideName, row: OracleRow): string | undefined {
    if (spec.identityIsUnique || spec.identity.length === 0) return undefined;
    const name = this.#nameOf(side, spec, row);
    const alike = (on: SideName): number => this.#rows[on].get(spec.name)!.filter((other) => this.#nameOf(on, spec, other) === name && this.#partner(on, spec, other) === undefined).length;
    return alike(side) > 1 || alike(opposite(side)) > 0 ? "ambiguous" : undefined;
  }

  #agree(spec: ModelSpec, member: FieldSpec | ReferenceSpec, left: OracleRow, right: OracleRow): boolean {
    const [a, b] = [left.record[member.name] ?? null, right.record[member.right] ?? null];
    if (!isReference(member)) return agree(spec, member, a, b);
    if (a === null || b === null) return a === b;
    const target = this.#specs.find((candidate) => candidate.name === member.target)!;
    const parent = this.#byKey.get(`left ${target.name} ${a}`);
    return parent !== undefined && this.#partner("left", target, parent)?.key[0] === b;
  }

  #partner(side: SideName, spec: ModelSpec, row: OracleRow): OracleRow | undefined {
    return row.cloudId === null ? undefined : this.#byCloudId.get(`${opposite(side)} ${spec.name} ${row.cloudId}`);
  }

  #sameIdentity(spec: ModelSpec, side: SideName, row: OracleRow, other: OracleRow): boolean {
    return this.#nameOf(side, spec, row) === this.#nameOf(opposite(side), spec, other);
  }

  /** What a record is called without knowing its key. */
  #nameOf(side: SideName, spec: ModelSpec, row: OracleRow): string {
    const members = spec.identity.map((name) => memberOf(spec, name));
    if (members.length === 0 || members.some((member) => row.record[nameOn(side, member)] === null)) return `#${row.cloudId ?? row.key.join("/")}`;
    return members.map((member) => this.#canonical(side, member, row)).join("+");
  }

  #canonical(side: SideName, member: FieldSpec | ReferenceSpec, row: OracleRow): string {
    const value = row.record[nameOn(side, member)] ?? null;
    if (value === null) return "null";
    if (!isReference(member)) return meetText(member, value)!;
    const target = this.#specs.find((candidate) => candidate.name === member.target)!;
    const parent = this.#byKey.get(`${side} ${target.name} ${value}`);
    if (parent === undefined) return "dangling";
    return target.name === member.target && parent === row ? "itself" : this.#nameOf(side, target, parent);
  }

  #broken(rule: string, message: string): void {
    this.violations.push({ rule, message });
  }
}

function membersOf(spec: ModelSpec): (FieldSpec | ReferenceSpec)[] {
  return [...spec.fields.filter((field) => !field.stamped), ...spec.references];
}

function same(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  return a !== undefined && b !== undefined && a.join("\0") === b.join("\0");
}

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { leftWins, newest, overwrite, rightWins, type ConflictPolicy } from "../src/engines/conflict-policy.ts";
import { naturalKey } from "../src/engines/match.ts";
import { compileMapping } from "../src/mapping/compile.ts";
import type { PairModel, SideName } from "../src/mapping/pair-model.ts";
import { memoryDatabase } from "../src/memory/index.ts";
import type { Model } from "../src/model.ts";
import type { FirstLink, OnEditDelete } from "../src/options.ts";
import type { BaseView } from "../src/plan/base.ts";
import { planRecord, type PlanInput } from "../src/plan/plan-record.ts";
import type { PairRecord, RecordPlan } from "../src/plan/record-plan.ts";
import type { Value } from "../src/value.ts";

/** Laws of the pure planner: what a merge is, whatever the values (I15). */

const names = ["code", "a", "b", "c", "amount", "currency"];
const model: Model = {
  name: "Record", primaryKey: ["id"], keySource: "allocated", uniqueKeys: [{ name: "code", fields: ["code"] }], references: [], syncFields: {},
  fields: [
    { name: "id", kind: { type: "integer" }, nullable: false, writable: true },
    ...names.map((name) => ({ name, kind: { type: "text" } as const, nullable: true, writable: true })),
  ],
};

interface Settings {
  readonly conflicts?: ConflictPolicy;
  readonly firstLink?: FirstLink;
  readonly onEditDelete?: OnEditDelete;
  readonly together?: boolean;
}

function compile({ conflicts = leftWins(), firstLink = "left", onEditDelete = "delete", together = false }: Settings = {}): PairModel {
  const [left, right] = [memoryDatabase({ name: "left", models: [model] }), memoryDatabase({ name: "right", models: [model] })];
  const groups = together ? { together: [["amount", "currency"]] } : {};
  const mapping = compileMapping({ name: "pair", left, right, conflicts, firstLink, onEditDelete }, { Record: { match: naturalKey("code"), ...groups } });
  expect(mapping.findings).toEqual([]);
  return mapping.models[0]!;
}

const hash = (value: Value | undefined): string => (value === null || value === undefined ? "null" : `#${value}`);

type Values = readonly Value[];
const record = (side: SideName, meet: Values): PairRecord => ({ side, key: ["1"], cloudId: "id", meet, row: { key: ["1"], cloudId: "id", revision: "1", values: meet } });
const base = (values: Values): BaseView => ({ left: values.map(hash), right: values.map(hash), values });

interface Merge {
  readonly left?: Values | undefined;
  readonly right?: Values | undefined;
  readonly base?: Values | undefined;
}

function plan(of: PairModel, merge: Merge, input: Partial<PlanInput> = {}): RecordPlan {
  return planRecord(of, {
    left: merge.left && record("left", merge.left), right: merge.right && record("right", merge.right), base: merge.base && base(merge.base),
    direction: "both", hash, ...input,
  });
}

/** Both sides after the plan was carried out. */
function carryOut(merge: { readonly left: Values; readonly right: Values }, done: RecordPlan): { left: Values; right: Values } {
  const taken = (own: Values, other: Values, fields: readonly number[]): Values => own.map((value, at) => (fields.includes(at) ? other[at]! : value));
  return { left: taken(merge.left, merge.right, done.toLeft), right: taken(merge.right, merge.left, done.toRight) };
}

// Few values, so that fields come to be equal, changed back, and changed to the same.
const value = fc.constantFrom<Value>("x", "y", "z", null);
const values = fc.tuple(value, value, value, value, value, value);
const merges = fc.record({ left: values, right: values, base: values });
const policies = fc.constantFrom<ConflictPolicy>(leftWins(), rightWins(), newest("a"));
const runs = { numRuns: 2_000 };

describe("a merge", () => {
  test("of equal records changes nothing", () => {
    fc.assert(fc.property(values, fc.option(values, { nil: undefined }), policies, (own, known, conflicts) => {
      const done = plan(compile({ conflicts }), { left: own, right: own, base: known });
      expect([...done.toLeft, ...done.toRight, ...done.conflicts, ...done.open]).toEqual([]);
    }), { numRuns: 300 });
  });

  const leftFirst = compile();
  test("takes what one side changed, to the other side", () => {
    fc.assert(fc.property(merges, (merge) => {
      const done = plan(leftFirst, merge);
      names.forEach((_, at) => {
        const [l, r, b] = [merge.left[at], merge.right[at], merge.base[at]];
        if (l !== b && r === b) expect(done.toRight).toContain(at);
        if (r !== b && l === b) expect(done.toLeft).toContain(at);
        if (l === r) expect([...done.toLeft, ...done.toRight]).not.toContain(at);
      });
    }), runs);
  });

  test("calls a conflict exactly what both sides changed to different values", () => {
    fc.assert(fc.property(merges, (merge) => {
      const expected = names.flatMap((_, at) => {
        const [l, r, b] = [merge.left[at], merge.right[at], merge.base[at]];
        return l !== b && r !== b && l !== r ? [at] : [];
      });
      expect(plan(leftFirst, merge).conflicts.flatMap((conflict) => conflict.fields)).toEqual(expected);
    }), runs);
  });

  test("ends with both sides equal, and a second one has nothing to do", () => {
    fc.assert(fc.property(merges, policies, fc.boolean(), (merge, conflicts, together) => {
      const of = compile({ conflicts, together });
      const after = carryOut(merge, plan(of, merge));
      expect(after.left).toEqual(after.right);
      expect(plan(of, { ...after, base: after.left }).action).toBe("none");
    }), { numRuns: 500 });
  });

  test("is the same whichever side is called left", () => {
    fc.assert(fc.property(merges, fc.boolean(), fc.boolean(), (merge, leftDecides, together) => {
      const one = plan(compile({ conflicts: leftDecides ? leftWins() : rightWins(), together }), merge);
      const mirrored = plan(compile({ conflicts: leftDecides ? rightWins() : leftWins(), together }), { left: merge.right, right: merge.left, base: merge.base });
      expect({ toLeft: mirrored.toRight, toRight: mirrored.toLeft, action: mirrored.action }).toEqual({ toLeft: one.toLeft, toRight: one.toRight, action: one.action });
    }), { numRuns: 500 });
  });

  test("gives every field at most one verdict", () => {
    fc.assert(fc.property(merges, policies, fc.constantFrom("both", "left-to-right", "right-to-left"), (merge, conflicts, direction) => {
      const { toLeft, toRight, open, drift } = plan(compile({ conflicts }), merge, { direction: direction });
      const all = [...toLeft, ...toRight, ...open, ...drift];
      expect(new Set(all).size).toBe(all.length);
    }), { numRuns: 500 });
  });

  test("one way never writes the side it reads from", () => {
    fc.assert(fc.property(fc.record({ left: fc.option(values, { nil: undefined }), right: fc.option(values, { nil: undefined }), base: fc.option(values, { nil: undefined }) }), (merge) => {
      const done = plan(leftFirst, merge, { direction: "left-to-right" });
      expect(done.toLeft).toEqual([]);
      if (done.action === "create" || done.action === "delete") expect(done.side).toBe("right");
    }), runs);
  });

  test("keeps fields that are declared together from one side", () => {
    const together = compile({ together: true });
    const pair = [names.indexOf("amount"), names.indexOf("currency")];
    fc.assert(fc.property(merges, (merge) => {
      const { left } = carryOut(merge, plan(together, merge));
      const of = (all: Values): Value[] => pair.map((at) => all[at]!);
      expect([of(merge.left), of(merge.right)]).toContainEqual(of(left));
    }), runs);
  });

  test("with overwrite() leaves one side's record, whole: the one that changed, or the one that the policy chose", () => {
    fc.assert(fc.property(merges, policies, (merge, policy) => {
      const of = compile({ conflicts: overwrite(policy) });
      const done = plan(of, merge);
      const after = carryOut(merge, done);
      expect(after.left).toEqual(after.right);
      expect([merge.left, merge.right]).toContainEqual(after.left);
      const changed = (own: Values, other: Values): boolean => own.some((each, at) => each !== merge.base[at] && each !== other[at]);
      expect(done.conflicts).toHaveLength(changed(merge.left, merge.right) && changed(merge.right, merge.left) ? 1 : 0);
      expect(plan(of, { ...after, base: after.left }).action).toBe("none");
    }), { numRuns: 500 });
  });

  test("over a chain of three comes to the same in any order, where no field was changed twice", () => {
    fc.assert(fc.property(values, fc.array(fc.record({ at: fc.nat(names.length - 1), who: fc.nat(2), value })), fc.shuffledSubarray([0, 1, 0, 1, 0, 1], { minLength: 6 }), (start, edits, order) => {
      const owners = new Map<number, number>();
      const copies: Value[][] = [[...start], [...start], [...start]];
      for (const { at, who, value: to } of edits) {
        if ((owners.get(at) ?? who) !== who) continue;
        owners.set(at, who);
        copies[who]![at] = to;
      }
      const expected = start.map((original, at) => (owners.has(at) ? copies[owners.get(at)!]![at]! : original));
      const bases: Values[] = [start, start];
      // However the pairs take turns, two rounds of both are enough for a chain of three.
      for (const link of [...order, 0, 1, 0, 1]) {
        const after = carryOut({ left: copies[link]!, right: copies[link + 1]! }, plan(leftFirst, { left: copies[link]!, right: copies[link + 1]!, base: bases[link]! }));
        copies[link] = [...after.left];
        copies[link + 1] = [...after.right];
        bases[link] = after.left;
      }
      expect(copies).toEqual([expected, expected, expected]);
    }), runs);
  });
});

describe("a record on one side", () => {
  test("is created on the other where nothing was ever agreed, and never deleted", () => {
    fc.assert(fc.property(values, fc.constantFrom<SideName>("left", "right"), (own, side) => {
      expect(plan(compile(), { [side]: own })).toMatchObject({ action: "create", side: side === "left" ? "right" : "left", conflicts: [] });
    }), { numRuns: 200 });
  });

  test("is deleted without a conflict exactly when it is as it was agreed", () => {
    for (const onEditDelete of ["delete", "edit", "ask"] as const) {
      const of = compile({ onEditDelete });
      fc.assert(fc.property(values, values, fc.constantFrom<SideName>("left", "right"), (own, known, side) => {
        const done = plan(of, { [side]: own, base: known });
        const edited = own.some((each, at) => each !== known[at]);
        const expected = !edited || onEditDelete === "delete" ? "delete" : onEditDelete === "edit" ? "create" : "park";
        expect(done.action).toBe(expected);
        expect(done.conflicts.length).toBe(edited ? 1 : 0);
      }), runs);
    }
  });

  test("that is gone on both is forgotten", () => {
    expect(plan(compile(), { base: ["x", "x", "x", "x", "x", "x"] }).action).toBe("forget");
  });
});

describe("a first meeting", () => {
  test("links equal records, and leaves every difference to `firstLink`", () => {
    for (const firstLink of ["left", "right", "ask"] as const) {
      const of = compile({ firstLink, conflicts: rightWins() });
      fc.assert(fc.property(values, values, (left, right) => {
        const done = plan(of, { left, right });
        const differing = names.flatMap((_, at) => (left[at] === right[at] ? [] : [at]));
        expect(done.toRight).toEqual(firstLink === "left" ? differing : []);
        expect(done.toLeft).toEqual(firstLink === "right" ? differing : []);
        expect(done.open).toEqual(firstLink === "ask" ? differing : []);
        expect(done.conflicts.map((conflict) => conflict.kind)).toEqual(differing.map(() => "first-link"));
      }), { numRuns: 500 });
    }
  });
});

import { ask, canonical, fieldMerge, leftWins, naturalKey, newest, perField, rightWins, versionVector, type Conflict, type ConflictPolicy } from "@sync/core";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { collect, fieldsByCode, keyOf, model, pairOf, text } from "./pairs.ts";

type Values = Readonly<Record<string, string | null>>;
const conflictOf = (fields: readonly string[], left: Values, right: Values): Conflict => ({
  model: "Record", kind: "update-update", fields, base: undefined, left: { value: (name) => left[name] }, right: { value: (name) => right[name] },
});
const vectors = fc.dictionary(fc.constantFrom("a", "b", "c", "__proto__"), fc.nat(3)).map((vector) => JSON.stringify(vector));
const policy = versionVector("v", { otherwise: leftWins() });
const counters = (vector: string): Map<string, number> => new Map(Object.entries(JSON.parse(vector) as object) as [string, number][]);
const covers = (one: string, other: string): boolean => [...counters(other)].every(([site, count]) => count <= (counters(one).get(site) ?? 0));

describe("versionVector", () => {
  test("whoever has seen all of the other's writes and more stands; otherwise the other rule decides", () => {
    fc.assert(fc.property(vectors, vectors, (left, right) => {
      const decision = policy.decide(conflictOf(["name"], { v: left }, { v: right }));
      const expected = covers(left, right) === covers(right, left) ? "otherwise" : covers(left, right) ? "left" : "right";
      const asked = versionVector("v", { otherwise: { name: "other", reads: [], decide: () => "open" } }).decide(conflictOf(["name"], { v: left }, { v: right }));
      expect(asked).toBe(expected === "otherwise" ? "open" : expected);
      expect(decision).toBe(expected === "otherwise" ? "left" : expected);
    }));
  });

  test("the vectors themselves come to the least that covers both, whichever side is which", () => {
    fc.assert(fc.property(vectors, vectors, (left, right) => {
      const vectorAfter = (one: string, other: string): string => {
        const decision = policy.decide(conflictOf(["v"], { v: one }, { v: other }));
        return decision === "left" ? one : decision === "right" ? other : (decision as { values: string[] }).values[0]!;
      };
      const after = vectorAfter(left, right);
      expect(covers(after, left) && covers(after, right)).toBe(true);
      for (const [site, count] of counters(after)) expect(count).toBe(Math.max(counters(left).get(site) ?? 0, counters(right).get(site) ?? 0));
      expect(counters(vectorAfter(right, left)).size === counters(after).size && covers(vectorAfter(right, left), after)).toBe(true);
    }));
  });

  it.each([["[1]", "{}"], ["{\"a\":-1}", "{\"b\":1}"], ["{\"a\":\"x\"}", "{\"b\":1}"], ["{\"a\":1.5}", "{}"], ["7", "{}"]])("%s is no vector: the other rule decides", (left, right) => {
    expect(versionVector("v", { otherwise: rightWins() }).decide(conflictOf(["name"], { v: left }, { v: right }))).toBe("right");
    expect(policy.decide(conflictOf(["name"], { v: right }, { v: left }))).toBe("left");
  });

  it("merges its vector also where it answers for other fields only", () => {
    const some = perField({ name: policy }, { otherwise: rightWins() });
    expect(some.decide(conflictOf(["v"], { v: "{\"a\":1}" }, { v: "{\"b\":1}" }))).toEqual({ values: ["{\"a\":1,\"b\":1}"] });
    expect(some.nameFor!(["v"])).toBe(policy.name);
  });

  it("takes null for a record that nobody has written yet", () => {
    expect(policy.decide(conflictOf(["name"], { v: null }, { v: "{\"a\":1}" }))).toBe("right");
  });

  it("merges the vector with the side that stands where both are one group", () => {
    const values = { left: { name: "l", v: "{\"a\":2,\"b\":1}" }, right: { name: "r", v: "{\"a\":1,\"b\":2}" } };
    const decision = versionVector("v", { otherwise: rightWins() }).decide(conflictOf(["name", "v"], values.left, values.right));
    expect(decision).toEqual({ values: ["r", canonical({ type: "json" }, "{\"a\":2,\"b\":2}")] });
  });
});

const json = (name: string) => ({ name, kind: { type: "json" } as const, nullable: true, writable: true });
const record = model("Record", [text("code"), text("name", true), json("versions")]);

describe("in a run", () => {
  it("a dominated edit loses, a concurrent one is decided by the other rule, and both sides end with one vector", async () => {
    const { left, right, sync } = pairOf([record], { conflicts: fieldMerge({ otherwise: versionVector("versions", { otherwise: leftWins() }) }) });
    for (const code of ["seen", "concurrent"]) left.application.insert("Record", { code, name: "base", versions: "{\"l\":1}" });
    await sync.run();
    const edit = (database: typeof left, code: string, name: string, versions: string): void =>
      void database.application.update("Record", keyOf(database, "Record", code), { name, versions });
    edit(left, "seen", "left", "{\"l\":2}");
    edit(right, "seen", "right, having seen the left", "{\"l\":2,\"r\":1}");
    edit(left, "concurrent", "left", "{\"l\":2}");
    edit(right, "concurrent", "right", "{\"l\":1,\"r\":1}");
    await sync.run();
    for (const database of [left, right]) {
      expect(fieldsByCode(database, "Record", "name")).toEqual({ seen: "right, having seen the left", concurrent: "left" });
      expect(fieldsByCode(database, "Record", "versions")).toEqual({ seen: "{\"l\":2,\"r\":1}", concurrent: "{\"l\":2,\"r\":1}" });
    }
    expect((await collect(sync.conflicts())).map(({ rule }) => rule)).toContain("versionVector(versions), otherwise left wins");
    expect((await sync.verify()).equal).toBe(true);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });

  it.each<[string, ConflictPolicy, object, string]>([
    ["a field that is no JSON", versionVector("name", { otherwise: leftWins() }), {}, "OPTIONS.POLICY_FIELD"],
    ["a field that is left out", versionVector("versions", { otherwise: leftWins() }), { omit: ["versions"] }, "OPTIONS.POLICY_FIELD"],
    ["a field that nobody has", versionVector("vector", { otherwise: leftWins() }), {}, "OPTIONS.UNKNOWN_FIELD"],
    ["such a policy inside another", perField({ name: versionVector("name", { otherwise: newest("code") }) }, { otherwise: leftWins() }), {}, "OPTIONS.POLICY_FIELD"],
  ])("%s is refused before anything is read", (_, conflicts, more, code) => {
    expect(() => pairOf([record], { conflicts, models: { Record: { match: naturalKey("code"), ...more } } })).toThrow(expect.objectContaining({ findings: [expect.objectContaining({ code }) as object] }));
  });
});

test("vectors are not merged as long as a field of their record waits for a person: nobody has seen both values", async () => {
  const both = model("Record", [text("code"), text("a", true), text("b", true), { name: "v", kind: { type: "json" }, nullable: true, writable: true }]);
  const { left, right, sync } = pairOf([both], { conflicts: versionVector("v", { otherwise: ask() }) });
  left.application.insert("Record", { code: "r", a: "base", b: "base", v: "{\"left\":1}" });
  await sync.run();
  left.application.update("Record", keyOf(left, "Record", "r"), { a: "ours", v: "{\"left\":2}" });
  right.application.update("Record", keyOf(right, "Record", "r"), { a: "theirs", v: "{\"left\":1,\"right\":1}" });
  await sync.run();
  const seen = JSON.parse(fieldsByCode(left, "Record", "v")["r"]!) as object;
  left.application.update("Record", keyOf(left, "Record", "r"), { b: "ours", v: JSON.stringify({ ...seen, left: 3 }) });
  await sync.run();
  expect([fieldsByCode(left, "Record", "a"), fieldsByCode(right, "Record", "a")]).toEqual([{ r: "ours" }, { r: "theirs" }]);
  expect(fieldsByCode(right, "Record", "b")).toEqual({ r: "ours" });
  expect((await sync.verify()).explained).toBe(true);
  for await (const { id } of sync.conflicts({ open: true })) await sync.decide(id, "right");
  await sync.run();
  for (const side of [left, right]) {
    expect(fieldsByCode(side, "Record", "a")).toEqual({ r: "theirs" });
    expect(fieldsByCode(side, "Record", "v")).toEqual({ r: "{\"left\":3,\"right\":1}" });
  }
  expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
});

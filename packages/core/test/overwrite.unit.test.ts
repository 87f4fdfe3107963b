import { fieldMerge, leftWins, naturalKey, newest, overwrite, perField, rightWins, versionVector, type ConflictPolicy } from "@sync/core";
import { expect, it } from "vitest";
import { collect, fieldsByCode, keyOf, model, pairOf, reference, text } from "./pairs.ts";

const record = model("Record", [text("code"), text("a", true), text("b", true), text("stamp", true)]);

async function edited(conflicts: ConflictPolicy): Promise<ReturnType<typeof pairOf>> {
  const pair = pairOf([record], { conflicts });
  const { left, right, sync } = pair;
  for (const code of ["one", "two", "three"]) left.application.insert("Record", { code, a: "base", b: "base", stamp: "1" });
  await sync.run();
  left.application.update("Record", keyOf(left, "Record", "one"), { a: "left", stamp: "2" });
  right.application.update("Record", keyOf(right, "Record", "one"), { b: "right", stamp: "3" });
  left.application.update("Record", keyOf(left, "Record", "two"), { a: "left" });
  right.application.update("Record", keyOf(right, "Record", "three"), { b: "right" });
  await sync.run();
  expect((await sync.verify()).equal).toBe(true);
  expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  return pair;
}

it.each<[string, ConflictPolicy, string, string]>([
  ["the left", overwrite("left"), "left", "base"],
  ["the right", overwrite("right"), "base", "right"],
  ["the side that the policy chooses", overwrite(newest("stamp")), "base", "right"],
])("%s goes over whole where both sides changed a record, and each side's changes where it alone did", async (_, conflicts, a, b) => {
  const { left, right, sync } = await edited(conflicts);
  for (const database of [left, right]) {
    expect(fieldsByCode(database, "Record", "a")).toEqual({ one: a, two: "left", three: "base" });
    expect(fieldsByCode(database, "Record", "b")).toEqual({ one: b, two: "base", three: "right" });
  }
  const [conflict, ...more] = await collect(sync.conflicts());
  expect(more).toEqual([]);
  expect(conflict).toMatchObject({ kind: "update-update", rule: conflicts.name, fields: ["a", "b", "stamp"] });
});

it("one model overwrites while another merges", async () => {
  const merged = model("Merged", [text("code"), text("a", true), text("b", true)]);
  const { left, right, sync } = pairOf([record, merged], {
    conflicts: fieldMerge({ otherwise: leftWins() }),
    models: { Record: { match: naturalKey("code"), conflicts: overwrite("left") }, Merged: { match: naturalKey("code") } },
  });
  for (const name of ["Record", "Merged"]) left.application.insert(name, { code: "c", a: "base", b: "base" });
  await sync.run();
  for (const name of ["Record", "Merged"]) {
    left.application.update(name, keyOf(left, name, "c"), { a: "left" });
    right.application.update(name, keyOf(right, name, "c"), { b: "right" });
  }
  await sync.run();
  expect(fieldsByCode(right, "Record", "b")).toEqual({ c: "base" });
  expect(fieldsByCode(right, "Merged", "b")).toEqual({ c: "right" });
  expect(fieldsByCode(left, "Merged", "b")).toEqual({ c: "right" });
});

it("records that refer to each other come across all the same", async () => {
  const a = model("A", [text("code"), text("note", true), text("bId", true)], [reference("bId", "B")]);
  const b = model("B", [text("code"), text("note", true), text("aId", true)], [reference("aId", "A")]);
  const { left, right, sync } = pairOf([a, b], { conflicts: overwrite("left") });
  const [aId] = left.application.insert("A", { code: "a", note: "a" });
  const [bId] = left.application.insert("B", { code: "b", note: "b", aId: aId! });
  left.application.update("A", [aId!], { bId: bId! });
  for (let n = 0; n < 2; n++) await sync.run();
  expect(fieldsByCode(right, "A", "bId")).toEqual({ a: keyOf(right, "B", "b")[0] });
  expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  right.application.update("A", keyOf(right, "A", "a"), { note: "edited" });
  await sync.run();
  expect(fieldsByCode(left, "A", "note")).toEqual({ a: "edited" });
  expect((await sync.verify()).equal).toBe(true);
});

it.each<[string, () => unknown]>([
  ["fieldMerge", () => fieldMerge({ otherwise: overwrite("left") })],
  ["perField", () => perField({ a: overwrite("left") }, { otherwise: rightWins() })],
  ["versionVector", () => versionVector("v", { otherwise: overwrite("left") })],
  ["another overwrite", () => overwrite(overwrite("left"))],
  ["firstLink", () => pairOf([record], { firstLink: overwrite("left") })],
])("within %s it is refused at once", (_, make) => {
  expect(make).toThrow(expect.objectContaining({ code: "OPTIONS.VALUE", message: expect.stringContaining("overwrite()") as string }));
});

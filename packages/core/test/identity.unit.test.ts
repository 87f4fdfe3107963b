import { describe, expect, it } from "vitest";
import { naturalKey, type Kind, type UpdateBatch } from "@sync/core";
import { codes, collect, fieldsByCode, keyOf, model, pairOf, reference, text, withCommit, type Tracking } from "./pairs.ts";

const person = model("Person", [text("code"), text("email", true), text("phone", true)], [], {
  uniqueKeys: [{ name: "Person_code", fields: ["code"] }, { name: "Person_email", fields: ["email"] }, { name: "Person_phone", fields: ["phone"] }],
});

describe.each([["first", 100], ["second", 100], ["first", 2], ["second", 2], ["first", 1], ["second", 1]] as const)("two rules that lead two records (%s) to one, in pages of %i", (order, pageSize) => {
  it("never link it twice, and nothing is deleted for it", async () => {
    const units: string[][] = [];
    const { left, right, sync } = pairOf([person], {
      pageSize, match: { Person: [naturalKey("email"), naturalKey("phone")] },
      wrap: (database, side) => (side === "left" ? database : withCommit(database, (unit, real) => {
        for (const batch of unit.batches) {
          const keys = (batch as UpdateBatch).rows.map((row) => row.key.join());
          if (new Set(keys).size < keys.length) units.push(keys);
        }
        return real(unit);
      })),
    });
    const byEmail = { code: "by email", email: "e", phone: "other" };
    const byPhone = { code: "by phone", email: "another", phone: "p" };
    for (const record of order === "first" ? [byEmail, byPhone] : [byPhone, byEmail]) left.application.insert("Person", record);
    right.application.insert("Person", { code: "right", email: "e", phone: "p" });
    for (let n = 0; n < 3; n++) await sync.run();
    expect(units).toEqual([]);
    expect(left.probe.rows("Person")).toHaveLength(2);
    expect(right.probe.rows("Person").length).toBeGreaterThan(0);
    const ids = left.probe.rows("Person").map(({ cloudId }) => cloudId);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe.each(["changes", "fingerprints", "none"] as readonly Tracking[])("a record under a new key where databases track %s", (leftTracking) => {
  const parent = model("Parent", [text("code"), text("name")]);
  const child = model("Child", [text("code"), text("parentId")], [reference("parentId", "Parent")]);

  it.each(["left", "right"] as const)("deleted and made again on the %s with the same natural key, it is the same record with its children", async (side) => {
    const pair = pairOf([parent, child], { leftTracking });
    const { left, right, sync } = pair;
    const [p] = left.application.insert("Parent", { code: "p", name: "before" });
    left.application.insert("Child", { code: "c", parentId: p! });
    await sync.run();
    await sync.run();
    const there = pair[side];
    const other = pair[side === "left" ? "right" : "left"];
    const kept = keyOf(other, "Parent", "p");
    const again = there.begin();
    const old = keyOf(there, "Parent", "p");
    again.update("Parent", old, { code: "gone" });
    const [q] = again.insert("Parent", { code: "p", name: "after" });
    again.update("Child", keyOf(there, "Child", "c"), { parentId: q! });
    again.delete("Parent", old);
    again.commit();
    for (let n = 0; n < 3; n++) await sync.run();
    expect(keyOf(other, "Parent", "p")).toEqual(kept);
    expect(fieldsByCode(left, "Parent", "name")).toEqual({ p: "after" });
    expect(fieldsByCode(right, "Parent", "name")).toEqual({ p: "after" });
    expect([codes(left, "Child"), codes(right, "Child")]).toEqual([["c"], ["c"]]);
    expect((await sync.verify()).equal).toBe(true);
    expect(await collect(sync.quarantine())).toEqual([]);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });

  it("with its primary key changed in place it stays the same record", async () => {
    const { left, right, sync } = pairOf([parent, child], { leftTracking });
    const [p] = left.application.insert("Parent", { code: "p", name: "name" });
    left.application.insert("Child", { code: "c", parentId: p! });
    await sync.run();
    await sync.run();
    const kept = keyOf(right, "Parent", "p");
    left.application.update("Parent", [p!], { id: "another-key" });
    for (let n = 0; n < 3; n++) await sync.run();
    expect(keyOf(right, "Parent", "p")).toEqual(kept);
    expect((await sync.verify()).equal).toBe(true);
  });

  it("a natural key that was freed by a rename and used again belongs to the new record", async () => {
    const { left, right, sync } = pairOf([parent], { leftTracking });
    left.application.insert("Parent", { code: "p", name: "old" });
    await sync.run();
    left.application.update("Parent", keyOf(left, "Parent", "p"), { code: "renamed" });
    left.application.insert("Parent", { code: "p", name: "new" });
    for (let n = 0; n < 3; n++) await sync.run();
    expect(fieldsByCode(right, "Parent", "name")).toEqual({ p: "new", renamed: "old" });
    expect((await sync.verify()).equal).toBe(true);
  });
});

it("swapped unique values arrive", async () => {
  const { left, right, sync } = pairOf([person], { match: { Person: naturalKey("code") } });
  left.application.insert("Person", { code: "a", email: "1" });
  left.application.insert("Person", { code: "b", email: "2" });
  await sync.run();
  const swap = left.begin();
  swap.update("Person", keyOf(left, "Person", "a"), { email: "x" });
  swap.update("Person", keyOf(left, "Person", "b"), { email: "1" });
  swap.update("Person", keyOf(left, "Person", "a"), { email: "2" });
  swap.commit();
  await sync.run();
  expect(fieldsByCode(right, "Person", "email")).toEqual({ a: "2", b: "1" });
});

it.each<Kind>([{ type: "integer", bits: 32 }, { type: "integer", bits: 64 }, { type: "decimal", precision: 12, scale: 2 }])("swapped numbers arrive, although there is no null to park one on: %j", async (kind) => {
  const guest = model("Guest", [text("code"), { ...text("seat"), kind }], [], { uniqueKeys: [{ name: "Guest_code", fields: ["code"] }, { name: "Guest_seat", fields: ["seat"] }] });
  const { left, right, sync } = pairOf([guest]);
  for (const [code, seat] of [["a", "1"], ["b", "2"]] as const) left.application.insert("Guest", { code, seat });
  await sync.run();
  const swap = left.begin();
  swap.update("Guest", keyOf(left, "Guest", "a"), { seat: "3" });
  swap.update("Guest", keyOf(left, "Guest", "b"), { seat: "1" });
  swap.update("Guest", keyOf(left, "Guest", "a"), { seat: "2" });
  swap.commit();
  await sync.run();
  expect(fieldsByCode(right, "Guest", "seat")).toEqual({ a: "2", b: "1" });
  expect(await collect(sync.conflicts())).toEqual([]);
});

it("a key that is written like any other field keeps its identity on both sides", async () => {
  const country = model("Country", [text("code"), text("name")], [], { primaryKey: ["code"], keySource: "values", uniqueKeys: [], fields: [text("code"), text("name")] });
  const { left, right, sync } = pairOf([country]);
  left.application.insert("Country", { code: "A", name: "a" });
  await sync.run();
  right.application.update("Country", ["A"], { name: "edited" });
  left.application.update("Country", ["A"], { code: "B" });
  for (let n = 0; n < 3; n++) await sync.run();
  expect(fieldsByCode(left, "Country", "name")).toEqual(fieldsByCode(right, "Country", "name"));
  expect((await sync.verify()).equal).toBe(true);
  expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
});

it.each(["left", "right"] as const)("two cloudIds that the rows bear themselves become one: the smaller stands, whichever side has it (%s)", async (side) => {
  const withId = model("Item", [text("code"), text("name"), text("cloudId", true)], [], { syncFields: { cloudId: "cloudId" } });
  const { left, right, sync } = pairOf([withId]);
  const ids = side === "left" ? { left: "019b0000-0000-7000-8000-000000000001", right: "019b0000-0000-7000-8000-000000000002" }
    : { left: "019b0000-0000-7000-8000-000000000002", right: "019b0000-0000-7000-8000-000000000001" };
  left.application.insert("Item", { code: "a", name: "of the left", cloudId: ids.left });
  right.application.insert("Item", { code: "a", name: "of the right", cloudId: ids.right });
  expect((await sync.run()).models.get("Item")).toMatchObject({ updated: { left: 0, right: 1 }, created: { left: 0, right: 0 }, unsettled: 0, quarantined: 0 });
  for (const database of [left, right]) expect(database.probe.rows("Item").map(({ cloudId, record }) => [cloudId, record["name"]])).toEqual([[ids[side], "of the left"]]);
  expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
});

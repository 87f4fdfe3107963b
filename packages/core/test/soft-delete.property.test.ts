import { deterministic, naturalKey, type ConflictRecord, type ModelOptions } from "@sync/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collect, fieldsByCode, keyOf, model, pairOf, text, type PairOptions, type Tracking } from "./pairs.ts";

const flag = { name: "gone", kind: { type: "boolean" } as const, nullable: false, writable: true };
const record = model("Record", [text("code"), text("name", true), text("deletedAt", true)], [], { uniqueKeys: [] });
const entry = { match: naturalKey("code", { withoutUniqueKey: true }), softDelete: "deletedAt" } as const;
const open = (more: PairOptions = {}): ReturnType<typeof pairOf> => pairOf([record], { models: { Record: entry }, ...more });

type Database = ReturnType<typeof pairOf>["left"];
const add = (database: Database, code: string, name: string, deletedAt: string | null = null): readonly string[] => database.application.insert("Record", { code, name, deletedAt });
const rows = (database: Database): string[] =>
  database.probe.rows("Record").map(({ record: { code, name, deletedAt } }) => `${code} ${name}${deletedAt === null ? "" : " gone"}`).sort();

async function settle({ left, right, sync }: ReturnType<typeof pairOf>): Promise<string[]> {
  for (let n = 0; n < 2; n++) await sync.run();
  expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  expect(await collect(sync.quarantine())).toEqual([]);
  expect((await sync.verify()).equal).toBe(true);
  expect(rows(right)).toEqual(rows(left));
  return rows(left);
}

describe.each(["changes", "fingerprints", "none"] as readonly Tracking[])("soft deletes where databases track %s", (leftTracking) => {
  it.each(["left", "right"] as const)("travel from the %s like any change, and back when they are taken back", async (side) => {
    const pair = open({ leftTracking });
    add(pair.left, "a", "A");
    await pair.sync.run();
    pair[side].application.update("Record", keyOf(pair[side], "Record", "a"), { deletedAt: "now" });
    expect(await settle(pair)).toEqual(["a A gone"]);
    const other = pair[side === "left" ? "right" : "left"];
    other.application.update("Record", keyOf(other, "Record", "a"), { deletedAt: null, name: "again" });
    expect(await settle(pair)).toEqual(["a again"]);
    expect(await collect(pair.sync.conflicts())).toEqual([]);
  });

  it("a natural key that a tombstone had belongs to the new record, and both keep their identity", async () => {
    const pair = open({ leftTracking });
    add(pair.left, "a", "old");
    await pair.sync.run();
    const [old] = pair.right.probe.rows("Record");
    pair.left.application.update("Record", keyOf(pair.left, "Record", "a"), { deletedAt: "now" });
    add(pair.left, "a", "new");
    expect(await settle(pair)).toEqual(["a new", "a old gone"]);
    const after = pair.right.probe.rows("Record");
    expect(after.find(({ record: { name } }) => name === "old")!.key).toEqual(old!.key);
    expect(after.find(({ record: { name } }) => name === "new")!.cloudId).not.toBe(old!.cloudId);
  });

  it("a tombstone is not taken for a record of the other side at their first meeting", async () => {
    const pair = open({ leftTracking });
    add(pair.left, "a", "left", "yesterday");
    add(pair.left, "b", "left", "yesterday");
    add(pair.right, "a", "right");
    add(pair.right, "b", "right", "last year");
    expect(await settle(pair)).toEqual(["a left gone", "a right", "b left gone", "b right gone"]);
    expect(await collect(pair.sync.conflicts())).toEqual([]);
  });

  it("a row that is deleted on the one side and a tombstone on the other goes, without a conflict", async () => {
    const pair = open({ leftTracking, deleteGuard: { count: 9, share: 1 } });
    add(pair.left, "just set", "A");
    add(pair.left, "long ago", "B", "last year");
    await pair.sync.run();
    pair.left.application.update("Record", keyOf(pair.left, "Record", "just set"), { deletedAt: "now" });
    for (const code of ["just set", "long ago"]) pair.right.application.delete("Record", keyOf(pair.right, "Record", code));
    expect(await settle(pair)).toEqual([]);
    expect(await collect(pair.sync.conflicts())).toEqual([]);
  });

  it("a tombstone that was edited besides, or one that was taken back, is an edit that meets a delete", async () => {
    const pair = open({ leftTracking, onEditDelete: "edit" });
    add(pair.left, "edited", "A");
    add(pair.left, "taken back", "B", "last year");
    await pair.sync.run();
    pair.left.application.update("Record", keyOf(pair.left, "Record", "edited"), { deletedAt: "now", name: "edited" });
    pair.left.application.update("Record", keyOf(pair.left, "Record", "taken back"), { deletedAt: null });
    for (const code of ["edited", "taken back"]) pair.right.application.delete("Record", keyOf(pair.right, "Record", code));
    expect(await settle(pair)).toEqual(["edited edited gone", "taken back B"]);
    expect((await collect<ConflictRecord>(pair.sync.conflicts())).map(({ kind }) => kind)).toEqual(["update-delete", "update-delete"]);
  });
});

it("an edit and a soft delete of one record are both kept", async () => {
  const pair = open();
  add(pair.left, "a", "A");
  await pair.sync.run();
  pair.left.application.update("Record", keyOf(pair.left, "Record", "a"), { deletedAt: "now" });
  pair.right.application.update("Record", keyOf(pair.right, "Record", "a"), { name: "edited" });
  expect(await settle(pair)).toEqual(["a edited gone"]);
});

it("a tombstone that still holds its unique key on the other side is not linked: it stands in the way, and is told", async () => {
  const unique = model("Record", [text("code"), text("name", true), text("deletedAt", true)]);
  const { left, right, sync } = pairOf([unique], { models: { Record: { match: naturalKey("code"), softDelete: "deletedAt" } } });
  add(left, "a", "alive");
  add(right, "a", "dead", "then");
  await sync.run();
  expect([rows(left), rows(right)]).toEqual([["a alive"], ["a dead gone"]]);
  expect((await collect(sync.quarantine())).map(({ code, side }) => `${side} ${code}`).sort()).toEqual(["left WRITE.UNIQUE", "right WRITE.UNIQUE"]);
  right.application.delete("Record", keyOf(right, "Record", "a"));
  for (let n = 0; n < 2; n++) await sync.run();
  expect([rows(left), rows(right)]).toEqual([["a alive"], ["a alive"]]);
  expect(await collect(sync.quarantine())).toEqual([]);
});

it("a flag makes a tombstone by being true", async () => {
  const flagged = model("Record", [text("code"), text("name", true), flag], [], { uniqueKeys: [] });
  const { left, right, sync } = pairOf([flagged], { models: { Record: { ...entry, softDelete: "gone" } } });
  left.application.insert("Record", { code: "a", name: "left", gone: "true" });
  left.application.insert("Record", { code: "b", name: "left", gone: "false" });
  right.application.insert("Record", { code: "a", name: "right", gone: "false" });
  right.application.insert("Record", { code: "b", name: "right", gone: "false" });
  await sync.run();
  expect(right.probe.rows("Record").map(({ record: { code, name, gone } }) => `${code} ${name} ${gone}`).sort()).toEqual(["a left true", "a right false", "b left false"]);
  expect((await sync.verify()).equal).toBe(true);
  expect(fieldsByCode(left, "Record", "name")["b"]).toBe("left");
});

it("a flag on one side may be a time on the other", async () => {
  const flagged = model("Record", [text("code"), text("name", true), flag], [], { uniqueKeys: [] });
  const converted = { right: "deletedAt", toRight: (gone: boolean) => (gone ? "then" : null), toLeft: (at: string | null) => at !== null };
  const { left, right, sync } = pairOf([flagged], {
    rightModels: [record], models: { Record: { ...entry, softDelete: "gone", fields: { gone: converted } } },
  });
  left.application.insert("Record", { code: "a", name: "left", gone: "true" });
  add(right, "a", "right");
  await sync.run();
  expect(rows(right)).toEqual(["a left gone", "a right"]);
  expect((await sync.verify()).equal).toBe(true);
});

it("the first cloudId of a natural key is for the record that has it, not for its tombstone", async () => {
  const ids = deterministic("a secret of the application");
  const { left, sync } = open({ cloudIds: ids });
  add(left, "a", "dead", "yesterday");
  add(left, "a", "alive");
  await sync.run();
  const byName = Object.fromEntries(left.probe.rows("Record").map(({ record: { name }, cloudId }) => [name, cloudId!]));
  expect(byName["alive"]).toBe(ids.idOf("Record", '["a"]', 0));
  expect(byName["dead"]![14]).toBe("7");
});

it("whatever two sides hold, every living record meets its like once, and no tombstone meets anything", async () => {
  const side = fc.array(fc.record({ code: fc.constantFrom("a", "b", "c", "d"), dead: fc.boolean() }), { maxLength: 7 });
  const oneAlive = (all: readonly { code: string; dead: boolean }[]): { code: string; dead: boolean }[] =>
    all.filter(({ code, dead }, at) => dead || all.findIndex((other) => other.code === code && !other.dead) === at);
  await fc.assert(fc.asyncProperty(side.map(oneAlive), side.map(oneAlive), async (onTheLeft, onTheRight) => {
    const pair = open({ pageSize: 3 });
    onTheLeft.forEach(({ code, dead }, n) => add(pair.left, code, `left ${n}`, dead ? "then" : null));
    onTheRight.forEach(({ code, dead }, n) => add(pair.right, code, `right ${n}`, dead ? "then" : null));
    const after = await settle(pair);
    const alive = new Set([...onTheLeft, ...onTheRight].filter(({ dead }) => !dead).map(({ code }) => code));
    const dead = [...onTheLeft, ...onTheRight].filter((each) => each.dead);
    expect(after).toHaveLength(alive.size + dead.length);
    expect(after.filter((row) => row.endsWith("gone"))).toHaveLength(dead.length);
  }), { numRuns: 60 });
});

it.each<[string, Partial<ModelOptions>, string]>([
  ["a field that nobody has", { softDelete: "deleted" }, "OPTIONS.UNKNOWN_FIELD"],
  ["a field that is left out", { softDelete: "deletedAt", omit: ["deletedAt"] }, "MAPPING.SOFT_DELETE"],
  ["a field that always has a value", { softDelete: "code" }, "MAPPING.SOFT_DELETE"],
  ["a field that nobody has, where that is not its name", { softDelete: "toString" }, "OPTIONS.UNKNOWN_FIELD"],
  ["what is no name", { softDelete: true as never }, "OPTIONS.VALUE"],
])("%s is refused before anything is read", (_, more, code) => {
  expect(() => pairOf([record], { models: { Record: { ...entry, ...more } } })).toThrow(expect.objectContaining({ findings: [expect.objectContaining({ code }) as object] }));
});

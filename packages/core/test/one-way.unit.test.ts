import { SyncError, type SyncOptions } from "@sync/core";
import { memoryState } from "@sync/core/memory";
import { describe, expect, test } from "vitest";
import { codes, collect, fieldsByCode, keyOf, model, pairOf, reference, text, type Pair, type Tracking } from "./pairs.ts";

const city = model("City", [text("code"), text("name", true), text("mayor", true)]);
const street = model("Street", [text("code"), text("city", true)], [reference("city", "City")]);

/** Three cities that came across from the one side to the other. */
async function copied(options: Partial<SyncOptions>, tracking: Tracking = "changes"): Promise<Pair & { from: Pair["left"]; to: Pair["left"] }> {
  const pair = pairOf([city, street], { direction: "left-to-right", leftTracking: tracking, deleteGuard: { count: 10, share: 1 }, ...options });
  const forth = options.direction !== "right-to-left";
  const [from, to] = forth ? [pair.left, pair.right] : [pair.right, pair.left];
  for (const code of ["a", "b", "c"]) from.application.insert("City", { code, name: `name of ${code}`, mayor: "m" });
  await pair.sync.run();
  return { ...pair, from, to };
}

describe.each(["left-to-right", "right-to-left"] as const)("what is edited on the side that %s writes to", (direction) => {
  test.each(["changes", "fingerprints", "none"] as const)("is reported, and stays until the source changes it (%s)", async (tracking) => {
    const { sync, from, to } = await copied({ direction }, tracking);
    to.application.update("City", keyOf(to, "City", "a"), { name: "edited" });
    const run = await sync.run();
    expect(run.models.get("City")).toMatchObject({ drift: 1, conflicts: 0 });
    expect(run.written).toEqual({ left: 0, right: 0 });
    const verified = await sync.verify();
    expect([verified.equal, verified.explained, verified.differences[0]!.explanation]).toEqual([false, true, expect.stringMatching(/^drift: edited/)]);
    from.application.update("City", keyOf(from, "City", "a"), { mayor: "n" });
    await sync.run();
    expect([fieldsByCode(to, "City", "name")["a"], fieldsByCode(to, "City", "mayor")["a"]]).toEqual(["edited", "n"]);
    from.application.update("City", keyOf(from, "City", "a"), { name: "from the source" });
    expect((await sync.run()).models.get("City")!.conflicts).toBe(1);
    expect(fieldsByCode(to, "City", "name")["a"]).toBe("from the source");
    expect((await collect(sync.conflicts())).map(({ fields, rule }) => [fields, rule])).toEqual([[["name"], `one way, ${direction}`]]);
    expect((await sync.verify()).equal).toBe(true);
  });

  test.each(["report", "keep", "overwrite"] as const)("makes no idle run look at everything again (%s)", async (drift) => {
    const state = memoryState();
    const { sync } = await copied({ direction, drift, state });
    await sync.run();
    const before = state.writes;
    const idle = await sync.run();
    expect([idle.models.get("City")!.read, state.writes]).toEqual([{ left: 0, right: 0 }, before]);
  });

  test("is kept without a word where that is wanted", async () => {
    const { sync, from, to } = await copied({ direction, drift: "keep" });
    to.application.update("City", keyOf(to, "City", "a"), { name: "edited" });
    expect((await sync.run()).models.get("City")).toMatchObject({ drift: 0, conflicts: 0 });
    expect((await sync.verify()).models.get("City")).toMatchObject({ altered: 1, different: 0 });
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
    expect(fieldsByCode(from, "City", "name")["a"]).toBe("name of a");
    from.application.update("City", keyOf(from, "City", "a"), { name: "from the source" });
    await sync.run();
    expect(fieldsByCode(to, "City", "name")["a"]).toBe("from the source");
  });

  test("is written back where that is wanted", async () => {
    const { sync, to, from } = await copied({ direction, drift: "overwrite" });
    to.application.update("City", keyOf(to, "City", "a"), { name: "edited" });
    to.application.delete("City", keyOf(to, "City", "b"));
    await sync.run();
    expect(fieldsByCode(to, "City", "name")).toEqual(fieldsByCode(from, "City", "name"));
    expect((await sync.verify()).equal).toBe(true);
  });

  test("is a delete that stands until the source changes the record", async () => {
    const { sync, from, to } = await copied({ direction });
    to.application.delete("City", keyOf(to, "City", "b"));
    expect((await sync.run()).models.get("City")).toMatchObject({ drift: 1 });
    expect(codes(to, "City")).toEqual(["a", "c"]);
    expect(codes(from, "City")).toEqual(["a", "b", "c"]);
    expect((await sync.verify()).differences[0]!.explanation).toMatch(/^drift: deleted/);
    from.application.update("City", keyOf(from, "City", "b"), { name: "again" });
    await sync.run();
    expect(fieldsByCode(to, "City", "name")["b"]).toBe("again");
    expect((await sync.verify()).equal).toBe(true);
  });

  test.each(["report", "keep"] as const)("is kept where its source is deleted and an edit goes before a delete; nobody is asked for ever (%s)", async (drift) => {
    const { sync, from, to } = await copied({ direction, drift, onEditDelete: "edit" });
    to.application.update("City", keyOf(to, "City", "a"), { name: "edited" });
    for (const code of ["a", "b"]) from.application.delete("City", keyOf(from, "City", code));
    expect((await sync.run()).models.get("City")).toMatchObject({ drift: drift === "report" ? 1 : 0, conflicts: 0, open: 0 });
    expect([codes(from, "City"), codes(to, "City"), fieldsByCode(to, "City", "name")["a"]]).toEqual([["c"], ["a", "c"], "edited"]);
    expect(await collect(sync.conflicts())).toEqual([]);
    const verified = await sync.verify();
    expect([verified.explained, verified.differences.map(({ explanation }) => explanation)]).toEqual([true, [expect.stringMatching(/^drift: edited/)]]);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
    // Should the edit be taken back, nothing stands against the delete.
    to.application.update("City", keyOf(to, "City", "a"), { name: "name of a" });
    await sync.run();
    expect(codes(to, "City")).toEqual(["c"]);
    expect((await sync.verify()).equal).toBe(true);
  });

  test.each([
    ["edits are written back", "drift: overwrite", { drift: "overwrite" }], ["it is a mirror", "mirror", { mirror: true }],
  ] as const)("goes with its source where %s, though an edit goes before a delete; the log tells of it", async (_, by, options) => {
    const { sync, from, to } = await copied({ direction, onEditDelete: "edit", ...options });
    to.application.update("City", keyOf(to, "City", "a"), { name: "edited" });
    from.application.delete("City", keyOf(from, "City", "a"));
    await sync.run();
    expect(codes(to, "City")).toEqual(["b", "c"]);
    const source = direction === "left-to-right" ? "left" : "right";
    expect((await collect(sync.conflicts())).map(({ kind, decision, rule }) => [kind, decision, rule])).toEqual([["update-delete", source, by]]);
  });

  test.each([true, false])("is half of an exchange with a record that is only there: it waits where a key is unique, else goes back alone (%s)", async (unique) => {
    const source = model("City", [text("code"), text("tag", true)], [], { uniqueKeys: [{ name: "code", fields: ["code"] }, { name: "tag", fields: ["tag"] }] });
    const target = unique ? source : { ...source, uniqueKeys: source.uniqueKeys.slice(0, 1) };
    const forth = direction === "left-to-right";
    const { left, right, sync } = pairOf(forth ? [source] : [target], { rightModels: [forth ? target : source], direction, drift: "overwrite" });
    const [from, to] = forth ? [left, right] : [right, left];
    from.application.insert("City", { code: "a", tag: "1" });
    to.application.insert("City", { code: "z", tag: "9" });
    await sync.run();
    const [a, z] = [keyOf(to, "City", "a"), keyOf(to, "City", "z")];
    for (const [key, tag] of [[z, null], [a, "9"], [z, "1"]] as const) to.application.update("City", key, { tag });
    for (let runs = 0; runs < 2; runs += 1) await sync.run();
    expect(fieldsByCode(to, "City", "tag")).toEqual({ a: unique ? "9" : "1", z: "1" });
    expect((await collect(sync.quarantine())).map(({ code }) => code)).toEqual(unique ? ["WRITE.UNIQUE"] : []);
    expect(codes(from, "City")).toEqual(["a"]);
    expect((await sync.verify()).explained).toBe(true);
  });

  test("is a record that stays there alone", async () => {
    const { sync, from, to } = await copied({ direction });
    to.application.insert("City", { code: "d" });
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
    expect([codes(from, "City"), codes(to, "City")]).toEqual([["a", "b", "c"], ["a", "b", "c", "d"]]);
    expect((await sync.verify()).explained).toBe(true);
  });
});

describe("a mirror", () => {
  test.each(["changes", "fingerprints", "none"] as const)("deletes what only the written side has, children first (%s)", async (tracking) => {
    const { sync, to } = await copied({ mirror: true, drift: "overwrite" }, tracking);
    const stray = to.application.insert("City", { code: "d" });
    to.application.insert("Street", { code: "s", city: stray[0]! });
    const run = await sync.run();
    expect(run.models.get("City")!.deleted.right + run.models.get("Street")!.deleted.right).toBe(2);
    expect([codes(to, "City"), codes(to, "Street")]).toEqual([["a", "b", "c"], []]);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
    expect((await sync.verify()).equal).toBe(true);
  });

  test("of a filled side needs a confirmation above the guard", async () => {
    const { sync, to } = await copied({ mirror: true, deleteGuard: { count: 1, share: 0.1 } });
    for (const code of ["d", "e"]) to.application.insert("City", { code });
    expect((await sync.run()).deletesToConfirm).toEqual([{ model: "City", deletes: 2, records: 3 }]);
    expect(codes(to, "City")).toHaveLength(5);
    await sync.run({ confirmDeletes: true });
    expect(codes(to, "City")).toEqual(["a", "b", "c"]);
  });

  test("that is said later looks at what was there before", async () => {
    const before = await copied({});
    before.to.application.insert("City", { code: "d" });
    await before.sync.run();
    const { state } = before.left;
    const { sync, right } = before;
    expect(codes(right, "City")).toContain("d");
    const again = pairOf([city, street], { direction: "left-to-right", mirror: true, state: state!, wrap: (_, side) => before[side] });
    await again.sync.run();
    expect(codes(right, "City")).toEqual(["a", "b", "c"]);
    expect((await sync.verify()).equal).toBe(true);
  });

  test("deletes nothing whose counterpart may be a record that cannot be told apart", async () => {
    const twins = { ...city, uniqueKeys: [] };
    const pair = pairOf([twins], {
      direction: "left-to-right", mirror: true, match: { City: { rule: "natural", fields: ["code"], options: { withoutUniqueKey: true } } }, deleteGuard: { count: 10, share: 1 },
    });
    for (const name of ["one", "two"]) pair.left.application.insert("City", { code: "a", name });
    pair.right.application.insert("City", { code: "a", name: "one" });
    pair.right.application.insert("City", { code: "z" });
    await pair.sync.run();
    expect(codes(pair.right, "City")).toEqual(["a", "z"]);
  });
});

test("drift and mirror are refused in a pair that goes both ways", () => {
  expect(() => pairOf([city], { drift: "keep", mirror: true })).toThrow(SyncError);
  expect(() => pairOf([city], { drift: "keep" })).toThrow(/one-way pairs/);
});

test("a record that a mirror cannot delete, since a child of it stays for now, is told of once, and settled when both may go", async () => {
  const state = memoryState();
  const decent = { model: street, checks: [{ name: "decent", test: (record: Readonly<Record<string, string | null>>) => record["code"] !== "bad" }] };
  const { left, right, sync } = pairOf([city, street], { direction: "left-to-right", mirror: true, state, rightModels: [city, decent], deleteGuard: { count: 10, share: 1 } });
  // As long as one waits, nobody can say that it is not the counterpart of one that would be deleted.
  const waits = left.application.insert("Street", { code: "bad" });
  await sync.run();
  const only = right.application.insert("City", { code: "only there" });
  right.application.insert("Street", { code: "there", city: only[0]! });
  for (let run = 0; run < 3; run += 1) await sync.run();
  const writes = state.writes;
  await sync.run();
  expect(state.writes).toBe(writes);
  expect((await collect(sync.conflicts())).map(({ kind, decision }) => [kind, decision])).toEqual([["delete-parent", "open"]]);
  left.application.delete("Street", waits);
  for (let run = 0; run < 3; run += 1) await sync.run();
  expect([codes(right, "City"), codes(right, "Street")]).toEqual([[], []]);
  expect((await collect(sync.conflicts())).map(({ kind, decision }) => [kind, decision])).toEqual([["delete-parent", "settled"]]);
});

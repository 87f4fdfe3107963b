import { describe, expect, it } from "vitest";
import { ask, fallback, type StateStore } from "@sync/core";
import { memoryState } from "@sync/core/memory";
import { codes, collect, fieldsByCode, keyOf, losingAnswers, model, pairOf, reference, text, withCommit, withScan, type Tracking } from "./pairs.ts";

const country = model("Country", [text("code"), text("name")]);
const fill = (codesOf: string): string[] => [...codesOf];

describe.each(["changes", "fingerprints", "none"] as readonly Tracking[])("deletes where databases track %s", (leftTracking) => {
  it("a record that came while it was read and was linked hides no later delete", async () => {
    let during: (() => void) | undefined;
    const { left, right, sync } = pairOf([country], {
      leftTracking, wrap: (database, side) => (side === "right" ? database : withScan(database, () => {
        during?.();
        during = undefined;
      })),
    });
    for (const code of fill("ABC")) left.application.insert("Country", { code, name: code });
    during = () => void left.application.insert("Country", { code: "X", name: "meanwhile" });
    await sync.run();
    left.application.delete("Country", keyOf(left, "Country", "B"));
    await sync.run();
    await sync.run();
    expect(codes(right, "Country")).toEqual(codes(left, "Country"));
  });

  it("a record that came after its page and was linked from the other side hides no later delete", async () => {
    let during: (() => void) | undefined;
    const { left, right, sync } = pairOf([country], {
      leftTracking, wrap: (database, side) => (side === "left" ? database : withCommit(database, (unit, real) => {
        during?.();
        during = undefined;
        return real(unit);
      })),
    });
    for (const code of fill("ABC")) left.application.insert("Country", { code, name: code });
    await sync.run();
    left.application.update("Country", keyOf(left, "Country", "A"), { name: "edited" });
    left.application.insert("Country", { code: "N", name: "new" });
    during = () => {
      left.application.insert("Country", { code: "X", name: "left" });
      right.application.insert("Country", { code: "X", name: "right" });
    };
    await sync.run();
    left.application.delete("Country", keyOf(left, "Country", "B"));
    for (let n = 0; n < 3; n++) await sync.run();
    expect(codes(right, "Country")).toEqual(codes(left, "Country"));
  });

  it("a delete while the run writes to the same side is seen by the next run", async () => {
    let during: (() => void) | undefined;
    const { left, right, sync } = pairOf([country], {
      leftTracking, wrap: (database, side) => (side === "right" ? database : withCommit(database, (unit, real) => {
        during?.();
        during = undefined;
        return real(unit);
      })),
    });
    for (const code of fill("ABC")) left.application.insert("Country", { code, name: code });
    await sync.run();
    right.application.update("Country", keyOf(right, "Country", "A"), { name: "edited" });
    during = () => void left.application.delete("Country", keyOf(left, "Country", "B"));
    await sync.run();
    await sync.run();
    expect(codes(right, "Country")).toEqual(["A", "C"]);
  });

  it("records created by a run that was killed before its end hide no later deletes", async () => {
    let kill = false;
    const { left, right, sync } = pairOf([country], {
      leftTracking, state: dying(() => kill),
    });
    for (const code of fill("ABC")) left.application.insert("Country", { code, name: code });
    await sync.run();
    await sync.run();
    left.application.insert("Country", { code: "N", name: "new" });
    kill = true;
    await expect(sync.run()).rejects.toThrow("killed");
    kill = false;
    expect(codes(right, "Country")).toEqual(["A", "B", "C", "N"]);
    right.application.delete("Country", keyOf(right, "Country", "B"));
    left.application.delete("Country", keyOf(left, "Country", "C"));
    await sync.run();
    await sync.run();
    expect([codes(left, "Country"), codes(right, "Country")]).toEqual([["A", "N"], ["A", "N"]]);
  });
});

/** A state in which a run dies before it stores that it is done. */
function dying(now: () => boolean): StateStore {
  const state = memoryState();
  return {
    name: state.name, open: () => state.open(), bases: (...args) => state.bases(...args), scanBases: (...args) => state.scanBases(...args),
    read: (pair, request) => state.read(pair, request), uninstall: () => state.uninstall(), close: () => state.close(),
    commit: async (pair, changes) => {
      if (now() && changes.some((change) => change.op === "put" && change.records.some((record) => "finished" in record && record.finished))) throw new Error("killed");
      await state.commit(pair, changes);
    },
  };
}

describe("parents and children", () => {
  const parent = model("Parent", [text("code")]);

  it("a child that was edited while its delete was on the way keeps its parent, whatever the foreign key would do", async () => {
    const child = model("Child", [text("code"), text("name"), text("parentId")], [reference("parentId", "Parent", "cascade")]);
    const { left, right, sync } = pairOf([parent, child]);
    const [p] = left.application.insert("Parent", { code: "p" });
    left.application.insert("Child", { code: "c", name: "c", parentId: p! });
    await sync.run();
    left.application.delete("Parent", [p!]);
    await sync.run({
      onEvent: (event) => {
        if (event.type === "step" && event.step === "delete" && event.model === "Child") right.application.update("Child", keyOf(right, "Child", "c"), { name: "edited" });
      },
    });
    expect(fieldsByCode(right, "Child", "name")).toEqual({ c: "edited" });
  });

  it.each(["cascade", "set-null"] as const)("a child that comes after the look for children keeps its parent (%s)", async (onDelete) => {
    const child = model("Child", [text("code"), text("parentId", true)], [reference("parentId", "Parent", onDelete)]);
    let late = true;
    const { left, right, sync } = pairOf([parent, child], {
      wrap: (database, side) => (side === "left" ? database : withCommit(database, (unit, real) => {
        if (late && unit.batches.some(({ op }) => op === "delete")) {
          right.application.insert("Child", { code: "late", parentId: keyOf(right, "Parent", "p")[0]! });
          late = false;
        }
        return real(unit);
      })),
    });
    const [p] = left.application.insert("Parent", { code: "p" });
    left.application.insert("Parent", { code: "q" });
    await sync.run();
    left.application.delete("Parent", [p!]);
    await sync.run();
    expect(late).toBe(false);
    expect(codes(right, "Parent")).toEqual(["p", "q"]);
    expect(fieldsByCode(right, "Child", "parentId")).toEqual({ late: keyOf(right, "Parent", "p")[0] });
    expect((await collect(sync.conflicts({ open: true }))).map(({ kind, model: name }) => [kind, name])).toEqual([["delete-parent", "Parent"]]);
    // As when it is there already: the same conflict, once, until somebody takes the child away.
    await sync.run();
    expect(await collect(sync.conflicts({ open: true }))).toHaveLength(1);
    right.application.update("Child", keyOf(right, "Child", "late"), { parentId: keyOf(right, "Parent", "q")[0]! });
    await sync.run();
    await sync.run();
    expect(codes(right, "Parent")).toEqual(["q"]);
    expect(codes(left, "Child")).toEqual(["late"]);
    expect(await collect(sync.conflicts({ open: true }))).toEqual([]);
  });

  it.each([["the child is gone by then", true], ["it was edited besides", false]] as const)("a parent that a late child kept is looked at again: %s", async (_, gone) => {
    const child = model("Child", [text("code"), text("parentId", true)], [reference("parentId", "Parent", "set-null")]);
    let late = true;
    const { left, right, sync } = pairOf([parent, child], {
      onEditDelete: "edit",
      wrap: (database, side) => (side === "left" ? database : withCommit(database, async (unit, real) => {
        if (!late || !unit.batches.some(({ op }) => op === "delete")) return real(unit);
        late = false;
        const key = right.application.insert("Child", { code: "late", parentId: keyOf(right, "Parent", "p")[0]! });
        if (!gone) right.application.update("Parent", keyOf(right, "Parent", "p"), { code: "edited" });
        const committed = await real(unit);
        if (gone) right.application.delete("Child", key);
        return committed;
      })),
    });
    const [p] = left.application.insert("Parent", { code: "p" });
    await sync.run();
    left.application.delete("Parent", [p!]);
    await sync.run();
    await sync.run();
    expect(codes(right, "Parent")).toEqual(gone ? [] : ["edited"]);
    expect(codes(left, "Parent")).toEqual(gone ? [] : ["edited"]);
    expect(await collect(sync.conflicts({ open: true }))).toEqual([]);
  });

  it("records that refer to each other in a circle are deleted, for each knows of the other", async () => {
    const team = model("Team", [text("code"), text("leadId", true)], [reference("leadId", "Person", "set-null")]);
    const person = model("Person", [text("code"), text("teamId")], [reference("teamId", "Team", "cascade")]);
    const { left, right, sync } = pairOf([team, person]);
    const [t] = left.application.insert("Team", { code: "t", leadId: null });
    const [p] = left.application.insert("Person", { code: "p", teamId: t! });
    left.application.update("Team", [t!], { leadId: p! });
    await sync.run();
    left.application.delete("Team", [t!]);
    for (let n = 0; n < 3; n++) await sync.run();
    expect([codes(right, "Team"), codes(right, "Person")]).toEqual([[], []]);
    expect(await collect(sync.conflicts({ open: true }))).toEqual([]);
  });

  it.each([1, 2, 50])("records that go in a circle of cascades are all written down before any of them goes (pages of %i)", async (pageSize) => {
    const node = model("Node", [text("code"), text("name"), text("parentId", true)], [reference("parentId", "Node", "cascade")]);
    const state = memoryState();
    const { left, right, sync } = pairOf([node], { pageSize, state, onEditDelete: "delete" });
    const [a] = left.application.insert("Node", { code: "a", name: "a", parentId: null });
    const [b] = left.application.insert("Node", { code: "b", name: "b", parentId: a! });
    left.application.insert("Node", { code: "c", name: "c", parentId: b! });
    left.application.update("Node", [a!], { parentId: b! });
    await sync.run();
    left.application.delete("Node", [a!]);
    for (const code of ["a", "b", "c"]) right.application.update("Node", keyOf(right, "Node", code), { name: `${code} edited` });
    await sync.run();
    expect(codes(right, "Node")).toEqual([]);
    const told = (await collect(sync.conflicts())).map(({ kind, right: values }) => [kind, values]);
    for (const code of ["a", "b", "c"]) expect(told).toContainEqual(["update-delete", expect.arrayContaining([`${code} edited`])]);
    const images = await state.read("pair", { collection: "preImage" });
    expect(images.filter(({ side, op }) => side === "right" && op === "delete").flatMap(({ values }) => values.filter((value) => value?.endsWith("edited"))).sort())
      .toEqual(["a edited", "b edited", "c edited"]);
    await sync.run();
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });

  it("a circle of cascades stays where a child of one of them stays", async () => {
    const node = model("Node", [text("code"), text("parentId", true)], [reference("parentId", "Node", "cascade")]);
    const { left, right, sync } = pairOf([node]);
    const [a] = left.application.insert("Node", { code: "a", parentId: null });
    const [b] = left.application.insert("Node", { code: "b", parentId: a! });
    left.application.update("Node", [a!], { parentId: b! });
    await sync.run();
    left.application.delete("Node", [a!]);
    right.application.insert("Node", { code: "new", parentId: keyOf(right, "Node", "b")[0]! });
    await sync.run();
    expect(codes(right, "Node")).toEqual(["a", "b", "new"]);
  });

  it.each([["a", "b"], ["b", "a"]] as const)("a record that was edited, and hung under another one that goes, is not taken along unseen (%s under %s)", async (moved, under) => {
    const node = model("Node", [text("code"), text("name"), text("parentId", true)], [reference("parentId", "Node", "cascade")]);
    let during: (() => void) | undefined;
    const { left, right, sync } = pairOf([node], {
      pageSize: 1, onEditDelete: "edit", wrap: (database, side) => (side === "left" ? database : withCommit(database, (unit, real) => {
        if (unit.batches.some(({ op }) => op === "delete")) during?.();
        return real(unit);
      })),
    });
    for (const code of ["first", "a", "b"]) left.application.insert("Node", { code, name: code, parentId: null });
    await sync.run();
    for (const code of ["first", "a", "b"]) left.application.delete("Node", keyOf(left, "Node", code));
    during = () => {
      during = undefined;
      right.application.update("Node", keyOf(right, "Node", moved), { name: "edited", parentId: keyOf(right, "Node", under)[0]! });
    };
    await sync.run({ confirmDeletes: true });
    expect(fieldsByCode(right, "Node", "name")[moved]).toBe("edited");
  });

  it("a tree is deleted leaves first, over several pages", async () => {
    const node = model("Node", [text("code"), text("parentId", true)], [reference("parentId", "Node")]);
    const { left, right, sync } = pairOf([node], { pageSize: 2 });
    const keys: string[] = [];
    for (let n = 0; n < 7; n++) keys.push(left.application.insert("Node", { code: `n${n}`, parentId: n === 0 ? null : keys[n - 1]! })[0]!);
    await sync.run();
    for (const key of [...keys].reverse()) left.application.delete("Node", [key]);
    await sync.run({ confirmDeletes: true });
    expect(codes(right, "Node")).toEqual([]);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });

  it("a delete that the database refused, or that a child held back, is tried again when the cause is gone", async () => {
    const child = model("Child", [text("code"), text("parentId", true)], [reference("parentId", "Parent")]);
    const { left, right, sync } = pairOf([parent, child]);
    const [p] = left.application.insert("Parent", { code: "p" });
    left.application.insert("Parent", { code: "q" });
    await sync.run();
    left.application.delete("Parent", [p!]);
    right.application.insert("Child", { code: "late", parentId: keyOf(right, "Parent", "p")[0]! });
    await sync.run();
    expect(codes(right, "Parent")).toEqual(["p", "q"]);
    right.application.update("Child", keyOf(right, "Child", "late"), { parentId: keyOf(right, "Parent", "q")[0]! });
    await sync.run();
    await sync.run();
    expect(codes(right, "Parent")).toEqual(["q"]);
    expect(codes(left, "Child")).toEqual(["late"]);
  });
});

describe("what is remembered of a delete", () => {
  it("a delete whose answer was lost keeps its pre-image", async () => {
    const { wrap, loseNext } = losingAnswers();
    const { left, right, sync } = pairOf([country], { wrap });
    const key = left.application.insert("Country", { code: "A", name: "only here" });
    left.application.insert("Country", { code: "B", name: "b" });
    await sync.run();
    left.application.delete("Country", key);
    loseNext();
    await sync.run();
    await sync.run();
    expect(codes(right, "Country")).toEqual(["B"]);
    const images = await left.state!.read("pair", { collection: "preImage" });
    expect(images.filter((image) => image.op === "delete")).toMatchObject([{ side: "right", op: "delete" }]);
  });

  it("a person's decision about an edited and deleted record closes the conflict", async () => {
    const { left, right, sync } = pairOf([country], { onEditDelete: "ask", conflicts: ask() });
    const key = left.application.insert("Country", { code: "A", name: "a" });
    await sync.run();
    left.application.delete("Country", key);
    right.application.update("Country", keyOf(right, "Country", "A"), { name: "edited" });
    await sync.run();
    const [conflict] = await collect(sync.conflicts());
    expect(conflict).toMatchObject({ kind: "update-delete", decision: "open" });
    await sync.decide(conflict!.id, "left");
    await sync.run();
    expect(codes(right, "Country")).toEqual([]);
    expect(await collect(sync.conflicts())).toMatchObject([{ kind: "update-delete", decision: "left", rule: "a person decided" }]);
  });

  it("a match by several equal fields never deletes what it recognised", async () => {
    const note = model("Note", [text("code"), text("name")], [], { uniqueKeys: [] });
    const { left, right, sync } = pairOf([note], { match: { Note: fallback(["code", "name"]) } });
    const key = left.application.insert("Note", { code: "A", name: "a" });
    await sync.run();
    left.application.delete("Note", key);
    left.application.insert("Note", { code: "A", name: "a" });
    for (let n = 0; n < 3; n++) await sync.run();
    expect(codes(right, "Note")).toEqual(["A"]);
    expect((await sync.verify()).equal).toBe(true);
  });
});

import { describe, expect, test } from "vitest";
import { ask, createSync, leftWins, naturalKey } from "@sync/core";
import type { StateStore } from "@sync/core";
import { memoryDatabase, memoryState } from "@sync/core/memory";
import type { MemoryDatabase } from "@sync/core/memory";
import { codes, collect, fieldsByCode, keyOf, model, pairOf, reference, text, type Pair, type PairOptions } from "./pairs.ts";

const item = model("Item", [text("code"), text("name", true)]);
const country = model("Country", [text("code")]);
const region = model("Region", [text("code"), text("country")], [reference("country", "Country", "cascade")]);
const airport = model("Airport", [text("code"), text("region"), text("near", true)], [reference("region", "Region", "cascade"), reference("near", "Airport", "set-null")]);
const tracked = ["changes", "fingerprints", "none"] as const;

const hinted = (sync: Pair["sync"], more = {}): ReturnType<Pair["sync"]["run"]> => sync.run({ hinted: true, ...more });
const nothing = { left: 0, right: 0 };

/** A pair that has run, with so many items on both sides. */
async function met(count: number, options: PairOptions = {}): Promise<Pair> {
  const pair = pairOf([item], { hints: true, ...options });
  for (let n = 0; n < count; n += 1) pair.left.application.insert("Item", { code: `c${n}`, name: "same" });
  await pair.sync.run();
  return pair;
}

/** What an application writes past its library. */
function unheard(database: MemoryDatabase, write: () => void): void {
  const { hints } = database;
  const add = hints!.add.bind(hints);
  hints!.add = () => undefined;
  write();
  hints!.add = add;
}

async function settled({ sync }: Pair): Promise<void> {
  await sync.run();
  expect((await sync.run()).written).toEqual(nothing);
  expect((await sync.verify()).equal).toBe(true);
  expect(await collect(sync.quarantine())).toEqual([]);
}

describe.each(tracked)("tracking %s", (leftTracking) => {
  test("a hinted run carries over what was written since, and reads nothing else", async () => {
    const pair = await met(20, { leftTracking });
    const { left, right, sync } = pair;
    left.application.update("Item", keyOf(left, "Item", "c3"), { name: "new" });
    right.application.update("Item", keyOf(right, "Item", "c7"), { name: "there" });
    left.application.insert("Item", { code: "x", name: "x" });
    right.application.insert("Item", { code: "y", name: "y" });
    const run = await hinted(sync);
    expect(run.models.get("Item")).toMatchObject({ read: { left: 2, right: 2 }, updated: { left: 1, right: 1 }, created: { left: 1, right: 1 } });
    for (const database of [left, right]) expect(fieldsByCode(database, "Item", "name")).toMatchObject({ c3: "new", c7: "there", x: "x", y: "y" });
    await settled(pair);
  });

  test("a deleted record goes on the other side too; one that came back under its key is another one", async () => {
    const pair = await met(20, { leftTracking });
    const { left, right, sync } = pair;
    const key = keyOf(left, "Item", "c2");
    left.application.delete("Item", keyOf(left, "Item", "c1"));
    left.application.delete("Item", key);
    left.application.insert("Item", { id: key[0]!, code: "other", name: "other" });
    right.application.delete("Item", keyOf(right, "Item", "c4"));
    await hinted(sync);
    for (const database of [left, right]) expect(codes(database, "Item").filter((code) => ["c1", "c4", "other", "c2"].includes(code!))).toEqual(["other"]);
    await settled(pair);
  });

  test("what hints did not say a whole run finds, though hinted runs came in between", async () => {
    const pair = await met(20, { leftTracking });
    const { left, right, sync } = pair;
    unheard(left, () => {
      left.application.update("Item", keyOf(left, "Item", "c3"), { name: "unheard" });
      left.application.delete("Item", keyOf(left, "Item", "c4"));
      left.application.insert("Item", { code: "u", name: "u" });
    });
    left.application.insert("Item", { code: "h", name: "h" });
    left.application.delete("Item", keyOf(left, "Item", "c5"));
    right.application.update("Item", keyOf(right, "Item", "c6"), { name: "heard" });
    await hinted(sync);
    expect(fieldsByCode(right, "Item", "name")).toMatchObject({ c3: "same", c4: "same", h: "h", c6: "heard" });
    expect(codes(right, "Item")).not.toContain("c5");
    await sync.run();
    expect(fieldsByCode(right, "Item", "name")).toMatchObject({ c3: "unheard", u: "u", h: "h" });
    expect(codes(right, "Item")).not.toContain("c4");
    await settled(pair);
  });

  test("a delete that nobody hinted hides behind no record that came by a hint", async () => {
    const pair = await met(20, { leftTracking });
    const { left, right, sync } = pair;
    for (const [here, there, gone, fresh] of [[left, right, "c1", "n1"], [right, left, "c2", "n2"]] as const) {
      unheard(here, () => void here.application.delete("Item", keyOf(here, "Item", gone)));
      here.application.insert("Item", { code: fresh, name: fresh });
      await hinted(sync);
      expect(codes(there, "Item")).toContain(fresh);
      await sync.run();
      expect(codes(there, "Item")).not.toContain(gone);
    }
    await settled(pair);
  });

  test("a whole run compares no keys for what hinted runs have brought, and all of them for what they cannot know", async () => {
    const state = memoryState();
    let compared = 0;
    const counting: StateStore = Object.assign(Object.create(state) as StateStore, {
      scanBases: (...request: Parameters<StateStore["scanBases"]>) => {
        if (request[3] > 0) compared++;
        return state.scanBases(...request);
      },
    });
    const pair = await met(20, { leftTracking, state: counting });
    const { left, right, sync } = pair;
    for (const code of ["n1", "n2"]) {
      left.application.insert("Item", { code, name: code });
      right.application.insert("Item", { code: `right ${code}`, name: code });
      await hinted(sync);
    }
    compared = 0;
    await sync.run();
    expect(compared).toBe(0);
    expect([codes(left, "Item").length, codes(right, "Item").length]).toEqual([24, 24]);
    unheard(left, () => void left.application.delete("Item", keyOf(left, "Item", "right n1")));
    left.application.insert("Item", { code: "n3", name: "n3" });
    await hinted(sync);
    await sync.run();
    expect(codes(right, "Item")).not.toContain("right n1");
    await settled(pair);
  });

  test("hints that come twice, late or in another order do nothing more", async () => {
    const pair = await met(10, { leftTracking });
    const { left, right, sync } = pair;
    const [c1, c2] = [keyOf(left, "Item", "c1"), keyOf(left, "Item", "c2")];
    left.application.update("Item", c1, { name: "new" });
    left.application.delete("Item", c2);
    await sync.run();
    left.hints!.add({ model: "Item", key: c2, cloudId: "nobody" });
    for (const key of [c2, c1, ["nobody"], c1]) left.hints!.add({ model: "Item", key });
    for (const { key, cloudId } of left.probe.rows("Item")) left.hints!.add({ model: "Item", key, ...(cloudId === null ? {} : { cloudId }) });
    const before = [left.probe.rows("Item"), right.probe.rows("Item")];
    expect((await hinted(sync)).written).toEqual(nothing);
    expect([left.probe.rows("Item"), right.probe.rows("Item")]).toEqual(before);
    await settled(pair);
  });
});

test("nothing hinted: nothing is read, and no lease is taken", async () => {
  const { left, sync } = await met(3);
  await hinted(sync);
  const { fence } = left.probe.lease;
  const run = await hinted(sync);
  expect([run.status, run.models.size, run.written]).toEqual(["done", 0, nothing]);
  expect(left.probe.lease.fence).toBe(fence);
});

test("what the application rolled back, or has not committed yet, is not heard", async () => {
  const { left, right, sync } = await met(3);
  const [open, undone] = [left.begin(), left.begin()];
  open.update("Item", keyOf(left, "Item", "c0"), { name: "open" });
  undone.update("Item", keyOf(left, "Item", "c1"), { name: "undone" });
  undone.rollback();
  expect((await hinted(sync)).models.size).toBe(0);
  open.commit();
  await hinted(sync);
  expect(fieldsByCode(right, "Item", "name")).toEqual({ c0: "open", c1: "same", c2: "same" });
});

test("more hints than are kept: this model is looked at as in a whole run, and the others are not", async () => {
  const pair = pairOf([item, model("Other", [text("code")])], { hints: true });
  const { left, right, sync } = pair;
  for (let n = 0; n < 10; n += 1) {
    left.application.insert("Item", { code: `c${n}`, name: "same" });
    left.application.insert("Other", { code: `o${n}` });
  }
  await sync.run();
  unheard(left, () => {
    left.application.delete("Item", keyOf(left, "Item", "c1"));
    left.application.delete("Other", keyOf(left, "Other", "o1"));
  });
  left.hints!.add({ model: "Item" });
  const run = await hinted(sync);
  expect([codes(right, "Item").includes("c1"), codes(right, "Other").includes("o1")]).toEqual([false, true]);
  expect(run.models.get("Other")!.read).toEqual(nothing);
  await settled(pair);
});

test("a pair that has never run looks at everything", async () => {
  const { left, right, sync } = pairOf([item], { hints: true });
  unheard(left, () => void left.application.insert("Item", { code: "a", name: "a" }));
  left.application.insert("Item", { code: "b", name: "b" });
  await hinted(sync);
  expect(codes(right, "Item")).toEqual(["a", "b"]);
});

test("without hints on either side a hinted run is refused", async () => {
  const { sync } = pairOf([item]);
  await expect(hinted(sync)).rejects.toMatchObject({ code: "OPTIONS.NO_HINTS" });
});

describe("references", () => {
  async function forest(options: PairOptions = {}): Promise<Pair> {
    const pair = pairOf([country, region, airport], { hints: true, ...options });
    const { application } = pair.left;
    for (const c of ["A", "B"]) {
      const [countryId] = application.insert("Country", { code: c });
      for (const r of ["1", "2"]) {
        const [regionId] = application.insert("Region", { code: c + r, country: countryId! });
        let near: string | null = null;
        for (const a of ["x", "y", "z"]) [near] = application.insert("Airport", { code: c + r + a, region: regionId!, near }) as [string];
      }
    }
    await pair.sync.run();
    return pair;
  }

  test("parents that nobody hinted come along, at every level", async () => {
    const pair = await forest();
    const { left, right, sync } = pair;
    let near = "";
    unheard(left, () => {
      const [countryId] = left.application.insert("Country", { code: "C" });
      const [regionId] = left.application.insert("Region", { code: "C1", country: countryId! });
      const [first] = left.application.insert("Airport", { code: "C1x", region: regionId!, near: null });
      [near] = left.application.insert("Airport", { code: "C1y", region: regionId!, near: first! }) as [string];
      left.application.insert("Region", { code: "C2", country: countryId! });
    });
    left.application.insert("Airport", { code: "C1z", region: keyOf(left, "Region", "C1")[0]!, near });
    await hinted(sync);
    expect(codes(right, "Country")).toEqual(["A", "B", "C"]);
    expect(codes(right, "Region")).toEqual(["A1", "A2", "B1", "B2", "C1"]);
    expect(codes(right, "Airport").filter((code) => code!.startsWith("C"))).toEqual(["C1x", "C1y", "C1z"]);
    await settled(pair);
    expect(codes(right, "Region")).toContain("C2");
  });

  test("what a foreign key took along goes too, children first", async () => {
    const pair = await forest();
    const { left, right, sync } = pair;
    left.application.delete("Country", keyOf(left, "Country", "A"));
    const run = await hinted(sync, { confirmDeletes: true });
    expect([codes(right, "Country"), codes(right, "Region")]).toEqual([["B"], ["B1", "B2"]]);
    expect(codes(right, "Airport")).toHaveLength(6);
    expect(run.models.get("Airport")!.deleted).toEqual({ left: 0, right: 6 });
    await settled(pair);
  });

  test("a parent with a child that came meanwhile stays, as a conflict", async () => {
    const { left, right, sync } = await forest();
    right.application.insert("Region", { code: "A3", country: keyOf(right, "Country", "A")[0]! });
    left.application.delete("Country", keyOf(left, "Country", "A"));
    await hinted(sync, { confirmDeletes: true });
    expect(codes(right, "Country")).toEqual(["A", "B"]);
    expect((await collect(sync.conflicts({ open: true }))).map(({ kind }) => kind)).toEqual(["delete-parent"]);
  });
});

test("deletes that the guard holds back are hinted once more", async () => {
  const pair = await met(40);
  const { left, right, sync } = pair;
  for (let n = 0; n < 20; n += 1) left.application.delete("Item", keyOf(left, "Item", `c${n}`));
  const held = await hinted(sync);
  expect([held.status, held.deletesToConfirm]).toEqual(["needs-confirmation", [{ model: "Item", deletes: 20, records: 40 }]]);
  await hinted(sync, { confirmDeletes: true });
  expect(codes(right, "Item")).toHaveLength(20);
  await settled(pair);
});

test("a record that was edited on one side and deleted on the other is decided as in any run", async () => {
  const { left, right, sync } = await met(3, { onEditDelete: "edit" });
  unheard(right, () => void right.application.update("Item", keyOf(right, "Item", "c1"), { name: "edited" }));
  left.application.delete("Item", keyOf(left, "Item", "c1"));
  await hinted(sync);
  expect(fieldsByCode(left, "Item", "name")).toMatchObject({ c1: "edited" });
});

test("a key that the application changed is the same record", async () => {
  const pair = await met(5);
  const { left, right, sync } = pair;
  const other = keyOf(right, "Item", "c1");
  left.application.update("Item", keyOf(left, "Item", "c1"), { id: "moved", name: "new" });
  const run = await hinted(sync);
  expect(run.models.get("Item")).toMatchObject({ deleted: nothing, created: nothing });
  expect([keyOf(right, "Item", "c1"), fieldsByCode(right, "Item", "name")["c1"]]).toEqual([other, "new"]);
  await settled(pair);
});

test("a decision is carried out once, whether its record was hinted or not", async () => {
  const pair = await met(3, { conflicts: ask() });
  const { left, right, sync } = pair;
  for (const code of ["c1", "c2"]) {
    left.application.update("Item", keyOf(left, "Item", code), { name: "left" });
    right.application.update("Item", keyOf(right, "Item", code), { name: "right" });
  }
  await hinted(sync);
  const conflicts = await collect(sync.conflicts({ open: true }));
  expect(conflicts).toHaveLength(2);
  for (const { id } of conflicts) await sync.decide(id, "right");
  left.hints!.add({ model: "Item", key: keyOf(left, "Item", "c1") });
  expect((await hinted(sync)).outdated).toEqual([]);
  expect(fieldsByCode(left, "Item", "name")).toEqual({ c0: "same", c1: "right", c2: "left" });
  expect((await sync.run()).outdated).toEqual([]);
  expect(fieldsByCode(left, "Item", "name")).toEqual({ c0: "same", c1: "right", c2: "right" });
  await settled(pair);
});

test("pairs that share a database hear it each for itself", async () => {
  const middle = memoryDatabase({ name: "middle", models: [item], hints: true });
  const ends = ["one", "two"].map((name) => memoryDatabase({ name, models: [item] }));
  const syncs = ends.map((right) => createSync({
    name: `to ${right.name}`, left: middle, right, models: { Item: { match: naturalKey("code") } }, conflicts: leftWins(), firstLink: "left",
  } as never));
  middle.application.insert("Item", { code: "a", name: "same" });
  for (const sync of syncs) await sync.run();
  middle.application.update("Item", keyOf(middle, "Item", "a"), { name: "new" });
  for (const sync of syncs) await hinted(sync);
  expect(ends.map((end) => fieldsByCode(end, "Item", "name"))).toEqual([{ a: "new" }, { a: "new" }]);
  for (const sync of syncs) expect((await hinted(sync)).models.size).toBe(0);
});

test("a run that fails has heard nothing", async () => {
  const { left, right, sync } = await met(3);
  left.application.update("Item", keyOf(left, "Item", "c1"), { name: "new" });
  await expect(hinted(sync, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "RUN.ABORTED" });
  await hinted(sync);
  expect(fieldsByCode(right, "Item", "name")).toMatchObject({ c1: "new" });
});

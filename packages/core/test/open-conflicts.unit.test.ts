import { expect, it } from "vitest";
import { ask, type StateChange, type StateStore, type Sync } from "@sync/core";
import type { MemoryState } from "@sync/core/memory";
import { collect, keyOf, model, pairOf, reference, text, withCommit, type Pair, type PairOptions, type Tracking } from "./pairs.ts";

const country = model("Country", [text("code"), text("name")]);
const oneName = model("Country", [text("code"), text("name")], [], { uniqueKeys: [{ name: "Country_code", fields: ["code"] }, { name: "Country_name", fields: ["name"] }] });

function rename({ left, right }: Pair, names: { left?: string; right?: string }, code = "A"): void {
  if (names.left !== undefined) left.application.update("Country", keyOf(left, "Country", code), { name: names.left });
  if (names.right !== undefined) right.application.update("Country", keyOf(right, "Country", code), { name: names.right });
}

/** One record about which both sides disagree, and nobody has decided. */
async function parked(options: PairOptions = {}): Promise<Pair> {
  const pair = pairOf([country], { conflicts: ask(), ...options });
  for (const code of ["A", "B", "C"]) pair.left.application.insert("Country", { code, name: "agreed" });
  await pair.sync.run();
  rename(pair, { left: "left", right: "right" });
  await pair.sync.run();
  expect(await decisions(pair)).toEqual(["open"]);
  return pair;
}

const decisions = async ({ sync }: Pair): Promise<string[]> => (await collect(sync.conflicts())).map(({ decision }) => decision).sort();

/** A run after an idle one writes nothing. */
async function expectIdle({ left, sync }: Pair): Promise<void> {
  const state = left.state as MemoryState;
  await sync.run();
  const before = state.writes;
  await sync.run();
  expect(state.writes).toBe(before);
}

it.each(["changes", "fingerprints", "none"] as readonly Tracking[])("a conflict is settled when both sides come to the same value (%s)", async (leftTracking) => {
  const pair = await parked({ leftTracking });
  rename(pair, { left: "same", right: "same" });
  await pair.sync.run();
  const [conflict] = await collect(pair.sync.conflicts());
  expect(conflict).toMatchObject({ decision: "settled", left: ["left"], right: ["right"] });
  await expect(pair.sync.decide(conflict!.id, "left")).rejects.toMatchObject({ code: "CONFLICT.OUTDATED" });
  await expectIdle(pair);
});

it("a conflict is settled when one side goes back to what was agreed", async () => {
  const pair = await parked();
  rename(pair, { right: "agreed" });
  await pair.sync.run();
  expect(await decisions(pair)).toEqual(["settled"]);
  expect((await pair.sync.verify()).equal).toBe(true);
});

it("a conflict is settled when both sides go back to what was agreed", async () => {
  const pair = await parked();
  rename(pair, { left: "agreed", right: "agreed" });
  await pair.sync.run();
  expect(await decisions(pair)).toEqual(["settled"]);
});

it("a conflict whose values changed again is superseded by the new one", async () => {
  const pair = await parked();
  rename(pair, { left: "left again" });
  await pair.sync.run();
  const all = await collect(pair.sync.conflicts());
  expect(all.map(({ decision, left }) => [decision, left]).sort()).toEqual([["open", ["left again"]], ["superseded", ["left"]]]);
  await expectIdle(pair);
  await pair.sync.decide(all.find(({ decision }) => decision === "open")!.id, "left");
  await pair.sync.run();
  expect(await decisions(pair)).toEqual(["left", "superseded"]);
  await expectIdle(pair);
});

it("a conflict is settled when its record is deleted on both sides", async () => {
  const pair = await parked();
  for (const side of [pair.left, pair.right]) side.application.delete("Country", keyOf(side, "Country", "A"));
  await pair.sync.run();
  expect(await decisions(pair)).toEqual(["settled"]);
});

it("a conflict that comes back is open again", async () => {
  const pair = await parked();
  rename(pair, { right: "agreed", left: "agreed" });
  await pair.sync.run();
  rename(pair, { left: "left", right: "right" });
  await pair.sync.run();
  expect(await decisions(pair)).toEqual(["open"]);
});

it("other records' conflicts stay open while one is settled", async () => {
  const pair = await parked();
  rename(pair, { left: "left", right: "right" }, "B");
  await pair.sync.run();
  rename(pair, { left: "same", right: "same" });
  await pair.sync.run();
  expect(await decisions(pair)).toEqual(["open", "settled"]);
  rename(pair, { left: "same", right: "same" }, "B");
  await pair.sync.run();
  expect(await decisions(pair)).toEqual(["settled", "settled"]);
});

it("a refusal by a unique key is settled when the other record gives way, or the refused one goes", async () => {
  const pair = pairOf([oneName]);
  pair.left.application.insert("Country", { code: "A", name: "a" });
  await pair.sync.run();
  pair.right.application.insert("Country", { code: "B", name: "same" });
  pair.left.application.insert("Country", { code: "C", name: "same" });
  await pair.sync.run();
  expect(new Set(await decisions(pair))).toEqual(new Set(["open"]));
  await expectIdle(pair);
  pair.left.application.delete("Country", keyOf(pair.left, "Country", "C"));
  await pair.sync.run();
  await pair.sync.run();
  expect(await collect(pair.sync.quarantine())).toEqual([]);
  expect(new Set(await decisions(pair))).toEqual(new Set(["settled"]));
});

it("a parent that was held back by a child is settled when the child goes", async () => {
  const city = model("City", [text("code"), text("countryId")], [reference("countryId", "Country")]);
  const pair = pairOf([country, city]);
  const [parent] = pair.left.application.insert("Country", { code: "A", name: "a" });
  await pair.sync.run();
  pair.left.application.delete("Country", [parent!]);
  const child = pair.right.application.insert("City", { code: "x", countryId: keyOf(pair.right, "Country", "A")[0]! });
  await pair.sync.run();
  expect(await decisions(pair)).toEqual(["open"]);
  await pair.sync.run();
  expect(await decisions(pair)).toEqual(["open"]);
  pair.right.application.delete("City", child);
  await pair.sync.run();
  expect(await decisions(pair)).toEqual(["settled"]);
  expect(pair.right.probe.rows("Country")).toEqual([]);
});

it("adopted databases leave no conflict of before open", async () => {
  const pair = await parked();
  await pair.sync.adopt();
  expect(await decisions(pair)).toEqual(["superseded"]);
});

/** The same pair, whose state store is cut off at the first commit that holds such a change. */
function cutOff(pair: Pair, options: PairOptions, at: (change: StateChange) => boolean): Sync {
  const { state } = pair.left as unknown as { state: MemoryState };
  const broken = new Error("the process ended");
  const dying: StateStore = {
    name: state.name, open: () => state.open(), bases: (...all) => state.bases(...all), scanBases: (...all) => state.scanBases(...all), read: (...all) => state.read(...all),
    uninstall: () => state.uninstall(), close: () => state.close(),
    commit: async (name, changes, fences) => {
      if (changes.some(at)) throw broken;
      await state.commit(name, changes, fences);
    },
  };
  return pairOf([country], { conflicts: ask(), ...options, wrap: (_, side) => pair[side], state: dying }).sync;
}

it("a conflict is settled with the last word about its record, even if the run ends right after it", async () => {
  const options: PairOptions = { onEditDelete: "ask" };
  const pair = pairOf([country], options);
  pair.left.application.insert("Country", { code: "A", name: "agreed" });
  await pair.sync.run();
  pair.left.application.delete("Country", keyOf(pair.left, "Country", "A"));
  rename(pair, { right: "edited" });
  await pair.sync.run();
  expect(await decisions(pair)).toEqual(["open"]);
  pair.right.application.delete("Country", keyOf(pair.right, "Country", "A"));
  const ending = cutOff(pair, options, (change) => change.op === "remove" && change.collection === "openConflict");
  await ending.run().catch(() => undefined);
  await pair.sync.run();
  expect(await decisions(pair)).toEqual(["settled"]);
  await expectIdle(pair);
});

it("a first meeting that waits stands in the log once, even if the run ends before both records are named", async () => {
  const options: PairOptions = { firstLink: "ask" };
  const pair = pairOf([country], options);
  for (const side of ["left", "right"] as const) pair[side].application.insert("Country", { code: "A", name: side });
  const dying = pairOf([country], { ...options, state: pair.left.state!, wrap: (database, side) => withCommit(pair[side] ?? database, async () => { throw new Error("the process ended"); }) });
  await dying.sync.run().catch(() => undefined);
  await pair.sync.run({ takeOver: true });
  expect(await decisions(pair)).toEqual(["open"]);
});

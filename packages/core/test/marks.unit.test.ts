import { expect, test } from "vitest";
import { memoryState } from "@sync/core/memory";
import { codes, keyOf, model, pairOf, text, withCommit, withScan, type Pair } from "./pairs.ts";

const item = model("Item", [text("code"), text("name")]);

function copyOf(records: number, afterUnit: (unit: number, pair: Pair) => void = () => undefined): { pair: Pair; namedWithoutOwn(): Promise<unknown> } {
  const state = memoryState();
  let units = 0;
  const pair: Pair = pairOf([item], {
    state, pageSize: 500,
    wrap: (database, side) => side === "left" ? database : withCommit(database, async (unit, real) => {
      const committed = await real(unit);
      afterUnit(++units, pair);
      return committed;
    }),
  });
  for (let n = 0; n < records; n += 1) pair.left.application.insert("Item", { code: `c${n}`, name: "same" });
  return {
    pair,
    /** What the right side's mark names when nobody says which transactions were ours. */
    async namedWithoutOwn() {
      const [checkpoint] = await state.read("pair", { collection: "checkpoint", ids: ["Item"] });
      return (await pair.right.endpoints.get("Item")!.changesSince!(checkpoint!.right.mark, [])).keys;
    },
  };
}

test("after many writes the mark stands behind them", async () => {
  const { pair, namedWithoutOwn } = copyOf(1200);
  await pair.sync.run();
  expect(await namedWithoutOwn()).toEqual([]);
  const idle = await pair.sync.run();
  expect([idle.written, idle.models.get("Item")!.read]).toEqual([{ left: 0, right: 0 }, { left: 0, right: 0 }]);
});

test("after a few writes another look is not worth its trip", async () => {
  const { pair, namedWithoutOwn } = copyOf(20);
  await pair.sync.run();
  expect(await namedWithoutOwn()).not.toEqual([]);
  expect((await pair.sync.run()).models.get("Item")!.read).toEqual({ left: 0, right: 0 });
});

test("what others do meanwhile is behind no mark", async () => {
  // Chosen once: keys are random, and rows of later units stand among these.
  let deleted: readonly string[] | undefined;
  const { pair } = copyOf(1200, (unit, { right }) => {
    if (unit === 1) {
      const [first, second] = right.probe.rows("Item");
      right.application.update("Item", first!.key, { name: "changed there" });
      deleted = second!.key;
    }
    if (unit === 2) right.application.delete("Item", deleted!);
  });
  await pair.sync.run();
  await pair.sync.run();
  expect(pair.left.probe.rows("Item")).toHaveLength(1199);
  expect(pair.left.probe.rows("Item").filter(({ record }) => record["name"] === "changed there")).toHaveLength(1);
  expect((await pair.sync.verify()).equal).toBe(true);
});

test.each(["left", "right"] as const)("a row that came to the %s between the mark and its page hides no later delete, though its cloudId was written into it", async (side) => {
  const withId = model("Item", [text("code"), text("name"), text("cloudId", true)], [], { syncFields: { cloudId: "cloudId" } });
  let late: (() => void) | undefined;
  const pair = pairOf([withId], { pageSize: 50, wrap: (database, own) => (own !== side ? database : withScan(database, () => {
    late?.();
    late = undefined;
  })) });
  const here = pair[side];
  const there = pair[side === "left" ? "right" : "left"];
  for (const code of ["A", "B", "C"]) here.application.insert("Item", { code, name: code });
  there.application.insert("Item", { code: "D", name: "D" });
  late = () => void here.application.insert("Item", { code: "L", name: "late" });
  await pair.sync.run();
  expect(codes(there, "Item")).toEqual(["A", "B", "C", "D", "L"]);
  here.application.delete("Item", keyOf(here, "Item", "B"));
  await pair.sync.run();
  expect(codes(there, "Item")).toEqual(["A", "C", "D", "L"]);
  await pair.sync.run();
  expect((await pair.sync.run()).written).toEqual({ left: 0, right: 0 });
});

const withCloudId = model("Item", [text("code"), text("name"), text("cloudId", true)], [], { syncFields: { cloudId: "cloudId" } });

test.each(["left", "right"] as const)("a row that came to the %s after the mark and was linked hides no row that went after it was read", async (side) => {
  let late: (() => void) | undefined;
  const pair = pairOf([withCloudId], { pageSize: 50, wrap: (database, own) => (own !== side ? database : withScan(database, () => {
    late?.();
    late = undefined;
  })) });
  for (const each of ["left", "right"] as const) for (const code of ["A", "B", "C"]) pair[each].application.insert("Item", { code, name: code });
  late = () => void pair[side].application.insert("Item", { code: "L", name: "late" });
  await pair.sync.run({ onEvent: (event) => {
    if (event.type === "step" && event.step === "verify") pair[side].application.delete("Item", keyOf(pair[side], "Item", "B"));
  } });
  await pair.sync.run();
  expect([codes(pair.left, "Item"), codes(pair.right, "Item")]).toEqual([["A", "C", "L"], ["A", "C", "L"]]);
});

test("a first meeting that nobody disturbs leaves no doubt", async () => {
  const state = memoryState();
  const pair = pairOf([withCloudId], { state, pageSize: 2 });
  for (const each of ["left", "right"] as const) for (const code of ["A", "B", "C", "D", "E", each]) pair[each].application.insert("Item", { code, name: code });
  await pair.sync.run();
  const [checkpoint] = await state.read("pair", { collection: "checkpoint", ids: ["Item"] });
  expect([checkpoint!.left.unsure, checkpoint!.right.unsure]).toEqual([undefined, undefined]);
});

test.each(["run", "plan and apply"])("a linked record that waits in quarantine makes no mark unsure (%s)", async (how) => {
  const state = memoryState();
  const { left, right, sync } = pairOf([item], { leftTracking: "fingerprints", rightTracking: "changes", state, wrap: (database, side) => side === "left" ? database : withCommit(database, (unit, real) =>
      JSON.stringify(unit).includes("too high") ? Promise.resolve({ committed: false, refusal: { code: "WRITE.CHECK" } }) : real(unit)) });
  for (const code of ["a", "b", "c", "d", "e", "f", "g"]) left.application.insert("Item", { code, name: code });
  await sync.run();
  left.application.update("Item", keyOf(left, "Item", "a"), { name: "too high" });
  left.application.update("Item", keyOf(left, "Item", "c"), { name: "cc" });
  right.application.update("Item", keyOf(right, "Item", "e"), { name: "ee" });
  right.application.insert("Item", { code: "n", name: "new" });
  left.application.update("Item", keyOf(left, "Item", "b"), { name: "edited" });
  right.application.delete("Item", keyOf(right, "Item", "b"));
  if (how === "run") await sync.run(); else await sync.apply(await sync.plan());
  const [checkpoint] = await state.read("pair", { collection: "checkpoint", ids: ["Item"] });
  await sync.run();
  expect((await state.read("pair", { collection: "checkpoint", ids: ["Item"] }))[0]).toEqual(checkpoint);
});

import { expect, test } from "vitest";
import { HintLog } from "@sync/core";

const keysOf = async (log: HintLog, since?: string): Promise<unknown> => Object.fromEntries([...(await log.since(since))].map(([model, { keys }]) => [model, keys]));

test("each reader has its own position, and hears each key once however often it was hinted", async () => {
  const log = new HintLog();
  log.add({ model: "Item", key: ["1"] });
  log.add({ model: "Item", key: ["2"] });
  log.add({ model: "Item", key: ["1"] });
  const position = log.position;
  log.add({ model: "Order", key: ["a", "b"] });
  expect(await keysOf(log)).toEqual({ Item: [["2"], ["1"]], Order: [["a", "b"]] });
  expect(await keysOf(log, position)).toEqual({ Order: [["a", "b"]] });
  expect(await keysOf(log, log.position)).toEqual({});
});

test("a hint without a key is one for the whole model, to those who have not heard it", async () => {
  const log = new HintLog();
  log.add({ model: "Item", key: ["1"] });
  log.add({ model: "Item" });
  const position = log.position;
  log.add({ model: "Item", key: ["2"] });
  expect(await keysOf(log)).toEqual({ Item: "all" });
  expect(await keysOf(log, position)).toEqual({ Item: [["2"]] });
});

test("of more keys than are kept the oldest go; who has heard those is told the others by name", async () => {
  const log = new HintLog({ keysKept: 3 });
  const positions = ["1", "2", "3", "4", "5"].map((key) => {
    log.add({ model: "Item", key: [key] });
    return log.position;
  });
  expect(await keysOf(log, positions[0])).toEqual({ Item: "all" });
  expect(await keysOf(log, positions[1])).toEqual({ Item: [["3"], ["4"], ["5"]] });
});

test("a record that is gone is told by its cloudId, though another has its key by now", async () => {
  const log = new HintLog();
  log.add({ model: "Item", key: ["1"], cloudId: "c1" });
  log.add({ model: "Item", key: ["1"] });
  expect((await log.since(undefined)).get("Item")).toEqual({ keys: [["1"]], gone: ["c1"] });
});

test("what a transaction does is told when it has committed, and never when it was rolled back", async () => {
  const log = new HintLog({ keysKept: 2 });
  const [one, other, large] = [{}, {}, {}];
  log.add({ model: "Item", key: ["1"] }, one);
  log.add({ model: "Item", key: ["2"] }, other);
  for (const key of ["3", "4", "5"]) log.add({ model: "Order", key: [key] }, large);
  const before = log.position;
  expect(await keysOf(log)).toEqual({});
  log.committed(one);
  log.rolledBack(other);
  log.committed(other);
  expect(await keysOf(log, before)).toEqual({ Item: [["1"]] });
  log.committed(large);
  expect(await keysOf(log, before)).toEqual({ Item: [["1"]], Order: "all" });
});

test("a number of keys that is none is refused", () => {
  expect(() => new HintLog({ keysKept: 0 })).toThrow(expect.objectContaining({ code: "OPTIONS.INVALID" }));
});

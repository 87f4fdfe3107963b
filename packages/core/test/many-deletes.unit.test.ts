import { expect, it } from "vitest";
import { codes, fieldsByCode, keyOf, model, pairOf, reference, text } from "./pairs.ts";

const item = model("Item", [text("code"), text("name")]);
const node = model("Node", [text("code"), text("parentId", true)], [reference("parentId", "Node")]);

it("more deletes than a page are looked at again, and one that was edited meanwhile stays", async () => {
  let edit: (() => void) | undefined;
  const { left, right, sync } = pairOf([item], {
    leftTracking: "none", onEditDelete: "edit",
  });
  for (let n = 0; n < 23; n += 1) left.application.insert("Item", { code: `c${n}`, name: "same" });
  await sync.run();
  for (let n = 0; n < 20; n += 1) left.application.delete("Item", keyOf(left, "Item", `c${n}`));
  edit = () => void right.application.update("Item", keyOf(right, "Item", "c7"), { name: "edited" });
  const result = await sync.run({ confirmDeletes: true, onEvent: (event) => {
    if (event.type !== "step" || event.step !== "delete") return;
    edit?.();
    edit = undefined;
  } });
  expect(result.models.get("Item")!.deleted).toEqual({ left: 0, right: 19 });
  await sync.run();
  expect(fieldsByCode(left, "Item", "name")).toEqual({ c7: "edited", c20: "same", c21: "same", c22: "same" });
  expect((await sync.verify()).equal).toBe(true);
});

it("a plan names more deletes than a page, and apply carries out all of them", async () => {
  const { left, right, sync } = pairOf([item]);
  for (let n = 0; n < 23; n += 1) left.application.insert("Item", { code: `c${n}`, name: "same" });
  await sync.run();
  for (let n = 0; n < 20; n += 1) left.application.delete("Item", keyOf(left, "Item", `c${n}`));
  const plan = await sync.plan();
  expect(plan.models.get("Item")!.deleted).toEqual({ left: 0, right: 20 });
  const result = await sync.apply(plan, { confirmDeletes: true });
  expect([result.skipped, result.models.get("Item")!.deleted]).toEqual([[], { left: 0, right: 20 }]);
  expect(codes(right, "Item")).toEqual(["c20", "c21", "c22"]);
});

it("a tree larger than a page goes from its leaves on", async () => {
  const { left, right, sync } = pairOf([node]);
  const keys: string[] = [];
  for (let n = 0; n < 17; n += 1) keys.push(left.application.insert("Node", { code: `n${n}`, parentId: n === 0 ? null : keys[Math.floor((n - 1) / 2)]! })[0]!);
  await sync.run();
  for (const key of [...keys].reverse()) left.application.delete("Node", [key]);
  const result = await sync.run({ confirmDeletes: true });
  expect(result.models.get("Node")!.deleted).toEqual({ left: 0, right: 17 });
  expect(codes(right, "Node")).toEqual([]);
});

it("more late references than a page are filled", async () => {
  const leader = model("Person", [text("code"), text("teamId", true)], [reference("teamId", "Team")]);
  const team = model("Team", [text("code"), text("leaderId")], [reference("leaderId", "Person")]);
  const { left, right, sync } = pairOf([leader, team]);
  for (let n = 0; n < 17; n += 1) {
    const person = left.application.insert("Person", { code: `p${n}`, teamId: null });
    const [own] = left.application.insert("Team", { code: `t${n}`, leaderId: person[0]! });
    left.application.update("Person", person, { teamId: own! });
  }
  await sync.run();
  expect(Object.values(fieldsByCode(right, "Person", "teamId")).filter((id) => id === null)).toEqual([]);
  expect((await sync.verify()).equal).toBe(true);
});

import { expect, it } from "vitest";
import { createSync, decideWith, leftWins, naturalKey, rightWins, type ModelOptions, type Plan, type Sync, type SyncOptions } from "@sync/core";
import { memoryDatabase, memoryState } from "@sync/core/memory";
import { codes, collect, fieldsByCode, keyOf, model, pairOf, text } from "./pairs.ts";

const country = model("Country", [text("code"), text("name")]);

/** The same pair in another process: nothing is shared but the databases. */
function elsewhere({ left, right }: Pick<ReturnType<typeof pairOf>, "left" | "right">, more: Partial<SyncOptions> = {}): Sync {
  const models: Record<string, ModelOptions> = { Country: { match: naturalKey("code") } };
  return createSync({ name: "pair", left, right, models, conflicts: leftWins(), firstLink: "left", pageSize: 2, ...more });
}

function filled(): ReturnType<typeof pairOf> {
  const pair = pairOf([country]);
  for (const code of ["A", "B", "C", "D", "E"]) pair.left.application.insert("Country", { code, name: code.toLowerCase() });
  return pair;
}

const linesOf = async (plan: Plan): Promise<string[]> => (await collect(plan.lines())).join("").split(/(?<=\n)/);
const actionsOf = async (plan: Plan): Promise<unknown[]> => (await collect(plan.actions())).flat();

it("a plan made here is loaded and applied elsewhere, and the next run finds nothing to do", async () => {
  const pair = filled();
  const plan = await pair.sync.plan();
  const lines = await linesOf(plan);
  const there = elsewhere(pair);
  const loaded = await there.load(lines);
  expect(await actionsOf(loaded)).toEqual(await actionsOf(plan));
  expect({ ...loaded, models: [...loaded.models] }).toMatchObject({ id: plan.id, models: [...plan.models], deletesToConfirm: [] });
  const result = await there.apply(loaded);
  expect([result.skipped, result.written.right]).toEqual([[], 5]);
  expect(codes(pair.right, "Country")).toEqual(["A", "B", "C", "D", "E"]);
  expect((await there.run()).models.get("Country")!.read).toEqual({ left: 0, right: 0 });
});

it("a plan is loaded into another state store, and applied from there", async () => {
  const pair = filled();
  const lines = await linesOf(await pair.sync.plan());
  const there = elsewhere(pair, { state: memoryState() });
  const loaded = await there.load(lines);
  expect(await actionsOf(loaded)).toHaveLength(5);
  expect((await there.apply(loaded)).skipped).toEqual([]);
  expect(codes(pair.right, "Country")).toEqual(["A", "B", "C", "D", "E"]);
  expect((await there.run()).written).toEqual({ left: 0, right: 0 });
});

it("a plan that was applied already is skipped, record by record, when its file is loaded and applied again", async () => {
  const pair = filled();
  const lines = await linesOf(await pair.sync.plan());
  await pair.sync.apply(await pair.sync.load(lines));
  const again = await pair.sync.apply(await pair.sync.load(lines));
  expect([again.skipped.length, again.written]).toEqual([5, { left: 0, right: 0 }]);
});

it("a delete after a plan from a file is found, though another record came with it", async () => {
  const pair = filled();
  await pair.sync.run();
  pair.left.application.insert("Country", { code: "F", name: "f" });
  const plan = await pair.sync.plan();
  const lines = await linesOf(plan);
  await pair.sync.apply(plan);
  pair.left.application.delete("Country", keyOf(pair.left, "Country", "F"));
  await pair.sync.run();
  pair.left.application.insert("Country", { code: "G", name: "g" });
  const second = await pair.sync.plan();
  const secondLines = await linesOf(second);
  // What the store knew of the plan is lost; the file is all there is.
  await pair.left.state!.commit("pair", [{ op: "remove", collection: "plan", ids: [second.id] }]);
  expect((await pair.sync.apply(await pair.sync.load(secondLines))).written.right).toBe(1);
  pair.right.application.delete("Country", keyOf(pair.right, "Country", "A"));
  await pair.sync.run();
  await pair.sync.run();
  expect([codes(pair.left, "Country"), codes(pair.right, "Country")]).toEqual([["B", "C", "D", "E", "G"], ["B", "C", "D", "E", "G"]]);
  expect((await pair.sync.apply(await pair.sync.load(lines))).written).toEqual({ left: 0, right: 0 });
});

it("a record that changed since a file was written is skipped and named", async () => {
  const pair = filled();
  const lines = await linesOf(await pair.sync.plan());
  const key = keyOf(pair.left, "Country", "C");
  pair.left.application.update("Country", key, { name: "later" });
  const there = elsewhere(pair);
  const result = await there.apply(await there.load(lines));
  expect(result.skipped).toEqual([{ model: "Country", leftKey: key }]);
  expect(codes(pair.right, "Country")).toEqual(["A", "B", "D", "E"]);
});

it("nothing can be applied of a file that was refused, nor is anything of it left", async () => {
  const pair = filled();
  const plan = await pair.sync.plan();
  const lines = await linesOf(plan);
  const state = memoryState();
  const there = elsewhere(pair, { state });
  for (const spoiled of [lines.slice(0, -1), [...lines.slice(0, 4), lines[4]!.replace("only", "ONLY"), ...lines.slice(5)]]) {
    await expect(there.load(spoiled)).rejects.toMatchObject({ code: expect.stringMatching(/^PLAN\.(TRUNCATED|EDITED)$/) });
    await expect(there.apply(plan)).rejects.toMatchObject({ code: "PLAN.UNKNOWN" });
    expect(await state.read("pair", { collection: "plan" })).toEqual([]);
  }
});

it("a refused file leaves the stored plan as it was", async () => {
  const pair = filled();
  const plan = await pair.sync.plan();
  const lines = await linesOf(plan);
  await expect(pair.sync.load(lines.slice(0, -2))).rejects.toMatchObject({ code: "PLAN.TRUNCATED" });
  expect((await pair.sync.apply(plan)).written.right).toBe(5);
});

it("a plan of another pair is refused, naming both", async () => {
  const pair = filled();
  const lines = await linesOf(await pair.sync.plan());
  await expect(elsewhere(pair, { name: "other" }).load(lines)).rejects.toMatchObject({ code: "PLAN.OTHER_PAIR", message: expect.stringMatching(/^Line 1 .*`pair`.*`other`/) });
});

const converted = { right: "name", toRight: (name: string) => `${name}!`, toLeft: (name: string) => name };

it.each<[what: string, options: Partial<SyncOptions> | (() => Partial<SyncOptions>), said: RegExp]>([
  ["mapping", { models: { Country: { match: naturalKey("code"), only: ["code"] } } }, /mapping of `Country`/],
  ["converter", { models: { Country: { match: naturalKey("code"), fields: { name: converted } } } }, /mapping of `Country`/],
  ["constants", { models: { Country: { match: naturalKey("code"), only: ["code"], constants: { right: { name: "x" } } } } }, /mapping of `Country`/],
  ["policy", { conflicts: rightWins() }, /rules of `Country`/],
  ["own policy", { conflicts: decideWith("mine", () => "left") }, /rules of `Country`/],
  ["first link", { firstLink: "right" }, /rules of `Country`/],
  ["onEditDelete", { onEditDelete: "edit" }, /rules of `Country`/],
  ["direction", { direction: "left-to-right" }, /direction/],
  ["left database", () => ({ left: memoryDatabase({ name: "left", models: [country], tracking: "changes" }), state: memoryState() }), /left database is another one/],
  ["right database", () => ({ right: memoryDatabase({ name: "right", models: [country], tracking: "changes" }) }), /right database is another one/],
])("a plan made under another %s is refused whole, and what differs is named", async (_, options, said) => {
  const pair = filled();
  const plan = await pair.sync.plan();
  const lines = await linesOf(plan);
  const there = elsewhere(pair, typeof options === "function" ? options() : options);
  await expect(there.load(lines)).rejects.toMatchObject({ code: "PLAN.STALE", message: expect.stringMatching(said) });
  expect(codes(pair.right, "Country")).toEqual([]);
});

it("lines of a plan that was applied are refused, not given as none", async () => {
  const pair = filled();
  const plan = await pair.sync.plan();
  await pair.sync.apply(plan);
  await expect(collect(plan.lines())).rejects.toMatchObject({ code: "PLAN.UNKNOWN" });
  await expect(collect(plan.actions())).rejects.toMatchObject({ code: "PLAN.INCOMPLETE" });
});

it("lines hold no value and no database id, and revisions only as hashes made with what a file does not say", async () => {
  const ids = new Set<string>();
  const linesWith = async (): Promise<string[]> => {
    const pair = pairOf([country]);
    pair.left.application.insert("Country", { code: "kq7", name: "nachtigall" });
    for (const database of [pair.left, pair.right]) {
      const claim = await database.claim({ holder: "test", runner: "test", seconds: 1 });
      ids.add(claim.databaseId);
      await database.release(claim.fence, false);
    }
    return linesOf(await pair.sync.plan());
  };
  const [first, second] = [await linesWith(), await linesWith()];
  for (const secret of ["kq7", "nachtigall", ...ids]) expect(first.join("") + second.join("")).not.toContain(secret);
  const revision = (lines: string[]): unknown => (JSON.parse(lines[1]!) as { leftRevision: string }).leftRevision;
  expect(revision(first)).not.toBe(revision(second));
});

it("a look says what both sides hold now, what was agreed on, and who changed since", async () => {
  const pair = filled();
  await pair.sync.run();
  pair.left.application.update("Country", keyOf(pair.left, "Country", "A"), { name: "new" });
  pair.left.application.insert("Country", { code: "F", name: "f" });
  const plan = await pair.sync.plan();
  const actions = (await collect(plan.actions())).flat();
  const update = actions.find((action) => action.action === "update")!;
  const create = actions.find((action) => action.action === "create")!;
  expect(await plan.look([create, update])).toEqual([
    { stale: false, fields: [{ field: "code", left: "F" }, { field: "name", left: "f" }] },
    { stale: false, fields: [{ field: "code", left: "A", right: "A", base: "A", changed: [] }, { field: "name", left: "new", right: "a", base: "a", changed: ["left"] }] },
  ]);
  pair.right.application.update("Country", keyOf(pair.right, "Country", "A"), { name: "too" });
  expect(await plan.look([update])).toMatchObject([{ stale: true, fields: [{}, { field: "name", left: "new", right: "too", changed: ["left", "right"] }] }]);
  pair.left.application.delete("Country", update.leftKey!);
  expect(await plan.look([update])).toMatchObject([{ stale: true, fields: [{}, { field: "name", right: "too" }] }]);
  expect(fieldsByCode(pair.right, "Country", "name")).toMatchObject({ A: "too" });
});

it("a look shows a kept base although both sides have changed", async () => {
  const pair = pairOf([country], { models: { Country: { match: naturalKey("code"), keepBase: "values" } } });
  pair.left.application.insert("Country", { code: "A", name: "a" });
  await pair.sync.run();
  pair.left.application.update("Country", keyOf(pair.left, "Country", "A"), { name: "l" });
  pair.right.application.update("Country", keyOf(pair.right, "Country", "A"), { name: "r" });
  const plan = await pair.sync.plan();
  const [look] = await plan.look((await collect(plan.actions())).flat());
  expect(look!.fields[1]).toEqual({ field: "name", left: "l", right: "r", base: "a", changed: ["left", "right"] });
});

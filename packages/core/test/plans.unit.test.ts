import { expect, it } from "vitest";
import { ask, fallback, naturalKey, type Field } from "@sync/core";
import { codes, collect, fieldsByCode, keyOf, model, pairOf, reference, text, withCommit } from "./pairs.ts";

const country = model("Country", [text("code"), text("name")]);
const node = model("Node", [text("code"), text("parentId", true)], [reference("parentId", "Node")]);

it("a planned tree is applied whole, though parents and children share a page", async () => {
  const { left, right, sync } = pairOf([node], { pageSize: 100 });
  const keys: string[] = [];
  for (let n = 0; n < 5; n++) keys.push(left.application.insert("Node", { code: `n${n}`, parentId: n === 0 ? null : keys[n - 1]! })[0]!);
  const result = await sync.apply(await sync.plan());
  expect(result.skipped).toEqual([]);
  expect(codes(right, "Node")).toEqual(["n0", "n1", "n2", "n3", "n4"]);
});

it("a planned cycle is applied whole", async () => {
  const { left, right, sync } = pairOf([node], { pageSize: 100 });
  const [a] = left.application.insert("Node", { code: "a", parentId: null });
  const [b] = left.application.insert("Node", { code: "b", parentId: a! });
  left.application.update("Node", [a!], { parentId: b! });
  const result = await sync.apply(await sync.plan());
  expect(result.skipped).toEqual([]);
  expect(codes(right, "Node")).toEqual(["a", "b"]);
  expect((await sync.verify()).equal).toBe(true);
});

it("a planned parent and child of two models are applied together", async () => {
  const { left, right, sync } = pairOf([country, model("City", [text("code"), text("countryId")], [reference("countryId", "Country")])]);
  const [c] = left.application.insert("Country", { code: "c", name: "c" });
  left.application.insert("City", { code: "x", countryId: c! });
  const result = await sync.apply(await sync.plan());
  expect(result.skipped).toEqual([]);
  expect(codes(right, "City")).toEqual(["x"]);
});

it("a plan carries children whose parents are planned too, on either side and known by their parents", async () => {
  const city = model("City", [text("code"), text("countryId")], [reference("countryId", "Country")], { uniqueKeys: [{ name: "in country", fields: ["countryId", "code"] }] });
  const { left, right, sync } = pairOf([country, city], { match: { City: naturalKey(["countryId", "code"]) } });
  for (const [side, name] of [[left, "l"], [right, "r"]] as const) {
    for (const n of [1, 2, 3]) {
      const parent = side.application.insert("Country", { code: `${name}${n}`, name });
      for (const child of ["x", "y"]) side.application.insert("City", { code: child, countryId: parent[0]! });
    }
    const shared = side.application.insert("Country", { code: "both", name: "both" });
    for (const child of ["x", name]) side.application.insert("City", { code: child, countryId: shared[0]! });
  }
  const plan = await sync.plan();
  expect(plan.models.get("Country")).toMatchObject({ created: { left: 3, right: 3 }, linked: 1, quarantined: 0 });
  expect(plan.models.get("City")).toMatchObject({ created: { left: 7, right: 7 }, linked: 1, quarantined: 0 });
  expect((await sync.apply(plan)).skipped).toEqual([]);
  expect((await sync.verify()).equal).toBe(true);
});

it("a record that came back since the plan is not forgotten", async () => {
  const withId = model("Country", [text("code"), text("name"), text("cloudId", true)], [], { syncFields: { cloudId: "cloudId" } });
  const { left, right, sync } = pairOf([withId]);
  left.application.insert("Country", { code: "A", name: "a" });
  left.application.insert("Country", { code: "B", name: "b" });
  await sync.run();
  const saved = [left, right].map((database) => database.probe.rows("Country").find(({ record }) => record["code"] === "A")!.record);
  for (const database of [left, right]) database.application.delete("Country", keyOf(database, "Country", "A"));
  const plan = await sync.plan();
  left.application.insert("Country", saved[0]!);
  right.application.insert("Country", saved[1]!);
  const result = await sync.apply(plan);
  expect(result.skipped).toHaveLength(1);
  expect(await left.state!.bases("pair", "Country", [saved[0]!["cloudId"]!])).toHaveLength(1);
});

it("a plan applied after another run does not turn marks back", async () => {
  const { left, right, sync } = pairOf([country]);
  for (const code of ["A", "B", "C", "D"]) left.application.insert("Country", { code, name: code });
  await sync.run();
  const plan = await sync.plan();
  left.application.insert("Country", { code: "N", name: "new" });
  await sync.run();
  await sync.apply(plan);
  left.application.delete("Country", keyOf(left, "Country", "C"));
  right.application.delete("Country", keyOf(right, "Country", "B"));
  await sync.run();
  await sync.run();
  expect([codes(left, "Country"), codes(right, "Country")]).toEqual([["A", "D", "N"], ["A", "D", "N"]]);
});

it("a plan does nothing to a record that changed since", async () => {
  const { left, right, sync } = pairOf([country]);
  left.application.insert("Country", { code: "A", name: "a" });
  await sync.run();
  left.application.update("Country", keyOf(left, "Country", "A"), { name: "planned" });
  const plan = await sync.plan();
  right.application.update("Country", keyOf(right, "Country", "A"), { name: "meanwhile" });
  const result = await sync.apply(plan);
  expect(result.skipped).toHaveLength(1);
  expect(fieldsByCode(right, "Country", "name")).toEqual({ A: "meanwhile" });
  await sync.run();
  expect(fieldsByCode(right, "Country", "name")).toEqual({ A: "planned" });
});

it("a decision made while a run is on is carried out by the next one", async () => {
  const { left, right, sync } = pairOf([country], { conflicts: ask() });
  const key = left.application.insert("Country", { code: "A", name: "a" });
  await sync.run();
  left.application.update("Country", key, { name: "left" });
  right.application.update("Country", keyOf(right, "Country", "A"), { name: "right" });
  await sync.run();
  const [conflict] = await collect(sync.conflicts());
  left.application.insert("Country", { code: "B", name: "b" });
  let decided: Promise<void> | undefined;
  await sync.run({ onEvent: (event) => void (event.type === "step" && event.step === "analyse" && (decided ??= sync.decide(conflict!.id, "right"))) });
  await decided;
  await sync.run();
  expect(fieldsByCode(left, "Country", "name")).toMatchObject({ A: "right" });
});

it("an ambiguous match is the same in a plan and in a run", async () => {
  const note = model("Note", [text("code"), text("body")], [], { uniqueKeys: [] });
  const { left, right, sync } = pairOf([note], { match: { Note: fallback("code") } });
  for (const code of ["one", "two", "two"]) left.application.insert("Note", { code, body: "left" });
  for (const code of ["one", "two"]) right.application.insert("Note", { code, body: "right" });
  const plan = await sync.plan();
  const result = await sync.apply(plan);
  expect(plan.models.get("Note")).toMatchObject({ quarantined: 3 });
  expect(result.models.get("Note")).toMatchObject({ quarantined: 3 });
});

it("a plan names the values that the other side cannot hold, and apply agrees", async () => {
  const short: Field = { name: "name", kind: { type: "text", maxLength: 3, noNul: true }, nullable: false, writable: true };
  const wide = [model("Country", [text("code"), text("name")]), model("City", [text("code"), text("countryId")], [reference("countryId", "Country")])];
  const narrow = [model("Country", [text("code"), short]), wide[1]!];
  const { left, right, sync } = pairOf(wide, { rightModels: narrow });
  const changed = left.application.insert("Country", { code: "C", name: "c" });
  await sync.run();
  left.application.update("Country", changed, { name: "far too long" });
  const [long] = left.application.insert("Country", { code: "L", name: "long" });
  left.application.insert("Country", { code: "N", name: "\0" });
  left.application.insert("Country", { code: "F", name: "fit" });
  left.application.insert("City", { code: "child", countryId: long! });
  const plan = await sync.plan();
  const actions = (await collect(plan.actions())).flat();
  const waiting = actions.filter(({ action }) => action === "quarantine").map(({ quarantine }) => quarantine!);
  expect(waiting.map(({ side, code, field }) => `${side} ${field} ${code}`).sort()).toEqual([
    "left countryId REFERENCE.PARENT_WAITS", "left name VALUE.NUL", "left name VALUE.TOO_LONG", "left name VALUE.TOO_LONG",
  ]);
  expect(plan.models.get("Country")).toMatchObject({ created: { right: 1 }, updated: { right: 0 }, quarantined: 3 });
  const result = await sync.apply(plan);
  expect(result.skipped).toEqual([]);
  expect(result.models.get("Country")).toMatchObject({ created: { right: 1 }, updated: { right: 0 }, quarantined: 3 });
  expect(result.models.get("City")).toMatchObject({ quarantined: 1 });
  expect((await sync.plan()).models.get("Country")).toMatchObject({ quarantined: 0, waiting: 3 });
  expect(fieldsByCode(right, "Country", "name")).toEqual({ C: "c", F: "fit" });
});

it("what a database has refused waits in a plan as it does in a run, unless it is to be tried again", async () => {
  const { left, sync } = pairOf([country], {
    wrap: (database, side) => side === "left" ? database : withCommit(database, (unit, real) =>
      JSON.stringify(unit).includes("too high") ? Promise.resolve({ committed: false, refusal: { code: "WRITE.CHECK" } }) : real(unit)),
  });
  left.application.insert("Country", { code: "a", name: "too high" });
  await sync.run();
  left.application.insert("Country", { code: "b", name: "fine" });
  const plan = await sync.plan();
  expect(plan.models.get("Country")).toMatchObject({ waiting: 1, created: { left: 0, right: 1 } });
  expect((await collect(plan.actions())).flat().map(({ action }) => action)).toEqual(["create"]);
  expect((await sync.plan({ retryQuarantine: true })).models.get("Country")).toMatchObject({ waiting: 0, created: { left: 0, right: 2 } });
});

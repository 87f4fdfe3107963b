import { describe, expect, it } from "vitest";
import { ask, createSync, fallback, leftWins, naturalKey, type Field, type Model, type Reference, type SyncOptions } from "@sync/core";
import { memoryDatabase, type MemoryDatabase, type MemoryModel } from "@sync/core/memory";

const text = (name: string, nullable = false): Field => ({ name, kind: { type: "text" }, nullable, writable: true });
const reference = (field: string, target: string, onDelete: Reference["onDelete"] = "restrict"): Reference =>
  ({ name: field, fields: [field], target, targetFields: ["id"], onDelete });
const model = (name: string, fields: readonly Field[], references: readonly Reference[] = [], unique: readonly string[] = ["code"]): Model => ({
  name, primaryKey: ["id"], keySource: "allocated", syncFields: {}, fields: [text("id"), ...fields], references,
  uniqueKeys: unique.length > 0 ? [{ name: `${name}_${unique.join("_")}`, fields: unique }] : [],
});

function pairOf(models: readonly (Model | MemoryModel)[], more: Partial<SyncOptions> & { match?: Record<string, unknown>; rightModels?: readonly (Model | MemoryModel)[] } = {}): {
  left: MemoryDatabase; right: MemoryDatabase; sync: ReturnType<typeof createSync>;
} {
  const left = memoryDatabase({ name: "left", models, tracking: "changes" });
  const right = memoryDatabase({ name: "right", models: more.rightModels ?? models, tracking: "fingerprints" });
  const { match, rightModels, ...options } = more;
  void rightModels;
  const names = models.map((each) => ("model" in each ? each.model.name : each.name));
  const sync = createSync({
    name: "pair", left, right, conflicts: leftWins(), pageSize: 5, retry: { firstDelay: 1 },
    models: Object.fromEntries(names.map((name) => [name, { match: match?.[name] ?? naturalKey("code") }])), ...options,
  } as unknown as SyncOptions);
  return { left, right, sync };
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** `code → codes of the parents`, without ids. */
function shape(database: MemoryDatabase, name: string, ...references: readonly [field: string, target: string][]): Record<string, unknown> {
  const codes = (target: string): Map<string, unknown> => new Map(database.probe.rows(target).map(({ key, record }) => [key[0]!, record["code"]]));
  return Object.fromEntries(database.probe.rows(name).map(({ record }) =>
    [record["code"], references.map(([field, target]) => (record[field] == null ? null : (codes(target).get(record[field]) ?? "dangling")))]));
}

describe("references", () => {
  it("a tree is created level by level whatever the order of its keys", async () => {
    const { left, right, sync } = pairOf([model("Node", [text("code"), text("parentId", true)], [reference("parentId", "Node")])]);
    const keys: string[] = [];
    for (let n = 0; n < 23; n++) keys.push(left.application.insert("Node", { code: `n${n}`, parentId: null })[0]!);
    // The parent of each is a later one, so that every page holds children before their parents.
    for (let n = 0; n < 22; n++) left.application.update("Node", [keys[n]!], { parentId: keys[n + 1]! });
    const result = await sync.run();
    expect(result.models.get("Node")).toMatchObject({ created: { right: 23 }, quarantined: 0 });
    expect(shape(right, "Node", ["parentId", "Node"])).toEqual(shape(left, "Node", ["parentId", "Node"]));
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });

  it("a cycle within a model is created without one edge, which is filled at the end", async () => {
    const { left, right, sync } = pairOf([model("Node", [text("code"), text("parentId", true)], [reference("parentId", "Node")])]);
    const [a] = left.application.insert("Node", { code: "a", parentId: null });
    const [b] = left.application.insert("Node", { code: "b", parentId: a! });
    const [c] = left.application.insert("Node", { code: "c", parentId: b! });
    left.application.update("Node", [a!], { parentId: c! });
    await sync.run();
    expect(shape(right, "Node", ["parentId", "Node"])).toEqual({ a: ["c"], b: ["a"], c: ["b"] });
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
    expect((await sync.verify()).equal).toBe(true);
  });

  it("a cycle over two models is broken at the reference that may be null", async () => {
    const { left, right, sync } = pairOf([
      model("Team", [text("code"), text("leadId", true)], [reference("leadId", "Person")]),
      model("Person", [text("code"), text("teamId")], [reference("teamId", "Team")]),
    ]);
    const [team] = left.application.insert("Team", { code: "t", leadId: null });
    const [person] = left.application.insert("Person", { code: "p", teamId: team! });
    left.application.update("Team", [team!], { leadId: person! });
    await sync.run();
    expect(shape(right, "Team", ["leadId", "Person"])).toEqual({ t: ["p"] });
    expect(shape(right, "Person", ["teamId", "Team"])).toEqual({ p: ["t"] });
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });

  it("a cycle that nothing can break is refused with its models' names", () => {
    expect(() => pairOf([
      model("A", [text("code"), text("bId")], [reference("bId", "B")]), model("B", [text("code"), text("aId")], [reference("aId", "A")]),
    ])).toThrow(/A, B refer to each other in a cycle/);
  });

  it("a re-parented child follows, and a deleted parent takes its deleted children along", async () => {
    const { left, right, sync } = pairOf([
      model("Parent", [text("code")]), model("Child", [text("code"), text("parentId")], [reference("parentId", "Parent")]),
    ]);
    const [p] = left.application.insert("Parent", { code: "p" });
    const [q] = left.application.insert("Parent", { code: "q" });
    const [x] = left.application.insert("Child", { code: "x", parentId: p! });
    const [y] = left.application.insert("Child", { code: "y", parentId: p! });
    await sync.run();
    left.application.update("Child", [x!], { parentId: q! });
    left.application.delete("Child", [y!]);
    left.application.delete("Parent", [p!]);
    const result = await sync.run();
    expect(result.models.get("Parent")!.deleted.right).toBe(1);
    expect(shape(right, "Child", ["parentId", "Parent"])).toEqual({ x: ["q"] });
    expect(shape(right, "Parent")).toEqual({ q: [] });
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });

  it("a parent that got a new child on the other side is not deleted: an open conflict says so", async () => {
    const { left, right, sync } = pairOf([
      model("Parent", [text("code")]), model("Child", [text("code"), text("parentId")], [reference("parentId", "Parent")]),
    ]);
    const [p] = left.application.insert("Parent", { code: "p" });
    await sync.run();
    left.application.delete("Parent", [p!]);
    right.application.insert("Child", { code: "late", parentId: right.probe.rows("Parent")[0]!.key[0]! });
    await sync.run();
    expect(right.probe.rows("Parent")).toHaveLength(1);
    const kinds: string[] = [];
    for await (const conflict of sync.conflicts()) kinds.push(`${conflict.kind} ${conflict.decision}`);
    expect(kinds).toEqual(["delete-parent open"]);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });
});

describe("quarantine", () => {
  const checked: MemoryModel = { model: model("Country", [text("code"), text("name")]), checks: [{ name: "name_is_short", test: ({ name }) => (name ?? "").length < 10 }] };
  const region = model("Region", [text("code"), text("countryId")], [reference("countryId", "Country")]);

  it("a refused record and its dependants wait; everyone else goes across, and they follow once the cause is mended", async () => {
    const { left, right, sync } = pairOf([model("Country", [text("code"), text("name")]), region], { rightModels: [checked, region] });
    const keys = new Map<string, string>();
    for (const code of ["A", "B", "C", "D", "E", "F", "G"]) keys.set(code, left.application.insert("Country", { code, name: code === "C" ? "much too long" : code })[0]!);
    for (const code of ["B", "C"]) left.application.insert("Region", { code: `${code}1`, countryId: keys.get(code)! });
    const first = await sync.run();
    expect(first.models.get("Country")).toMatchObject({ created: { right: 6 }, quarantined: 1 });
    expect(first.models.get("Region")).toMatchObject({ created: { right: 1 }, quarantined: 1 });
    const entries: string[] = [];
    for await (const entry of sync.quarantine()) entries.push(`${entry.model} ${entry.code} ${entry.constraint ?? entry.waitsFor?.model}`);
    expect(entries.sort()).toEqual(["Country WRITE.CHECK name_is_short", "Region REFERENCE.PARENT_WAITS Country"]);
    const second = await sync.run();
    expect(second.written).toEqual({ left: 0, right: 0 });
    expect(second.models.get("Country")!.waiting).toBe(1);
    const proof = await sync.verify();
    expect([proof.equal, proof.explained]).toEqual([false, true]);
    left.application.update("Country", [keys.get("C")!], { name: "short" });
    const third = await sync.run();
    expect(third.models.get("Region")!.created.right).toBe(1);
    expect(shape(right, "Region", ["countryId", "Country"])).toEqual({ B1: ["B"], C1: ["C"] });
    const left2: string[] = [];
    for await (const entry of sync.quarantine()) left2.push(entry.code);
    expect(left2).toEqual([]);
    expect((await sync.verify()).equal).toBe(true);
  });

  it("ambiguous matches wait and are listed; unambiguous ones are linked", async () => {
    const note = model("Note", [text("title"), text("body")], [], []);
    const { left, right, sync } = pairOf([note], { match: { Note: fallback("title") }, firstLink: "left" });
    for (const title of ["one", "two", "two"]) left.application.insert("Note", { title, body: "left" });
    for (const title of ["one", "two", "three"]) right.application.insert("Note", { title, body: "right" });
    const result = await sync.run();
    expect(result.models.get("Note")).toMatchObject({ linked: 1, created: { left: 1, right: 0 }, quarantined: 3 });
    expect(right.probe.rows("Note").find(({ record }) => record["title"] === "one")!.record["body"]).toBe("left");
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });
});

describe("decisions and safety", () => {
  it("a conflict that a person is asked about is parked; the decision is carried out by the next run", async () => {
    const { left, right, sync } = pairOf([model("Country", [text("code"), text("name"), text("motto", true)])], { conflicts: ask() });
    const key = left.application.insert("Country", { code: "A", name: "a" });
    await sync.run();
    left.application.update("Country", key, { name: "left", motto: "moved on" });
    right.application.update("Country", right.probe.rows("Country")[0]!.key, { name: "right" });
    const parked = await sync.run();
    expect(parked.models.get("Country")).toMatchObject({ open: 1, updated: { right: 1 } });
    expect(right.probe.rows("Country")[0]!.record).toMatchObject({ name: "right", motto: "moved on" });
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
    const [conflict] = await collect(sync.conflicts());
    expect(conflict).toMatchObject({ decision: "open", fields: ["name"], left: ["left"], right: ["right"] });
    await sync.decide(conflict!.id, "right");
    await sync.run();
    expect(left.probe.rows("Country")[0]!.record["name"]).toBe("right");
    expect((await collect(sync.conflicts()))[0]).toMatchObject({ decision: "right", rule: "a person decided" });
    expect((await sync.verify()).equal).toBe(true);
  });

  it("more deletes than the guard allows wait for a confirmation, with counts", async () => {
    const { left, right, sync } = pairOf([model("Country", [text("code")])], { deleteGuard: { count: 2, share: 0.1 } });
    const keys = ["A", "B", "C", "D", "E", "F"].map((code) => left.application.insert("Country", { code }));
    await sync.run();
    for (const key of keys.slice(0, 4)) left.application.delete("Country", key);
    const held = await sync.run();
    expect(held).toMatchObject({ status: "needs-confirmation", deletesToConfirm: [{ model: "Country", deletes: 4, records: 6 }] });
    expect(right.probe.rows("Country")).toHaveLength(6);
    expect(await sync.run({ confirmDeletes: true })).toMatchObject({ status: "done" });
    expect(right.probe.rows("Country")).toHaveLength(2);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });

  it("a restored backup stops the run before any write, until it is adopted", async () => {
    const { left, right, sync } = pairOf([model("Country", [text("code"), text("name")])], { firstLink: "left" });
    const key = left.application.insert("Country", { code: "A", name: "old" });
    await sync.run();
    const backup = right.snapshot();
    left.application.insert("Country", { code: "B", name: "b" });
    left.application.update("Country", key, { name: "new" });
    await sync.run();
    right.restore(backup);
    await expect(sync.run()).rejects.toMatchObject({ code: "DATABASE.RESTORED" });
    await expect(sync.run()).rejects.toMatchObject({ code: "DATABASE.RESTORED" });
    await sync.adopt();
    await sync.run();
    expect(left.probe.rows("Country").map(({ record }) => record["name"]).sort()).toEqual(["b", "new"]);
    expect((await sync.verify()).equal).toBe(true);
  });

  it("a renamed natural key keeps its identity", async () => {
    const { left, right, sync } = pairOf([model("Country", [text("code"), text("name")])]);
    const key = left.application.insert("Country", { code: "A", name: "a" });
    await sync.run();
    const before = right.probe.rows("Country")[0]!.key;
    left.application.update("Country", key, { code: "A2" });
    const result = await sync.run();
    expect(result.models.get("Country")).toMatchObject({ created: { right: 0 }, updated: { right: 1 } });
    expect(right.probe.rows("Country")).toMatchObject([{ key: before, record: { code: "A2" } }]);
  });

  it("records that both sides create with one natural key meet as the same", async () => {
    const { left, right, sync } = pairOf([model("Country", [text("code"), text("name")])], { firstLink: "right" });
    left.application.insert("Country", { code: "X", name: "x" });
    await sync.run();
    left.application.insert("Country", { code: "N", name: "left" });
    right.application.insert("Country", { code: "N", name: "right" });
    await sync.run();
    expect(left.probe.rows("Country").map(({ record }) => record["name"]).sort()).toEqual(["right", "x"]);
    expect((await sync.verify()).equal).toBe(true);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });
});

it("a backup from before a run that was killed while it wrote is recognised, however often it is tried", async () => {
  const { left, right, sync } = pairOf([model("Country", [text("code"), text("name")])], { firstLink: "left", lease: { seconds: 1 } });
  left.application.insert("Country", { code: "A", name: "a" });
  await sync.run();
  const backup = right.snapshot();
  left.application.insert("Country", { code: "B", name: "b" });
  // The process dies when the first bases would be stored: data is there, no counter was raised.
  const release = [left.release, right.release];
  const commit = left.state!.commit.bind(left.state);
  left.state!.commit = (pair, changes) => (changes.some((change) => change.op === "putBases") ? commit(pair, changes).then(() => Promise.reject(new Error("killed"))) : commit(pair, changes));
  left.release = right.release = () => Promise.reject(new Error("killed"));
  await expect(sync.run()).rejects.toThrow("killed");
  [left.release, right.release] = release as [typeof left.release, typeof right.release];
  left.state!.commit = commit;
  right.restore(backup);
  for (let attempt = 0; attempt < 3; attempt++) await expect(sync.run({ takeOver: true })).rejects.toMatchObject({ code: "DATABASE.RESTORED" });
  expect(left.probe.rows("Country")).toHaveLength(2);
  await sync.adopt();
  await sync.run();
  expect((await sync.verify()).equal).toBe(true);
  expect(right.probe.rows("Country")).toHaveLength(2);
});

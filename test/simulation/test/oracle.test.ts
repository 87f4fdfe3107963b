import type { Batch, ConflictRecord, QuarantineRecord } from "@sync/core";
import type { MemoryRecord } from "@sync/core/memory";
import { expect, test } from "vitest";
import { History } from "../src/history.ts";
import { Oracle, type Told } from "../src/oracle.ts";
import { Random } from "../src/random.ts";
import { memberOf, modelNameOn, modelOf, nameOn, opposite, pickSpecs, SIDES, unmappedOn, type ModelSpec, type SideName } from "../src/spec.ts";
import { World } from "../src/world.ts";

/** History and oracle without the engine: units are written by hand, right ones and wrong ones. */
class Stage {
  readonly specs: readonly ModelSpec[];
  readonly history: History;
  readonly world: World;

  constructor(set: string) {
    this.specs = pickSpecs(new Random(7), set).models;
    this.history = new History(this.specs);
    for (const side of SIDES) for (const spec of this.specs) this.history.columns(side, spec, modelOf(spec, side, this.specs).fields.map((field) => field.name));
    this.world = new World({
      specs: this.specs, tracking: { left: "changes", right: "changes" }, descending: { left: false, right: false }, random: new Random(1), now: () => 0,
      onCommit: (side, commit) => this.history.observe(side, commit),
    });
  }

  get spec(): ModelSpec {
    return this.specs[0]!;
  }

  /** A record by its logical names, as a side calls them. */
  on(side: SideName, record: MemoryRecord): MemoryRecord {
    return Object.fromEntries(Object.entries(record).map(([name, value]) => [nameOn(side, memberOf(this.spec, name)), value]));
  }

  user(side: SideName, record: MemoryRecord): readonly string[] {
    return this.world.databases[side].application.insert(modelNameOn(side, this.spec), this.on(side, record));
  }

  async unit(side: SideName, ...batches: Batch[]): Promise<void> {
    const database = this.world.databases[side];
    const { fence } = await database.claim({ holder: "test", runner: "test", seconds: 30 });
    expect(await database.commit({ id: "unit", fence, batches })).toMatchObject({ committed: true });
  }

  async copy(to: SideName, cloudId: string, record: MemoryRecord): Promise<readonly string[]> {
    const [key] = await this.world.databases[to].endpoints.get(modelNameOn(to, this.spec))!.allocate(1);
    const given = this.on(to, record);
    await this.unit(to, { op: "insert", model: modelNameOn(to, this.spec), fields: Object.keys(given), rows: [{ key: key!, cloudId, values: Object.values(given) }] });
    return key!;
  }

  async identify(side: SideName, key: readonly string[], cloudId: string): Promise<void> {
    await this.unit(side, { op: "identify", model: modelNameOn(side, this.spec), rows: [{ key, cloudId, was: null }] });
  }

  async overwrite(side: SideName, key: readonly string[], given: MemoryRecord): Promise<void> {
    const model = modelNameOn(side, this.spec);
    const [row] = await this.world.databases[side].endpoints.get(model)!.fetch({ fields: [], by: "key", tuples: [key] });
    await this.unit(side, { op: "update", model, fields: Object.keys(given), rows: [{ key, revision: row!.revision, values: Object.values(given) }] });
  }

  async delete(side: SideName, key: readonly string[]): Promise<void> {
    const model = modelNameOn(side, this.spec);
    const [row] = await this.world.databases[side].endpoints.get(model)!.fetch({ fields: [], by: "key", tuples: [key] });
    await this.unit(side, { op: "delete", model, rows: [{ key, revision: row!.revision }] });
  }

  /** The same record on both sides, linked. */
  async linked(record: MemoryRecord): Promise<{ readonly left: readonly string[]; readonly right: readonly string[] }> {
    const left = this.user("left", record);
    await this.identify("left", left, "cloud-1");
    return { left, right: await this.copy("right", "cloud-1", record) };
  }

  rules(told: Partial<Told> = {}): string[] {
    this.history.finish();
    const oracle = new Oracle(this.specs, this.world.databases, { conflicts: [], quarantine: [], ...told });
    oracle.checkAgreement();
    oracle.checkObligations(this.history);
    return [...new Set([...this.history.violations, ...oracle.violations].map((violation) => violation.rule))].sort();
  }
}

const category: MemoryRecord = { slug: "s1", title: "title-1", position: "1", parent: null };

const conflict = (rest: Partial<ConflictRecord>): ConflictRecord => ({
  id: "1", model: "Category", cloudId: "cloud-1", kind: "update-update", fields: ["title"], left: ["title-2"], right: ["title-3"], rule: "", decision: "left", run: "", at: "", ...rest,
});

const waiting = (rest: Partial<QuarantineRecord>): QuarantineRecord => ({
  id: "1", model: "Category", side: "left", key: [], cloudId: null, code: "WRITE.CHECK", message: "", payload: "", attempts: 1, since: "", run: "", ...rest,
});

test("a record that was carried over as it is breaks nothing", async () => {
  const stage = new Stage("tree");
  await stage.linked(category);
  expect(stage.rules()).toEqual([]);
});

test("a difference and a missing record break I1", async () => {
  const differs = new Stage("tree");
  const { left } = await differs.linked(category);
  differs.world.databases.left.application.update("Category", left, { title: "title-2" });
  expect(differs.rules()).toEqual(["I1"]);
  const missing = new Stage("tree");
  missing.user("right", category);
  expect(missing.rules()).toEqual(["I1"]);
});

test("a record that the other side refuses may wait, if the pair tells of it", () => {
  const stage = new Stage("tree");
  const key = stage.user("left", { ...category, title: "bad 1" });
  expect(stage.rules({ quarantine: [waiting({ key })] })).toEqual([]);
  expect(stage.rules()).toEqual(["I11"]);
});

test("a record that nothing keeps from crossing may not wait", async () => {
  const stage = new Stage("tree");
  const { left } = await stage.linked(category);
  expect(stage.rules({ quarantine: [waiting({ key: left })] })).toEqual(["I11"]);
});

test("a value that was written without knowing the other one overwrites it only with a word in the conflict log", async () => {
  const stage = new Stage("tree");
  const { left, right } = await stage.linked(category);
  stage.world.databases.left.application.update("Category", left, { title: "title-2" });
  stage.world.databases.right.application.update("categorys", right, stage.on("right", { title: "title-3" }));
  await stage.overwrite("right", right, stage.on("right", { title: "title-2" }));
  expect(stage.rules({ conflicts: [conflict({})] })).toEqual([]);
  expect(stage.rules({ conflicts: [conflict({ right: ["another"] })] })).toEqual(["I2"]);
  expect(stage.rules()).toEqual(["I2"]);
});

test("a later value overwrites an earlier one without a word, and never the other way round", async () => {
  const forward = new Stage("tree");
  const one = await forward.linked(category);
  forward.world.databases.left.application.update("Category", one.left, { title: "title-2" });
  await forward.overwrite("right", one.right, forward.on("right", { title: "title-2" }));
  expect(forward.rules()).toEqual([]);
  const backward = new Stage("tree");
  const two = await backward.linked(category);
  backward.world.databases.left.application.update("Category", two.left, { title: "title-2" });
  await backward.overwrite("left", two.left, { title: "title-1" });
  expect(backward.rules()).toEqual(["I14"]);
});

test("a value that nobody wrote breaks I2", async () => {
  const stage = new Stage("tree");
  const { right } = await stage.linked(category);
  await stage.overwrite("right", right, stage.on("right", { title: "invented" }));
  expect(stage.rules()).toEqual(["I1", "I2"]);
});

test("a delete that nobody made breaks I2, one that somebody made does not", async () => {
  const wrong = new Stage("tree");
  await wrong.delete("right", (await wrong.linked(category)).right);
  expect(wrong.rules()).toEqual(["I1", "I2"]);
  const right = new Stage("tree");
  const keys = await right.linked(category);
  right.world.databases.left.application.delete("Category", keys.left);
  await right.delete("right", keys.right);
  expect(right.rules()).toEqual([]);
});

test("a delete that takes an edit along breaks I2, unless the conflict log tells of it", async () => {
  const stage = new Stage("tree");
  const { left, right } = await stage.linked(category);
  stage.world.databases.left.application.delete("Category", left);
  stage.world.databases.right.application.update("categorys", right, stage.on("right", { title: "title-3" }));
  await stage.delete("right", right);
  expect(stage.rules()).toEqual(["I2"]);
  expect(stage.rules({ conflicts: [conflict({ kind: "update-delete" })] })).toEqual([]);
});

test("a deleted record that comes back breaks I7", async () => {
  const stage = new Stage("tree");
  const { left } = await stage.linked(category);
  stage.world.databases.left.application.delete("Category", left);
  await stage.copy("left", "cloud-1", category);
  expect(stage.rules()).toEqual(["I7"]);
});

test("a record that is made once more breaks I5", async () => {
  const stage = new Stage("notes");
  const note = stage.specs[1]!;
  const record: MemoryRecord = { title: "title-1", body: "body-1" };
  const user = stage.world.databases.left.application.insert("User", Object.fromEntries([["email", "u1"], ["name", "n"]]));
  const reference = note.references[0]!;
  const key = stage.world.databases.left.application.insert("Note", { ...record, [reference.name]: user[0]! });
  const insert = async (side: SideName, model: string, cloudId: string, given: MemoryRecord): Promise<readonly string[]> => {
    const [fresh] = await stage.world.databases[side].endpoints.get(model)!.allocate(1);
    await stage.unit(side, { op: "insert", model, fields: Object.keys(given), rows: [{ key: fresh!, cloudId, values: Object.values(given) }] });
    return fresh!;
  };
  await stage.unit("left", { op: "identify", model: "User", rows: [{ key: user, cloudId: "user-1", was: null }] }, { op: "identify", model: "Note", rows: [{ key, cloudId: "note-1", was: null }] });
  const parent = await insert("right", "users", "user-1", { [nameOn("right", memberOf(stage.specs[0]!, "email"))]: "u1", [nameOn("right", memberOf(stage.specs[0]!, "name"))]: "n" });
  const copy: MemoryRecord = {
    [nameOn("right", memberOf(note, "title"))]: "title-1", [nameOn("right", memberOf(note, "body"))]: "body-1", [nameOn("right", reference)]: parent[0]!,
  };
  await insert("right", "notes", "note-1", copy);
  expect(stage.history.violations).toEqual([]);
  await insert("right", "notes", "note-2", copy);
  expect(new Set(stage.history.violations.map((violation) => violation.rule))).toEqual(new Set(["I5"]));
});

test("a field outside the sync that is touched breaks I16", async () => {
  const stage = new Stage("tree");
  const { right } = await stage.linked(category);
  await stage.overwrite("right", right, { [unmappedOn.right]: "ours now" });
  expect(stage.rules()).toEqual(["I16"]);
});

test("a coarser value over a finer one that equals it breaks I17", async () => {
  const stage = new Stage("precision");
  const fine: MemoryRecord = { code: "e1", at: "2026-01-01T00:00:00.001234Z", amount: "1.25", note: "note-1" };
  const left = stage.user("left", fine);
  await stage.identify("left", left, "cloud-1");
  await stage.copy("right", "cloud-1", { ...fine, at: "2026-01-01T00:00:00.001Z" });
  expect(stage.rules()).toEqual([]);
  await stage.overwrite("left", left, { at: "2026-01-01T00:00:00.001Z" });
  expect(stage.rules()).toEqual(["I17"]);
});

test("dumps of equal databases are equal, whatever their keys and names", async () => {
  const stage = new Stage("tree");
  await stage.linked(category);
  const oracle = new Oracle(stage.specs, stage.world.databases, { conflicts: [], quarantine: [] });
  expect(oracle.dump("left")).toEqual(oracle.dump(opposite("left")));
  expect(oracle.dump("left")).toHaveLength(1);
});

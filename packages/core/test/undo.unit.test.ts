import { describe, expect, it } from "vitest";
import type { Sync } from "@sync/core";
import type { MemoryDatabase } from "@sync/core/memory";
import { codes, collect, connectionLost, fieldsByCode, keyOf, losingAnswers, model, pairOf, reference, text, withCommit, type Tracking } from "./pairs.ts";

const country = model("Country", [text("code"), text("name"), text("motto", true)]);
const city = model("City", [text("code"), text("name"), text("countryId"), text("partOf", true)], [reference("countryId", "Country"), { ...reference("partOf", "City") }]);

const rowsOf = (database: MemoryDatabase, name: string): unknown => database.probe.rows(name).map(({ key, record }) => ({ key, record }));
const lastRun = async (sync: Sync): Promise<string> => (await collect(sync.runs())).filter(({ kind }) => kind === "run").at(-1)!.id;

describe.each(["changes", "fingerprints", "none"] as readonly Tracking[])("a run that is taken back (%s)", (leftTracking) => {
  it("leaves updates, deletes and new rows as if it had not been, and the next run would do the same again", async () => {
    const { left, right, sync } = pairOf([country, city], { leftTracking });
    for (const code of ["A", "B", "C"]) left.application.insert("Country", { code, name: code });
    left.application.insert("City", { code: "B1", name: "in B", countryId: keyOf(left, "Country", "B")[0]! });
    await sync.run();
    left.application.update("Country", keyOf(left, "Country", "A"), { name: "newer" });
    right.application.update("Country", keyOf(right, "Country", "A"), { motto: "from the right" });
    left.application.delete("City", keyOf(left, "City", "B1"));
    left.application.delete("Country", keyOf(left, "Country", "B"));
    const d = left.application.insert("Country", { code: "D", name: "D" });
    const d1 = left.application.insert("City", { code: "D1", name: "in D", countryId: d[0]! });
    left.application.insert("City", { code: "D2", name: "in D1", countryId: d[0]!, partOf: d1[0]! });
    const before = [rowsOf(left, "Country"), rowsOf(left, "City"), rowsOf(right, "Country"), rowsOf(right, "City")];
    const run = await sync.run();
    const after = [rowsOf(left, "Country"), rowsOf(left, "City"), fieldsByCode(right, "Country", "name"), codes(right, "City")];
    const planned = await sync.undo(run.id, { dryRun: true });
    expect(planned).toMatchObject({ status: "planned", kept: [] });
    const done = await sync.undo(run.id);
    expect(done).toMatchObject({ status: "done", kept: [] });
    expect(done.models).toEqual(planned.models);
    expect(Object.fromEntries(done.models)).toEqual({
      Country: { restored: { left: 1, right: 1 }, recreated: { left: 0, right: 1 }, removed: { left: 0, right: 1 }, kept: 0 },
      City: { restored: { left: 0, right: 0 }, recreated: { left: 0, right: 1 }, removed: { left: 0, right: 2 }, kept: 0 },
    });
    expect([rowsOf(left, "Country"), rowsOf(left, "City"), rowsOf(right, "Country"), rowsOf(right, "City")]).toEqual(before);
    await expect(sync.run()).rejects.toMatchObject({ code: "PAIR.HELD" });
    await sync.release();
    const again = await sync.run();
    await sync.run(); // a child that has its cloudId already waits for the parent that comes with it
    expect(again.models.get("Country")).toMatchObject({ conflicts: 0, created: { right: 1 }, updated: { left: 1, right: 1 }, deleted: { right: 1 } });
    expect([rowsOf(left, "Country"), rowsOf(left, "City"), fieldsByCode(right, "Country", "name"), codes(right, "City")]).toEqual(after);
    expect(await sync.verify()).toMatchObject({ equal: true });
  });

  it("keeps and reports what somebody has changed since", async () => {
    const { left, right, sync } = pairOf([country, city], { leftTracking });
    for (const code of ["A", "B"]) left.application.insert("Country", { code, name: code });
    await sync.run();
    for (const code of ["A", "B"]) left.application.update("Country", keyOf(left, "Country", code), { name: `newer ${code}` });
    for (const code of ["C", "D", "E", "F"]) left.application.insert("Country", { code, name: code });
    const run = await sync.run();
    right.application.update("Country", keyOf(right, "Country", "A"), { name: "edited" });
    right.application.update("Country", keyOf(right, "Country", "B"), { motto: "another field" });
    right.application.update("Country", keyOf(right, "Country", "C"), { motto: "edited" });
    right.application.insert("City", { code: "D1", name: "a child of its own", countryId: keyOf(right, "Country", "D")[0]! });
    right.application.delete("Country", keyOf(right, "Country", "E"));
    const planned = await sync.undo(run.id, { dryRun: true });
    const done = await sync.undo(run.id);
    expect(done.kept.map(({ reason }) => reason).sort()).toEqual(["child-remains", "edited", "edited", "edited"]);
    expect(planned.kept).toEqual(done.kept);
    expect(fieldsByCode(right, "Country", "name")).toEqual({ A: "edited", B: "B", C: "C", D: "D" });
    expect(fieldsByCode(right, "Country", "motto")).toEqual({ A: null, B: "another field", C: "edited", D: null });
  });
});

describe("an undo is refused before it writes", () => {
  const twoRuns = async () => {
    const pair = pairOf([country]);
    pair.left.application.insert("Country", { code: "A", name: "1" });
    const first = await pair.sync.run();
    pair.left.application.update("Country", keyOf(pair.left, "Country", "A"), { name: "2" });
    const second = await pair.sync.run();
    return { ...pair, first, second };
  };

  it("of a run that does not exist, of an undo, and of what was undone", async () => {
    const { sync, second } = await twoRuns();
    await expect(sync.undo("nothing")).rejects.toMatchObject({ code: "UNDO.UNKNOWN_RUN" });
    const { id } = await sync.undo(second.id);
    await expect(sync.undo(id)).rejects.toMatchObject({ code: "UNDO.OF_UNDO" });
    await expect(sync.undo(second.id)).rejects.toMatchObject({ code: "UNDO.DONE" });
    expect((await collect(sync.runs())).map(({ kind, finished, undoneBy, of }) => [kind, finished, undoneBy, of])).toEqual([
      ["run", true, undefined, undefined], ["run", true, id, undefined], ["undo", true, undefined, second.id],
    ]);
  });

  it("of a run whose records a later one wrote, unless what is left of it is asked for", async () => {
    const { right, sync, first } = await twoRuns();
    await expect(sync.undo(first.id)).rejects.toMatchObject({ code: "UNDO.PARTIAL" });
    expect((await sync.undo(first.id, { dryRun: true })).kept).toMatchObject([{ model: "Country", reason: "later-run" }]);
    expect((await sync.undo(first.id, { partial: true })).kept).toMatchObject([{ model: "Country", reason: "later-run" }]);
    expect(fieldsByCode(right, "Country", "name")).toEqual({ A: "2" });
  });

  it("of what came before the databases were adopted", async () => {
    const { sync, first } = await twoRuns();
    await sync.adopt();
    await expect(sync.undo(first.id)).rejects.toMatchObject({ code: "UNDO.ADOPTED" });
  });
});

it("runs are taken back one after the other, the last one first", async () => {
  const { left, right, sync } = pairOf([country]);
  left.application.insert("Country", { code: "A", name: "1" });
  const first = await sync.run();
  left.application.update("Country", keyOf(left, "Country", "A"), { name: "2" });
  const second = await sync.run();
  await sync.undo(second.id);
  expect(fieldsByCode(right, "Country", "name")).toEqual({ A: "1" });
  await sync.undo(first.id);
  expect(codes(right, "Country")).toEqual([]);
});

it("a row whose old key was taken comes back under a new one, and its children follow it", async () => {
  const { left, right, sync } = pairOf([country, city]);
  const a = left.application.insert("Country", { code: "A", name: "A" });
  left.application.insert("City", { code: "A1", name: "A1", countryId: a[0]! });
  await sync.run();
  const key = keyOf(right, "Country", "A");
  left.application.delete("City", keyOf(left, "City", "A1"));
  left.application.delete("Country", a);
  const run = await sync.run({ confirmDeletes: true });
  right.application.insert("Country", { id: key[0]!, code: "Z", name: "in its place" });
  expect(await sync.undo(run.id)).toMatchObject({ kept: [] });
  expect(keyOf(right, "Country", "A")).not.toEqual(key);
  expect(fieldsByCode(right, "City", "countryId")).toEqual({ A1: keyOf(right, "Country", "A")[0] });
});

it("records that gave unique values to one another give them back", async () => {
  const { left, right, sync } = pairOf([country, city]);
  const keys = ["A", "B"].map((code) => left.application.insert("Country", { code, name: `first ${code}` }));
  await sync.run();
  left.application.update("Country", keys[0]!, { code: "~" });
  left.application.update("Country", keys[1]!, { code: "A" });
  left.application.update("Country", keys[0]!, { code: "B" });
  const run = await sync.run();
  expect(fieldsByCode(right, "Country", "name")).toEqual({ A: "first B", B: "first A" });
  expect(await sync.undo(run.id)).toMatchObject({ kept: [] });
  expect(fieldsByCode(right, "Country", "name")).toEqual({ A: "first A", B: "first B" });
});

it("a column outside the sync comes back with a deleted row", async () => {
  const noted = model("Country", [text("code"), text("name"), text("note", true)]);
  const { left, right, sync } = pairOf([model("Country", [text("code"), text("name")])], { rightModels: [noted] });
  left.application.insert("Country", { code: "A", name: "A" });
  await sync.run();
  right.application.update("Country", keyOf(right, "Country", "A"), { note: "kept by the right alone" });
  left.application.delete("Country", keyOf(left, "Country", "A"));
  const run = await sync.run({ confirmDeletes: true });
  expect(codes(right, "Country")).toEqual([]);
  await sync.undo(run.id);
  expect(fieldsByCode(right, "Country", "note")).toEqual({ A: "kept by the right alone" });
});

it("an idle run after an undo and its repetition stores nothing", async () => {
  const { left, sync } = pairOf([country]);
  left.application.insert("Country", { code: "A", name: "A" });
  await sync.undo((await sync.run()).id);
  await sync.release();
  await sync.run();
  await sync.run();
  const state = left.state as { writes?: number };
  const { writes } = state;
  await sync.run();
  expect(state.writes).toBe(writes);
});

describe("a process that dies inside an undo", () => {
  /** Undoes with a crash at the given call, then in peace; gives how many calls there were. */
  const undoing = async (crashAt: number, moment: "before" | "after"): Promise<number> => {
    let calls = 0;
    let armed = false;
    const at = async <Result>(work: () => Promise<Result>): Promise<Result> => {
      const mine = armed && ++calls === crashAt;
      if (mine && moment === "before") throw new Error("killed");
      const result = await work();
      if (mine) throw new Error("killed");
      return result;
    };
    const { left, right, sync } = pairOf([country, city], {
      pageSize: 2,
      wrap: (database, side) => {
        const wrapped = withCommit(database, (unit, real) => at(() => real(unit)));
        if (side === "right" || !database.state) return wrapped;
        const { state } = database;
        return { ...wrapped, state: new Proxy(state, { get: (target, member) => (member === "commit" ? (...words: Parameters<typeof state.commit>) => at(() => state.commit(...words)) : Reflect.get(target, member)) }) };
      },
    });
    for (const code of ["A", "B", "C", "D"]) left.application.insert("Country", { code, name: code });
    await sync.run();
    for (const code of ["A", "B"]) left.application.update("Country", keyOf(left, "Country", code), { name: `newer ${code}` });
    right.application.update("Country", keyOf(right, "Country", "A"), { motto: "from the right" });
    left.application.delete("Country", keyOf(left, "Country", "C"));
    for (const code of ["E", "F", "G"]) left.application.insert("Country", { code, name: code });
    left.application.insert("City", { code: "E1", name: "E1", countryId: keyOf(left, "Country", "E")[0]! });
    const before = [rowsOf(left, "Country"), rowsOf(right, "Country"), rowsOf(right, "City")];
    const run = await sync.run();
    armed = true;
    const crashed = await sync.undo(run.id).then(() => false, () => true);
    armed = false;
    if (crashed) {
      const [held] = await left.state!.read("pair", { collection: "run", ids: ["held"] });
      if (held) await expect(sync.run(), `call ${crashAt}`).rejects.toMatchObject({ code: "PAIR.HELD" });
      if (held && held["finished"] !== true) await expect(sync.release(), `call ${crashAt}`).rejects.toMatchObject({ code: "PAIR.HELD" });
      if (!held || held["finished"] !== true) expect((await sync.undo(run.id)).kept, `call ${crashAt}`).toEqual([]);
    }
    expect([rowsOf(left, "Country"), rowsOf(right, "Country"), rowsOf(right, "City")], `call ${crashAt} ${moment}`).toEqual(before);
    await sync.release();
    expect((await sync.run()).models.get("Country"), `call ${crashAt} ${moment}`).toMatchObject({ conflicts: 0, created: { right: 3 }, updated: { left: 1, right: 2 }, deleted: { right: 1 } });
    return calls;
  };

  it.each(["before", "after"] as const)("goes on when it is called again, wherever it was (%s a call)", async (moment) => {
    const calls = await undoing(-1, moment);
    expect(calls).toBeGreaterThan(8);
    for (let call = 1; call <= calls; call++) await undoing(call, moment);
  });
});

it("a run that was killed while it wrote can be taken back", async () => {
  let dying = false;
  const { left, right, sync } = pairOf([country], {
    wrap: (database, side) => (side === "left" ? database : withCommit(database, async (unit, real) => {
      const answer = await real(unit);
      if (dying) throw new Error("killed");
      return answer;
    })),
  });
  left.application.insert("Country", { code: "A", name: "1" });
  await sync.run();
  left.application.update("Country", keyOf(left, "Country", "A"), { name: "2" });
  left.application.insert("Country", { code: "B", name: "B" });
  dying = true;
  await expect(sync.run()).rejects.toThrow("killed");
  dying = false;
  expect(fieldsByCode(right, "Country", "name")).toEqual({ A: "2", B: "B" });
  expect(await sync.undo(await lastRun(sync))).toMatchObject({ kept: [] });
  expect(fieldsByCode(right, "Country", "name")).toEqual({ A: "1" });
});

it("an answer that was lost inside an undo is looked up", async () => {
  const { wrap, loseNext } = losingAnswers();
  const { left, right, sync } = pairOf([country], { wrap });
  left.application.insert("Country", { code: "A", name: "1" });
  await sync.run();
  left.application.update("Country", keyOf(left, "Country", "A"), { name: "2" });
  const { id } = await sync.run();
  loseNext();
  expect(await sync.undo(id)).toMatchObject({ kept: [] });
  expect(fieldsByCode(right, "Country", "name")).toEqual({ A: "1" });
});

it("rows that had exchanged unique values get them back, although the answers about one of them are lost again and again", async () => {
  let lose = 0;
  const { left, right, sync } = pairOf([model("Shop", [text("code"), text("name")])], {
    retry: { attempts: 10, firstDelay: 1 },
    wrap: (database, side) => (side === "left" ? database : withCommit(database, (unit, real) => {
      const [batch, ...more] = unit.batches;
      const alone = more.length === 0 && batch!.op === "update" && batch!.rows.length === 1 && batch!.rows[0]!.key[0] === keyOf(database, "Shop", "1")[0];
      if (!alone || lose === 0) return real(unit);
      lose--;
      throw connectionLost();
    })),
  });
  const [one, two] = ["1", "2"].map((code) => left.application.insert("Shop", { code, name: code }));
  await sync.run();
  const before = rowsOf(right, "Shop");
  const transaction = left.begin();
  for (const [key, code] of [[one!, "on its way"], [two!, "1"], [one!, "2"]] as const) transaction.update("Shop", key, { code });
  transaction.commit();
  const { id } = await sync.run();
  expect(rowsOf(right, "Shop")).not.toEqual(before);
  lose = 3;
  expect(await sync.undo(id)).toMatchObject({ status: "done", kept: [] });
  expect([lose, rowsOf(right, "Shop")]).toEqual([0, before]);
});

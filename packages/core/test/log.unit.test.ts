import { describe, expect, it } from "vitest";
import { ask, naturalKey, type Runtime, type StateStore, type SyncEvent } from "@sync/core";
import type { MemoryModel } from "@sync/core/memory";
import { codes, collect, fieldsByCode, keyOf, model, pairOf, text, type PairOptions } from "./pairs.ts";

const country = model("Country", [text("code"), text("name"), text("motto", true)]);

/** Both sides change the same fields of A, and one field of B. */
function inConflict(more: PairOptions = {}) {
  const pair = pairOf([country], { conflicts: ask(), ...more });
  const { left, right, sync } = pair;
  const edit = (side: typeof left, code: string, changes: Record<string, string>): void => void side.application.update("Country", keyOf(side, "Country", code), changes);
  const prepare = async (): Promise<void> => {
    for (const code of ["A", "B"]) left.application.insert("Country", { code, name: `base ${code}` });
    await sync.run();
    edit(left, "A", { name: "left A", motto: "left motto" });
    edit(right, "A", { name: "right A", motto: "right motto" });
    edit(left, "B", { name: "left B" });
    edit(right, "B", { name: "right B" });
    await sync.run();
  };
  return { ...pair, edit, prepare };
}

/** Everything a store holds, as text. */
async function contentOf(state: StateStore): Promise<string> {
  const records = await Promise.all((["checkpoint", "conflict", "decision", "quarantine", "preImage", "touched", "run", "openConflict"] as const).map((collection) => state.read("pair", { collection })));
  return JSON.stringify([records, await state.scanBases("pair", "Country", undefined, 100)]);
}

describe("the conflict log", () => {
  it("shows a conflict field by field, and lists by what is asked for", async () => {
    const { sync, prepare } = inConflict({ models: { Country: { match: naturalKey("code"), keepBase: "values" } } });
    await expect(prepare()).resolves.toBeUndefined();
    const name = (await collect(sync.conflicts({ open: true, fields: ["name"] }))).map(({ left }) => left![0]);
    expect(name.sort()).toEqual(["left A", "left B"]);
    expect(await collect(sync.conflicts({ open: false }))).toEqual([]);
    expect(await collect(sync.conflicts({ kind: "update-delete" }))).toEqual([]);
    const [motto] = await collect(sync.conflicts({ model: "Country", fields: ["motto"] }));
    expect(await sync.conflict(motto!.id)).toMatchObject({ kind: "update-update", values: [{ field: "motto", base: null, left: "left motto", right: "right motto" }] });
    await sync.decide(motto!.id, "right");
    expect(await sync.conflict(motto!.id)).toMatchObject({ decision: "open", decided: { winner: "right" } });
    await expect(sync.conflict("nothing")).rejects.toMatchObject({ code: "CONFLICT.UNKNOWN" });
  });

  it("takes one word for all that are alike", async () => {
    const { left, right, sync, prepare } = inConflict();
    await prepare();
    expect(await sync.decideAll({ model: "Country", fields: ["name"] }, "right")).toEqual({ decided: 2, undecidable: 0 });
    await sync.run();
    for (const side of [left, right]) expect(fieldsByCode(side, "Country", "name")).toEqual({ A: "right A", B: "right B" });
    expect((await collect(sync.conflicts({ open: true }))).map(({ fields }) => fields)).toEqual([["motto"]]);
  });

  it("leaves a word as it is that was given for one of them", async () => {
    const { left, sync, prepare } = inConflict();
    await prepare();
    const [first] = (await collect(sync.conflicts({ open: true, fields: ["name"] }))).filter((conflict) => conflict.leftKey![0] === keyOf(left, "Country", "A")[0]);
    await sync.decide(first!.id, "left");
    expect(await sync.decideAll({ fields: ["name"] }, "right")).toEqual({ decided: 1, undecidable: 0 });
    await sync.run();
    expect(fieldsByCode(left, "Country", "name")).toEqual({ A: "left A", B: "right B" });
  });

  it("says what became of a word: carried out, or bound to values that have moved", async () => {
    const { left, right, sync, edit, prepare } = inConflict();
    await prepare();
    await sync.decideAll({ fields: ["name"] }, "right");
    edit(left, "A", { name: "newer" });
    const events: SyncEvent[] = [];
    const { outdated } = await sync.run({ onEvent: (event) => void events.push(event) });
    const outcomes = events.flatMap((event) => (event.type === "decision" ? [[event.id, event.outcome]] : []));
    expect(outcomes.map(([, outcome]) => outcome).sort()).toEqual(["carried-out", "outdated"]);
    expect(outdated).toEqual(outcomes.flatMap(([id, outcome]) => (outcome === "outdated" ? [id] : [])));
    expect([fieldsByCode(left, "Country", "name"), fieldsByCode(right, "Country", "name")]).toEqual([{ A: "newer", B: "right B" }, { A: "right A", B: "right B" }]);
    await expect(sync.decide(outdated[0]!, "left")).rejects.toMatchObject({ code: "CONFLICT.OUTDATED" });
    expect((await collect(sync.conflicts({ open: true, fields: ["name"] }))).map(({ left: value }) => value)).toEqual([["newer"]]);
  });
});

describe("quarantine", () => {
  const refusing = () => {
    let most = 3;
    const short: MemoryModel = { model: country, checks: [{ name: "short", test: ({ name }) => (name ?? "").length <= most }] };
    const pair = pairOf([country], { rightModels: [short] });
    return { ...pair, allow: (length: number) => void (most = length) };
  };

  it("is tried again on request although nothing changed, and only what was named", async () => {
    const { left, right, sync, allow } = refusing();
    for (const code of ["A", "B"]) left.application.insert("Country", { code, name: "much too long" });
    await sync.run();
    allow(100);
    await sync.run();
    const [first, second] = await collect(sync.quarantine());
    expect([first!.code, second!.code]).toEqual(["WRITE.CHECK", "WRITE.CHECK"]);
    expect(await sync.retry({ id: first!.id })).toBe(1);
    await sync.run();
    expect((await collect(sync.quarantine())).map(({ id }) => id)).toEqual([second!.id]);
    expect(await sync.retry({ code: "WRITE.CHECK", model: "Country", side: "left" })).toBe(1);
    await sync.run();
    expect(await collect(sync.quarantine())).toEqual([]);
    expect(codes(right, "Country")).toEqual(["A", "B"]);
  });

  it("is drained, and filled again by what is still refused once it changes", async () => {
    const { left, sync } = refusing();
    left.application.insert("Country", { code: "A", name: "much too long" });
    await sync.run();
    expect(await sync.drain({ side: "right" })).toBe(0);
    expect(await sync.drain()).toBe(1);
    await sync.run();
    expect(await collect(sync.quarantine())).toEqual([]);
    left.application.update("Country", keyOf(left, "Country", "A"), { name: "still too long" });
    await sync.run();
    expect((await collect(sync.quarantine())).map(({ code }) => code)).toEqual(["WRITE.CHECK"]);
  });
});

it("a word about a record that waits in quarantine is kept until the record goes through", async () => {
  const { left, right, sync } = pairOf([country], { conflicts: ask(), rightModels: [{ model: country, checks: [{ name: "short", test: ({ name }) => (name ?? "").length < 10 }] }] });
  const a = left.application.insert("Country", { code: "A", name: "A", motto: "base" });
  await sync.run();
  left.application.update("Country", a, { name: "much too long", motto: "left" });
  right.application.update("Country", keyOf(right, "Country", "A"), { motto: "right" });
  await sync.run();
  expect(await sync.decideAll({}, "left")).toEqual({ decided: 1, undecidable: 0 });
  expect((await sync.run()).outdated).toEqual([]);
  expect(await collect(sync.conflicts())).toMatchObject([{ decision: "open", left: ["left"] }]);
  left.application.update("Country", a, { name: "short" });
  await sync.run();
  expect(await collect(sync.conflicts())).toMatchObject([{ decision: "left", rule: "a person decided" }]);
  expect(right.probe.rows("Country")[0]!.record).toMatchObject({ name: "short", motto: "left" });
});

describe("values that are to be forgotten", () => {
  it("stand nowhere after erase, by cloudId or by key, and an undo says so", async () => {
    const { left, right, sync, prepare, edit } = inConflict({ models: { Country: { match: naturalKey("code"), keepBase: "values" } } });
    await prepare();
    edit(left, "B", { motto: "secret motto" });
    const { id } = await sync.run();
    edit(left, "B", { motto: "another" });
    const overwriting = await sync.run();
    expect(await contentOf(left.state!)).toContain("secret motto");
    const b = keyOf(right, "Country", "B");
    const { conflicts, preImages, bases } = await sync.erase({ model: "Country", right: b });
    expect([conflicts, preImages, bases]).toEqual([1, 2, 1]);
    for (const value of ["secret motto", "left B", "right B", "base B"]) expect(await contentOf(left.state!)).not.toContain(value);
    expect(await contentOf(left.state!)).toContain("left A");
    expect(await sync.erase({ model: "Country", right: b })).toEqual({ conflicts: 0, quarantine: 0, preImages: 0, bases: 0 });
    expect((await sync.undo(overwriting.id, { dryRun: true })).kept).toMatchObject([{ reason: "erased" }]);
    const cloudId = right.probe.rows("Country").find(({ record }) => record["code"] === "A")!.cloudId!;
    expect(await sync.erase({ model: "Country", cloudId })).toMatchObject({ conflicts: 2 });
    expect(await contentOf(left.state!)).not.toContain("left A");
    await expect(sync.erase({ model: "Nothing", cloudId })).rejects.toMatchObject({ code: "OPTIONS.UNKNOWN_MODEL" });
    expect(id).not.toBe(overwriting.id);
    await sync.run();
    expect(fieldsByCode(right, "Country", "motto")).toEqual({ A: "right motto", B: "another" });
  });

  it("go with their retention, at the end of a run that writes; open conflicts and the history of runs stay", async () => {
    let now = Date.parse("2026-01-01T00:00:00Z");
    const runtime: Runtime = {
      now: () => now, randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)), sleep: async () => undefined, every: () => () => undefined,
    };
    const { left, right, sync, prepare, edit } = inConflict({ runtime, retention: { conflicts: 10, preImages: 5, runs: 100 } });
    await prepare();
    await sync.decideAll({ fields: ["motto"] }, "left");
    const { id } = await sync.run();
    const images = async (): Promise<string[]> => [...new Set((await left.state!.read("pair", { collection: "preImage" })).map(({ run }) => run))];
    now += 6 * 86_400_000;
    await sync.run();
    expect(await images()).toEqual([id]); // an idle run writes nothing
    edit(right, "B", { motto: "new" });
    const young = await sync.run();
    expect(await images()).toEqual([young.id]);
    await expect(sync.undo(id)).rejects.toMatchObject({ code: "UNDO.EXPIRED" });
    expect((await collect(sync.conflicts())).map(({ decision }) => decision).sort()).toEqual(["left", "open", "open"]);
    now += 6 * 86_400_000;
    expect(await sync.prune()).toEqual({ conflicts: 1, preImages: 1, runs: 0 });
    expect((await collect(sync.conflicts())).map(({ decision }) => decision)).toEqual(["open", "open"]);
    now += 100 * 86_400_000;
    expect((await sync.prune()).runs).toBeGreaterThan(2);
    expect(await collect(sync.runs())).toEqual([]);
    await expect(sync.undo(id)).rejects.toMatchObject({ code: "UNDO.UNKNOWN_RUN" });
  });
});

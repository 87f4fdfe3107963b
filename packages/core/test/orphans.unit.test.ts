import { describe, expect, test } from "vitest";
import { codes, collect, connectionLost, keyOf, model, pairOf, text, withCommit, type PairOptions, type Tracking } from "./pairs.ts";

/** Rows that a run made without hearing of it, and whose source is deleted before anybody looks again. */

const country = model("Country", [text("code"), text("name")]);

type Trouble = "lost" | "killed" | "twice";

/** The right database carries out the next unit with new rows; then its answer is lost, or it is sent twice, or the run dies, and somebody does `after`. */
function troubled(how: Trouble, after: () => void): NonNullable<PairOptions["wrap"]> {
  let armed = true;
  return (database, side) => (side === "left" ? database : withCommit(database, async (unit, real) => {
    const answer = await real(unit);
    if (!armed || !unit.batches.some(({ op }) => op === "insert")) return answer;
    armed = false;
    after();
    if (how === "twice") return real(unit);
    throw how === "lost" ? connectionLost() : new Error("killed");
  }));
}

interface Orphaned extends ReturnType<typeof pairOf> { readonly failed: boolean }

async function orphaned(how: Trouble, options: PairOptions, alone = true): Promise<Orphaned> {
  let gone: () => void = () => undefined;
  const pair = pairOf([country], { ...options, wrap: troubled(how, () => gone()) });
  for (const code of ["A", "B"]) pair.left.application.insert("Country", { code, name: code });
  const key = keyOf(pair.left, "Country", "A");
  if (alone) gone = () => pair.left.application.delete("Country", key);
  const failed = await pair.sync.run().then(() => false, () => true);
  expect([failed, codes(pair.right, "Country")]).toEqual([how === "killed", ["A", "B"]]);
  return { ...pair, failed };
}

describe.each(["lost", "killed", "twice"] as const)("an insert whose answer nobody hears (%s)", (how) => {
  test.each(["changes", "fingerprints", "none"] as readonly Tracking[])("does not come back once its source is deleted: it goes as well (%s)", async (leftTracking) => {
    const { left, right, sync } = await orphaned(how, { leftTracking });
    await sync.run();
    expect([codes(left, "Country"), codes(right, "Country")]).toEqual([["B"], ["B"]]);
    const images = await left.state!.read("pair", { collection: "preImage" });
    expect(images.map(({ op, side, values }) => [op, side, values])).toEqual([["delete", "right", expect.arrayContaining(["A"])]]);
    expect(await sync.verify()).toMatchObject({ equal: true });
    const before = (left.state as { writes?: number }).writes;
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
    expect((left.state as { writes?: number }).writes).toBe(before);
  });

  test.each(["changes", "fingerprints", "none"] as readonly Tracking[])("is in a plan what a run would make of it, and goes when that is applied (%s)", async (leftTracking) => {
    const { left, right, sync } = await orphaned(how, { leftTracking });
    const before = await left.state!.scanBases("pair", "Country", undefined, 10);
    const plan = await sync.plan();
    const { created, deleted } = plan.models.get("Country")!;
    expect({ created, deleted }).toEqual({ created: { left: 0, right: 0 }, deleted: { left: 0, right: 1 } });
    expect(await left.state!.scanBases("pair", "Country", undefined, 10)).toEqual(before);
    expect(codes(right, "Country")).toEqual(["A", "B"]);
    expect((await sync.apply(plan)).skipped).toEqual([]);
    expect([codes(left, "Country"), codes(right, "Country")]).toEqual([["B"], ["B"]]);
  });

  test("does not stay for ever on the target of a one-way pair", async () => {
    const { right, sync } = await orphaned(how, { direction: "left-to-right" });
    await sync.run();
    expect(codes(right, "Country")).toEqual(["B"]);
  });

  test("comes back where an edit goes before a delete, for nobody knows whether it was edited; the log tells of it", async () => {
    const { left, right, sync } = await orphaned(how, { onEditDelete: "edit" });
    await sync.run();
    expect([codes(left, "Country"), codes(right, "Country")]).toEqual([["A", "B"], ["A", "B"]]);
    expect((await collect(sync.conflicts())).map(({ kind, decision }) => [kind, decision])).toEqual([["update-delete", "right"]]);
  });

  test("waits for a person where one is to be asked, in every run", async () => {
    const { left, right, sync } = await orphaned(how, { onEditDelete: "ask" });
    for (let run = 0; run < 3; run++) await sync.run();
    expect([codes(left, "Country"), codes(right, "Country")]).toEqual([["B"], ["A", "B"]]);
    expect((await collect(sync.conflicts())).map(({ kind, decision }) => [kind, decision])).toEqual([["update-delete", "open"]]);
  });

  test("is linked with its source where that is still there, and nobody is asked", async () => {
    const { left, right, sync } = await orphaned(how, {}, false);
    await sync.run();
    expect([codes(left, "Country"), codes(right, "Country"), await collect(sync.conflicts())]).toEqual([["A", "B"], ["A", "B"], []]);
    right.application.delete("Country", right.probe.rows("Country")[0]!.key);
    await sync.run();
    expect(left.probe.rows("Country").length).toBe(1);
  });

  test("is the same as a row that came in its source's place", async () => {
    const { left, right, sync } = await orphaned(how, {});
    left.application.insert("Country", { code: "A", name: "again" });
    await sync.run();
    expect(right.probe.rows("Country").map(({ record }) => [record["code"], record["name"]]).sort()).toEqual([["A", "again"], ["B", "B"]]);
    expect(codes(left, "Country")).toEqual(["A", "B"]);
  });
});

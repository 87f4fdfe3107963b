import { naturalKey, rightWins } from "@sync/core";
import { describe, expect, test } from "vitest";
import { codes, collect, model, pairOf, reference, text, withCommit, type Tracking } from "./pairs.ts";

describe.each(["changes", "fingerprints", "none"] as const)("two filled sides of several pages, tracking %s", (tracking: Tracking) => {
  test("meet whole in one run", async () => {
    const pair = pairOf([model("Item", [text("code"), text("name")])], { leftTracking: tracking });
    for (let n = 0; n < 23; n += 1) {
      if (n < 20) pair.left.application.insert("Item", { code: `c${n}`, name: "same" });
      if (n >= 3) pair.right.application.insert("Item", { code: `c${n}`, name: "same" });
    }
    const run = await pair.sync.run();
    const counts = run.models.get("Item")!;
    expect([counts.linked, counts.created.left, counts.created.right, counts.quarantined]).toEqual([17, 3, 3, 0]);
    for await (const entry of pair.sync.quarantine()) throw new Error(`${entry.side} ${entry.code}`);
    expect((await pair.sync.verify()).equal).toBe(true);
    const second = await pair.sync.run();
    expect(second.written).toEqual({ left: 0, right: 0 });
  });
});

test("the refusal without `firstLink` counts records, however many of their fields differ", async () => {
  const { left, right, sync } = pairOf([model("Item", [text("code"), text("name"), text("colour")])], { firstLink: undefined as never });
  for (const code of ["same", "other", "left"]) left.application.insert("Item", { code, name: "n", colour: "c" });
  right.application.insert("Item", { code: "same", name: "n", colour: "c" });
  right.application.insert("Item", { code: "other", name: "x", colour: "y" });
  await expect(sync.run()).rejects.toThrow("Item: 1 equal, 1 different, 1 only on the left, 0 only on the right");
});

test("a state that is none is refused at once", () => {
  expect(() => pairOf([model("Item", [text("code")])], { state: "right" as never })).toThrow("`state` is no state store");
});

test.each(["in the row", "in the side table"])("who refers to a record that is renamed while it is being linked does not follow it to its new name (cloudId %s)", async (where) => {
  const syncFields = where === "in the row" ? { cloudId: "cloudId" } : {};
  const user = model("User", [text("code"), text("name"), { ...text("cloudId", true), optional: true }], [], { syncFields });
  const note = model("Note", [text("code"), text("author")], [reference("author", "User")]);
  let rename: (() => void) | undefined;
  const { left, right, sync } = pairOf([user, note], {
    firstLink: "right", conflicts: rightWins(), match: { User: naturalKey("code"), Note: naturalKey("code") }, pageSize: 50,
    // Between the look at the rows and the update that links them.
    wrap: (database, side) => withCommit(database, (unit, real) => {
      if (side === "left" && unit.batches.some((batch) => batch.op === "update" && batch.model === "User")) {
        rename?.();
        rename = undefined;
      }
      return real(unit);
    }),
  });
  const author = left.application.insert("User", { code: "ann", name: "old" });
  const same = right.application.insert("User", { code: "ann", name: "new" });
  right.application.insert("Note", { code: "n", author: same[0]! });
  rename = () => left.application.update("User", author, { code: "bob" });
  const authorsOn = (database: typeof left): unknown[] => {
    const names = new Map(database.probe.rows("User").map(({ key, record }) => [key[0], record["code"]]));
    return database.probe.rows("Note").map(({ record }) => names.get(record["author"]!));
  };
  await sync.run();
  expect([rename, authorsOn(left).includes("bob")]).toEqual([undefined, false]);
  for (let run = 0; run < 2; run++) await sync.run();
  expect([codes(left, "User"), codes(right, "User"), authorsOn(left), authorsOn(right)]).toEqual([["ann", "bob"], ["ann", "bob"], ["ann"], ["ann"]]);
  expect((await collect(sync.conflicts())).filter((conflict) => conflict.model === "Note")).toEqual([]);
});

test("records that refer to each other in a circle are linked although both of them differ", async () => {
  const node = model("Node", [text("code"), text("name"), text("other", true)], [reference("other", "Node")]);
  const { left, right, sync } = pairOf([node], { firstLink: "right" });
  for (const [database, name] of [[left, "old"], [right, "new"]] as const) {
    const [one, two] = ["1", "2"].map((code) => database.application.insert("Node", { code, name })[0]!);
    database.application.update("Node", [one!], { other: two! });
    database.application.update("Node", [two!], { other: one! });
  }
  await sync.run();
  expect(left.probe.rows("Node").map(({ record }) => record["name"])).toEqual(["new", "new"]);
  expect(await sync.verify()).toMatchObject({ equal: true });
});

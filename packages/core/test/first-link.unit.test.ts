import { describe, expect, test } from "vitest";
import { model, pairOf, text, type Tracking } from "./pairs.ts";

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

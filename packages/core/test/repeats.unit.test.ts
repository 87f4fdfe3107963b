import { naturalKey, type Model } from "@sync/core";
import { expect, test } from "vitest";
import { codes, model, pairOf, text, withScan, type Pair } from "./pairs.ts";

/** A key that may repeat as far as the declaration goes, and how often a first copy reads the left for it. */
async function copied(models: readonly Model[], ...given: string[]): Promise<Pair & { readonly scans: number }> {
  let scans = 0;
  const pair = pairOf(models, {
    rightModels: [model("City", [text("code")], [], { uniqueKeys: [] })], match: { City: naturalKey("code", { withoutUniqueKey: true }) },
    wrap: (database, side) => (side === "right" ? database : withScan(database, (_, page) => void (scans += page === 0 ? 1 : 0))),
  });
  for (const code of given) pair.left.application.insert("City", { code });
  await pair.sync.run();
  return { ...pair, scans };
}

const many = Array.from({ length: 20 }, (_, at) => `c${at}`);

test("where the database keeps keys from repeating, an empty other side asks for no look at all of them", async () => {
  const { scans, right } = await copied([model("City", [text("code")])], ...many);
  expect(codes(right, "City")).toHaveLength(20);
  expect(scans).toBe(1);
});

test("where nothing keeps keys from repeating, those that do are found though the other side is empty", async () => {
  const { scans, right, sync } = await copied([model("City", [text("code")], [], { uniqueKeys: [] })], ...many, "twice", "twice");
  expect(codes(right, "City")).toEqual([...many].sort());
  expect(scans).toBeGreaterThan(1);
  expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
});

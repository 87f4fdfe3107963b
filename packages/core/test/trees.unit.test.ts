import { naturalKey, type Model, type Unit } from "@sync/core";
import { describe, expect, test } from "vitest";
import { codes, model, pairOf, reference, text, withCommit, type Pair, type PairOptions, type Tracking } from "./pairs.ts";

/** Three levels that one side stores as documents, and a model that is none of them. */
const models: readonly Model[] = [
  model("Kind", [text("code")]),
  model("Country", [text("code")]),
  model("Region", [text("code"), text("country", true)], [reference("country", "Country")]),
  model("Airport", [text("code"), text("region", true), text("kind", true)], [reference("region", "Region"), reference("kind", "Kind")]),
];
const stored = models.map((each): Model => (each.name === "Region" ? { ...each, within: "country" } : each.name === "Airport" ? { ...each, within: "region" } : each));

interface Documents extends Pair {
  readonly units: Unit[];
}

/** Rows on the one side, an empty store of documents on the other. */
function documents(rows: "left" | "right", tracking: Tracking, options: PairOptions = {}): Documents {
  const units: Unit[] = [];
  const [leftModels, rightModels] = rows === "left" ? [models, stored] : [stored, models];
  const pair = pairOf(leftModels, {
    rightModels, leftTracking: tracking, rightTracking: tracking,
    wrap: (database, side) => side === rows ? database : withCommit(database, (unit, real) => {
      units.push(unit);
      return real(unit);
    }),
    ...options,
  });
  const { application } = pair[rows];
  const [kind] = application.insert("Kind", { code: "k" });
  for (let c = 0; c < 40; c += 1) {
    const [country] = application.insert("Country", { code: `c${c}` });
    for (let r = 0; r < 3; r += 1) {
      const [region] = application.insert("Region", { code: `c${c}r${r}`, country: country! });
      for (let a = 0; a < 2; a += 1) application.insert("Airport", { code: `c${c}r${r}a${a}`, region: region!, kind: kind! });
    }
  }
  return { ...pair, units };
}

const documentsOf = (unit: Unit): Set<string> => new Set(unit.batches.flatMap((batch) =>
  batch.op === "insert" && batch.model !== "Kind" ? batch.rows.map(({ values }) => /^c\d+/.exec(values[batch.fields.indexOf("code")]!)![0]) : []));

describe.each(["left", "right"] as const)("rows on the %s copied onto an empty store of documents", (rows) => {
  const other = rows === "left" ? "right" : "left";

  test.each(["changes", "fingerprints", "none"] as const)("write each document once, and whole (%s)", async (tracking) => {
    const { sync, units, [other]: target } = documents(rows, tracking);
    await sync.run();
    const inUnits = units.map(documentsOf).filter((some) => some.size > 0);
    expect(inUnits.length).toBeGreaterThan(3);
    expect(inUnits.flatMap((some) => [...some])).toHaveLength(40);
    expect(target.probe.rows("Airport")).toHaveLength(240);
    expect((await sync.verify()).equal).toBe(true);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });

  test.each(["changes", "fingerprints", "none"] as const)("leave out nothing that has no place in a document (%s)", async (tracking) => {
    const { sync, [rows]: source, [other]: target } = documents(rows, tracking);
    source.application.insert("Airport", { code: "nowhere", region: null });
    source.application.insert("Region", { code: "no man's land", country: null });
    await sync.run();
    expect(codes(target, "Airport")).toEqual(codes(source, "Airport"));
    expect(codes(target, "Region")).toEqual(codes(source, "Region"));
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });
});

test("a plan of it names every record once", async () => {
  const { sync } = documents("left", "fingerprints");
  const plan = await sync.plan();
  expect([...plan.models].map(([name, counts]) => [name, counts.created.right])).toEqual([["Kind", 1], ["Country", 40], ["Region", 120], ["Airport", 240]]);
  await sync.apply(plan);
  expect((await sync.verify()).equal).toBe(true);
});

test("a document that is larger than a page is still one write", async () => {
  const { sync, units, left } = documents("left", "changes");
  const [country] = left.application.insert("Country", { code: "c99" });
  for (let r = 0; r < 50; r += 1) left.application.insert("Region", { code: `c99r${r}`, country: country! });
  await sync.run();
  expect(units.filter((unit) => documentsOf(unit).has("c99"))).toHaveLength(1);
});

test("a model that is needed by a document's records and needs them keeps them apart", async () => {
  const between = [
    models[1]!, models[2]!, model("Chart", [text("code"), text("region", true)], [reference("region", "Region")]),
    { ...model("Airport", [text("code"), text("region", true), text("chart", true)], [reference("region", "Region"), reference("chart", "Chart")]) },
  ];
  const { left, right, sync } = pairOf(between, { rightModels: between.map((each) => (each.name === "Airport" ? { ...each, within: "region" } : each)), match: { Chart: naturalKey("code") } });
  const [country] = left.application.insert("Country", { code: "c" });
  const [region] = left.application.insert("Region", { code: "r", country: country! });
  const [chart] = left.application.insert("Chart", { code: "h", region: region! });
  left.application.insert("Airport", { code: "a", region: region!, chart: chart! });
  await sync.run();
  expect(right.probe.rows("Airport")).toHaveLength(1);
  expect((await sync.verify()).equal).toBe(true);
});

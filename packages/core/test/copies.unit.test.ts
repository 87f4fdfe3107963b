import { describe, expect, test } from "vitest";
import type { Committed, InsertBatch, Unit } from "@sync/core";
import { codes, collect, connectionLost, fieldsByCode, keyOf, model, pairOf, reference, text, withCommit, type Pair, type PairOptions } from "./pairs.ts";

/** Records that bear their cloudIds already, copied onto a side that holds none: whole units of new rows, however these end. */

const ownId = { ...text("cloudId", true), optional: true };
const named = { syncFields: { cloudId: "cloudId" } };
const country = model("Country", [text("code"), text("name"), ownId], [], named);
const city = model("City", [text("code"), text("country", true), ownId], [reference("country", "Country")], named);
const cloudId = (number: number): string => `00000000-0000-7000-8000-${String(number).padStart(12, "0")}`;

/** Twelve countries with two cities each; `units`: what was sent to the right. */
function countries(options: PairOptions = {}, commit: (unit: Unit, real: (unit: Unit) => Promise<Committed>) => Promise<Committed> = (unit, real) => real(unit)): Pair & { readonly units: Unit[] } {
  const units: Unit[] = [];
  const pair = pairOf([country, city], {
    ...options,
    wrap: (database, side) => (side === "left" ? database : withCommit(database, (unit, real) => {
      units.push(unit);
      return commit(unit, real);
    })),
  });
  for (let c = 0; c < 12; c += 1) {
    const [id] = pair.left.application.insert("Country", { code: `c${c}`, name: `name ${c}`, cloudId: cloudId(c) });
    for (let n = 0; n < 2; n += 1) pair.left.application.insert("City", { code: `c${c}n${n}`, country: id!, cloudId: cloudId(100 + 2 * c + n) });
  }
  return { ...pair, units };
}

const quarantined = async ({ sync }: Pair): Promise<string[]> => (await collect(sync.quarantine())).map(({ model: name, code }) => `${name} ${code}`).sort();

test("are written two pages at a time, parents before children, and nothing of them is left to a second run", async () => {
  const pair = countries();
  const { models } = await pair.sync.run();
  expect(pair.units.map(({ batches }) => batches.map(({ model: name, rows }) => `${rows.length} ${name}`))).toEqual([
    ["10 Country"], ["2 Country", "10 City"], ["10 City"], ["4 City"],
  ]);
  expect([models.get("Country"), models.get("City")]).toMatchObject([{ created: { left: 0, right: 12 }, linked: 0 }, { created: { left: 0, right: 24 }, linked: 0 }]);
  expect(pair.right.probe.rows("City").map((row) => row.cloudId).sort()).toEqual(pair.left.probe.rows("City").map((row) => row.cloudId).sort());
  expect((await pair.sync.verify()).equal).toBe(true);
  expect((await pair.sync.run()).written).toEqual({ left: 0, right: 0 });
});

describe("of a unit that is not written as it is", () => {
  test("the one that a database refuses waits, with those below it, and all others are written", async () => {
    const refusing = { model: country, checks: [{ name: "no c7", test: (record: Record<string, string | null>) => record["code"] !== "c7" }] };
    const pair = countries({ rightModels: [refusing, city] });
    const { models } = await pair.sync.run();
    expect([models.get("Country"), models.get("City")]).toMatchObject([{ created: { right: 11 }, quarantined: 1 }, { created: { right: 22 }, quarantined: 2 }]);
    expect(await quarantined(pair)).toEqual(["City REFERENCE.PARENT_WAITS", "City REFERENCE.PARENT_WAITS", "Country WRITE.CHECK"]);
    expect(codes(pair.right, "Country")).not.toContain("c7");
    expect((await pair.sync.run()).written).toEqual({ left: 0, right: 0 });
  });

  test("nothing is made twice where the answer was lost", async () => {
    let lose = 2;
    const pair = countries({}, async (unit, real) => {
      const answer = await real(unit);
      if (--lose === 0) throw connectionLost();
      return answer;
    });
    await pair.sync.run();
    expect([codes(pair.right, "Country").length, codes(pair.right, "City").length]).toEqual([12, 24]);
    expect((await pair.sync.verify()).equal).toBe(true);
    expect((await pair.sync.run()).written).toEqual({ left: 0, right: 0 });
  });

  test("a row that a database kept back without a word is looked at again, and the others are linked", async () => {
    let kept = true;
    const pair = countries({}, async (unit, real) => {
      const [batch] = unit.batches as [InsertBatch];
      const without = { ...unit, batches: [{ ...batch, rows: batch.rows.slice(1) }] };
      if (!kept) return await real(unit);
      kept = false;
      const answer = await real(without);
      return answer.committed ? { ...answer, outcomes: [[{ status: "stale" }, ...answer.outcomes[0]!]] } : answer;
    });
    const { models } = await pair.sync.run();
    expect(models.get("Country")).toMatchObject({ created: { right: 12 }, quarantined: 0 });
    expect((await pair.sync.verify()).equal).toBe(true);
    expect((await pair.sync.run()).written).toEqual({ left: 0, right: 0 });
  });

  test("what the database made of a value is remembered as that side's own", async () => {
    const altering = { model: country, alter: (record: Record<string, string | null>) => ({ ...record, name: record["name"]!.toUpperCase() }) };
    const pair = countries({ rightModels: [altering, city] });
    const { models } = await pair.sync.run();
    expect(models.get("Country")).toMatchObject({ created: { right: 12 }, altered: 12 });
    expect(fieldsByCode(pair.right, "Country", "name")["c1"]).toBe("NAME 1");
    expect((await pair.sync.run()).written).toEqual({ left: 0, right: 0 });
    expect(fieldsByCode(pair.left, "Country", "name")["c1"]).toBe("name 1");
  });

  test("a parent that goes in between leaves its children to be looked at again", async () => {
    const pair: Pair = countries({}, async (unit, real) => {
      if (unit.batches[0]!.model !== "City" || gone) return await real(unit);
      gone = true;
      for (const { key, record } of pair.left.probe.rows("City")) if (record["code"]!.startsWith("c0")) pair.left.application.delete("City", key);
      pair.left.application.delete("Country", keyOf(pair.left, "Country", "c0"));
      return { committed: false, refusal: { code: "WRITE.REFUSED" } };
    });
    let gone = false;
    for (let run = 0; run < 3; run += 1) await pair.sync.run();
    expect(codes(pair.right, "City")).toEqual(codes(pair.left, "City"));
    expect((await pair.sync.verify()).equal).toBe(true);
  });
});

test("one that cannot be carried keeps no other of its page back", async () => {
  const short = { ...country, fields: country.fields.map((field) => (field.name === "name" ? { ...field, kind: { type: "text" as const, maxLength: 6 } } : field)) };
  const pair = countries({ rightModels: [short, city] });
  const { models } = await pair.sync.run();
  expect([models.get("Country"), models.get("City")]).toMatchObject([{ created: { right: 10 }, quarantined: 2 }, { created: { right: 20 }, quarantined: 4 }]);
  expect((await pair.sync.run()).written).toEqual({ left: 0, right: 0 });
});

test("of records in documents, one that is looked at by itself does not part the others from the document above", async () => {
  const inside = { ...city, within: "country", fields: city.fields.map((field) => (field.name === "code" ? { ...field, kind: { type: "text" as const, maxLength: 5 } } : field)) };
  const pair = countries({ rightModels: [country, inside] });
  pair.left.application.insert("City", { code: "too long", country: keyOf(pair.left, "Country", "c3")[0]!, cloudId: cloudId(200) });
  await pair.sync.run();
  expect(await quarantined(pair)).toEqual(["City VALUE.TOO_LONG"]);
  const writing = pair.units.filter(({ batches }) => batches.length > 0).map(({ batches }) => batches.map(({ model: name }) => name).join());
  expect(new Set(writing)).toEqual(new Set(["Country,City"]));
  expect((await pair.sync.run()).written).toEqual({ left: 0, right: 0 });
});

test("two models that are copied in opposite directions do not go as one unit", async () => {
  const river = model("River", [text("code"), ownId], [], named);
  const pair = pairOf([country, river]);
  for (let n = 0; n < 3; n += 1) pair.left.application.insert("Country", { code: `c${n}`, name: "", cloudId: cloudId(n) });
  for (let n = 0; n < 8; n += 1) pair.right.application.insert("River", { code: `r${n}`, cloudId: cloudId(10 + n) });
  const { models } = await pair.sync.run();
  expect([models.get("Country"), models.get("River")]).toMatchObject([{ created: { left: 0, right: 3 } }, { created: { left: 8, right: 0 } }]);
  expect((await pair.sync.verify()).equal).toBe(true);
});

test("a run that is taken back takes them away", async () => {
  const pair = countries();
  const { id } = await pair.sync.run();
  await pair.sync.undo(id);
  expect([codes(pair.right, "Country"), codes(pair.right, "City")]).toEqual([[], []]);
  expect([codes(pair.left, "Country").length, codes(pair.left, "City").length]).toEqual([12, 24]);
});

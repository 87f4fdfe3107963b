import { createSync, fallback, isSyncError, leftWins, naturalKey, type Declaration, type Model, type SyncOptions } from "@sync/core";
import { memoryDatabase } from "@sync/core/memory";
import { expect, test } from "vitest";
import { model, text } from "./pairs.ts";

/** Models that say themselves how they are kept the same. */

const declared = (name: string, declaration: Declaration | undefined, fields: readonly string[] = ["code", "name"]): Model => {
  const { uniqueKeys, ...rest } = model(name, fields.map((field) => text(field, field !== fields[0])));
  return { ...rest, uniqueKeys: fields.includes("code") ? uniqueKeys : [{ name: "key", fields: [fields[0]!] }], ...(declaration ? { declared: declaration } : {}) };
};

function pair(leftModels: readonly Model[], rightModels: readonly Model[], options: Partial<SyncOptions> = {}) {
  const left = memoryDatabase({ name: "left", models: leftModels });
  const right = memoryDatabase({ name: "right", models: rightModels });
  return { left, right, sync: () => createSync({ name: "pair", left, right, conflicts: leftWins(), firstLink: "left", ...options }) };
}

const byCode: Declaration = { match: naturalKey("code") };

function findings(make: () => unknown): readonly string[] {
  try {
    make();
  } catch (error) {
    if (isSyncError(error)) return (error.findings ?? []).map(({ code, model: name }) => `${code} ${name}`);
    throw error;
  }
  return [];
}

test.each([
  ["both sides", byCode, byCode], ["the left side", byCode, undefined], ["the right side", undefined, byCode],
])("a model that is declared on %s needs no entry in `models`", async (_, own, others) => {
  const { left, right, sync } = pair([declared("Shop", own), declared("Other", undefined)], [declared("Shop", others), declared("Other", undefined)]);
  left.application.insert("Shop", { code: "1", name: "one" });
  left.application.insert("Other", { code: "1", name: "one" });
  expect([...(await sync().run()).models.keys()]).toEqual(["Shop"]);
  expect(right.probe.rows("Shop")).toHaveLength(1);
});

test("models of different names meet by the name they share", async () => {
  const { left, right, sync } = pair([declared("Shop", { ...byCode, as: "Store" })], [declared("stores", { as: "Store" })]);
  left.application.insert("Shop", { code: "1", name: "one" });
  await sync().run();
  expect(right.probe.rows("stores")).toHaveLength(1);
});

test("a right model declares in its own names, which the mapping translates", async () => {
  const { left, right, sync } = pair(
    [declared("Shop", undefined, ["number", "title"])], [declared("Shop", { match: naturalKey("code"), omit: ["name"] })],
    { models: { Shop: { fields: { number: "code", title: "name" } } } },
  );
  left.application.insert("Shop", { number: "1", title: "one" });
  await sync().run();
  expect(right.probe.rows("Shop").map(({ record }) => [record["code"], record["name"]])).toEqual([["1", null]]);
});

test("a right model may leave out a field that the left one does not have", async () => {
  const { left, right, sync } = pair([declared("Shop", undefined, ["code"])], [declared("Shop", { ...byCode, omit: ["name"] })]);
  left.application.insert("Shop", { code: "1" });
  await sync().run();
  expect(right.probe.rows("Shop")).toHaveLength(1);
});

test("an entry in `models` goes before a declaration, option by option, and the left declaration before the right one", async () => {
  const { left, right, sync } = pair(
    [declared("Shop", { match: fallback("name"), keepBase: "values", omit: ["code"] })], [declared("Shop", { match: fallback("code") })],
    { models: { Shop: { omit: [] } } },
  );
  left.application.insert("Shop", { code: "1", name: "one" });
  right.application.insert("Shop", { code: "2", name: "one" });
  expect((await sync().run()).models.get("Shop")).toMatchObject({ updated: { right: 1 } });
  expect(right.probe.rows("Shop").map(({ record }) => record["code"])).toEqual(["1"]);
});

test("`false` leaves a declared model out, on both sides", () => {
  const { sync } = pair([declared("Shop", byCode), declared("Other", byCode)], [declared("Shop", byCode), declared("Other", byCode)], { models: { Other: false } });
  expect(findings(sync)).toEqual([]);
});

test("a declared model without counterpart is refused, on whichever side", () => {
  expect(findings(pair([declared("Shop", byCode)], [declared("Store", undefined)]).sync)).toContain("MODEL.DECLARED_ALONE Shop");
  expect(findings(pair([declared("Shop", undefined)], [declared("Store", byCode)]).sync)).toContain("MODEL.DECLARED_ALONE Store");
  const named = pair([declared("Shop", byCode)], [declared("Store", byCode)], { models: { Shop: { right: "Store" } } });
  expect(findings(named.sync)).toEqual([]);
});

test("an unknown option or field of a declaration is a finding", () => {
  const misspelt = { ...byCode, keepbase: "values", omit: ["nme"] } as Declaration;
  expect(findings(pair([declared("Shop", misspelt)], [declared("Shop", undefined)]).sync)).toEqual(["OPTIONS.UNKNOWN_KEY Shop", "OPTIONS.UNKNOWN_FIELD Shop"]);
});

test("where nothing is declared, `models` may not be left out", () => {
  expect(findings(pair([declared("Shop", undefined)], [declared("Shop", undefined)]).sync)).toEqual(["OPTIONS.NO_MODELS undefined"]);
});

import { expect, it } from "vitest";
import { isSyncError, naturalKey, type Field, type Finding, type Model, type SyncOptions } from "@sync/core";
import { model, pairOf, text } from "./pairs.ts";

const made = (name: string, more: Partial<Field>): Field => ({ ...text(name), ...more });
const items = (key: Field, fields: readonly Field[] = [text("code")], more: Partial<Model> = {}): Model =>
  model("Item", [], [], { keySource: "values", fields: [key, ...fields], ...more });
const plain = model("Item", [text("code")]);

function findings(right: Model, options: Partial<SyncOptions> & Record<string, unknown> = {}): readonly Finding[] {
  try {
    pairOf([plain], { rightModels: [right], ...options });
    return [];
  } catch (error) {
    return isSyncError(error) ? (error.findings ?? []) : [];
  }
}

it("a key that a default of the database makes is refused by name, with the ways to mend it", () => {
  expect(findings(items(made("id", { optional: true })))).toMatchObject([
    { severity: "error", code: "IDENTITY.NOT_REPEATABLE", model: "Item", message: expect.stringMatching(/uuid.*sequence.*mapping the key's fields.*unique key/) },
  ]);
});

it("a key that an expression computes is refused, whether it is mapped or not", () => {
  expect(findings(items(made("id", { writable: false, optional: true })))).toMatchObject([{ code: "IDENTITY.NOT_REPEATABLE" }]);
  expect(findings(items(made("code", { writable: false }), [], { primaryKey: ["code"], uniqueKeys: [] }))).toMatchObject([{ code: "IDENTITY.NOT_REPEATABLE" }]);
});

it("a key that nobody makes is to be mapped", () => {
  expect(findings(items(text("id")))).toMatchObject([{ code: "MAPPING.KEY" }]);
});

it("a side that is only read may make its keys as it likes", () => {
  expect(findings(items(made("id", { optional: true })), { direction: "right-to-left" })).toEqual([]);
});

it("a mapped key is a natural key, default or not", () => {
  expect(findings(items(made("code", { optional: true }), [], { primaryKey: ["code"], uniqueKeys: [] }))).toEqual([]);
});

it("all refusals come together", () => {
  const codes = findings(items(made("id", { optional: true }), [made("code", { kind: { type: "bytes" } })]), { pageSize: -1 }).map(({ code }) => code);
  expect(codes).toEqual(expect.arrayContaining(["IDENTITY.NOT_REPEATABLE", "MAPPING.TYPES", "OPTIONS.VALUE"]));
});

it("a required field that nothing supplies is said before a run, and one that the database fills is not", async () => {
  const right = model("Item", [text("code"), text("needed"), made("filled", { optional: true }), text("free", true)]);
  const warned = async (options: Record<string, unknown> = {}): Promise<string[]> => {
    const { findings: found } = await pairOf([plain], { rightModels: [right], ...options }).sync.plan();
    return found.flatMap(({ severity, code, field }) => (code === "MAPPING.REQUIRED" ? [`${severity} ${field}`] : []));
  };
  expect(await warned()).toEqual(["warning needed"]);
  expect(await warned({ direction: "right-to-left" })).toEqual([]);
  expect(await warned({ models: { Item: { match: naturalKey("code"), constants: { right: { needed: "x" } } } } })).toEqual([]);
});

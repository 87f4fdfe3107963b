import { decideWith, exactDiffer, exactMapper, exactPatcher, naturalKey, randomIdentity, unfold } from "@sync/core";
import type { Differ, DocumentChange, DocumentTree, DocumentWrite, Identity, Mapper, Patcher } from "@sync/core";
import { memoryDocuments } from "@sync/core/memory";
import { describe, expect, test } from "vitest";
import { collect, fieldsByCode, keyOf, model, pairOf, text } from "./pairs.ts";

const city = model("City", [text("code"), text("name", true), text("mayor", true)]);

/** The right side keeps its names in upper case. */
const shouting: Mapper = {
  name: "shouting",
  between: ({ name }) => name === "name"
    ? { toRight: (value: string | null) => value?.toUpperCase() ?? null, toLeft: (value: string | null) => value?.toLowerCase() ?? null }
    : undefined,
};

/** Blanks around a text say nothing. */
const blind: Differ = { name: "blind to blanks", formOf: ({ kind }) => (kind.type === "text" ? (value) => value.trim() : undefined) };

describe("a mapper of one's own", () => {
  test("carries values both ways, and what it made is no change", async () => {
    const { left, right, sync } = pairOf([city], { mapper: shouting });
    left.application.insert("City", { code: "a", name: "rome" });
    right.application.insert("City", { code: "b", name: "PARIS" });
    await sync.run();
    expect([fieldsByCode(left, "City", "name"), fieldsByCode(right, "City", "name")]).toEqual([{ a: "rome", b: "paris" }, { a: "ROME", b: "PARIS" }]);
    expect((await sync.verify()).equal).toBe(true);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
    right.application.update("City", keyOf(right, "City", "a"), { name: "ROMA" });
    await sync.run();
    expect(fieldsByCode(left, "City", "name")["a"]).toBe("roma");
  });

  test("gives way to the converters of a field, and to the model's own mapper", async () => {
    const { left, right, sync } = pairOf([city], { mapper: shouting, models: { City: { match: naturalKey("code"), mapper: exactMapper } } });
    left.application.insert("City", { code: "a", name: "rome" });
    await sync.run();
    expect(fieldsByCode(right, "City", "name")).toEqual({ a: "rome" });
    const toRight = (value: string | null): string | null => value && `<${value}>`;
    const toLeft = (value: string | null): string | null => value && value.slice(1, -1);
    const other = pairOf([city], { mapper: shouting, models: { City: { match: naturalKey("code"), fields: { name: { right: "name", toRight, toLeft } } } } });
    other.left.application.insert("City", { code: "a", name: "rome" });
    await other.sync.run();
    expect(fieldsByCode(other.right, "City", "name")).toEqual({ a: "<rome>" });
  });
});

describe("a differ of one's own", () => {
  test("says what is the same, and values are written as they are", async () => {
    const { left, right, sync } = pairOf([city], { differ: blind });
    left.application.insert("City", { code: "a", name: " rome " });
    await sync.run();
    expect(fieldsByCode(right, "City", "name")).toEqual({ a: " rome " });
    right.application.update("City", keyOf(right, "City", "a"), { name: "rome" });
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
    expect((await sync.verify()).equal).toBe(true);
    right.application.update("City", keyOf(right, "City", "a"), { name: " roma" });
    await sync.run();
    expect(fieldsByCode(left, "City", "name")).toEqual({ a: " roma" });
  });

  test("recognises records by match keys that are the same to it", async () => {
    const { left, right, sync } = pairOf([city], { differ: blind });
    left.application.insert("City", { code: "a", name: "rome" });
    right.application.insert("City", { code: "a ", name: "rome" });
    const run = await sync.run();
    expect(run.models.get("City")).toMatchObject({ linked: 1, created: { left: 0, right: 0 } });
    expect((await sync.verify()).equal).toBe(true);
  });

  test("is remembered by its name: under another one both sides meet anew", async () => {
    const before = pairOf([city], { differ: blind });
    before.left.application.insert("City", { code: "a", name: " rome" });
    await before.sync.run();
    before.right.application.update("City", keyOf(before.right, "City", "a"), { name: "rome" });
    await before.sync.run();
    const after = pairOf([city], { differ: exactDiffer, firstLink: "right", state: before.left.state!, wrap: (_, side) => before[side] });
    await after.sync.run();
    expect(fieldsByCode(before.left, "City", "name")).toEqual({ a: "rome" });
    expect((await collect(after.sync.conflicts())).map(({ kind }) => kind)).toEqual(["first-link"]);
  });
});

describe("an identity of one's own", () => {
  /** The code itself, as long as nobody else has it. */
  const byCode: Identity = { name: "by code", idOf: (_, form) => (JSON.parse(form) as string[])[0] };
  const idsOf = (side: Parameters<typeof keyOf>[0]): Record<string, string | null> =>
    Object.fromEntries(side.probe.rows("City").map(({ record, cloudId }) => [record["code"]!, cloudId]));
  const random = expect.stringMatching(/^.{14}7/) as unknown;

  test("names new records; where its name is another record's, the record gets a random one", async () => {
    const { left, right, sync } = pairOf([city], { cloudIds: byCode });
    left.application.insert("City", { code: "a", name: "first" });
    await sync.run();
    expect(idsOf(right)).toEqual({ a: "a" });
    left.application.update("City", keyOf(left, "City", "a"), { code: "b" });
    await sync.run();
    left.application.insert("City", { code: "a", name: "second" });
    await sync.run();
    expect(idsOf(left)).toEqual({ b: "a", a: random });
    expect(idsOf(right)).toEqual(idsOf(left));
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });

  test("may leave records to chance, as the stock one does", async () => {
    const some: Identity = { name: "some", idOf: (_, form, generation) => (form === '["a"]' ? `a ${generation}` : undefined) };
    for (const [cloudIds, expected] of [[some, { a: "a 0", b: random }], [randomIdentity, { a: random, b: random }]] as const) {
      const { left, right, sync } = pairOf([city], { cloudIds });
      left.application.insert("City", { code: "a" });
      left.application.insert("City", { code: "b" });
      expect((await sync.plan()).findings).toEqual([]);
      await sync.run();
      expect(idsOf(right)).toEqual(expected);
    }
  });
});

describe("a patcher of one's own", () => {
  const written = async (patcher: Patcher): Promise<DocumentWrite[]> => {
    const inner = memoryDocuments({ name: "documents", models: ["City"] });
    inner.put("City", "1", '{"code":"a","name":"rome","other":[1]}');
    const tree: DocumentTree = { documents: "City", json: "body", fields: [text("code"), { ...text("name"), optional: true }], uniqueKeys: [["code"]] };
    const right = unfold(inner, [tree], { patcher });
    const { left, sync } = pairOf([model("City", [text("code"), text("name", true)])], { wrap: (database, side) => (side === "left" ? database : right), firstLink: "left" });
    left.application.insert("City", { code: "a", name: "Roma" });
    await sync.run();
    expect(JSON.parse(inner.all("City")["1"]!)).toEqual({ code: "a", name: "Roma", other: [1] });
    return inner.written.flatMap(({ batches }) => batches.flatMap(({ rows }) => rows)).filter((write) => write.op === "patch" && write.patches.length > 0);
  };
  const patches = [{ path: ["name"], value: '"Roma"' }];

  test("sees the document before and after, and what the stock one would write", async () => {
    const seen: DocumentChange[] = [];
    const whole: Patcher = { name: "whole", patch: (change) => (seen.push(change), "whole") };
    expect(await written(whole)).toMatchObject([{ patches: "whole", whole: '{"code":"a","name":"Roma","other":[1]}' }]);
    expect(seen).toEqual([{ model: "City", before: '{"code":"a","name":"rome","other":[1]}', after: '{"code":"a","name":"Roma","other":[1]}', patches }]);
    expect(await written(exactPatcher)).toMatchObject([{ patches }]);
  });

  test("may go other ways as long as they lead there", async () => {
    const around = [{ path: ["name"], value: undefined }, { path: ["name"], value: '"Roma"' }];
    expect(await written({ name: "around", patch: () => around })).toMatchObject([{ patches: around }]);
    const astray = [[], [{ path: [], value: "1" }], [{ path: ["name"], value: '"Rom"' }], [{ path: ["no", "where"], value: "1" }], [{ path: ["other", 3], value: "1" }]];
    for (const wrong of astray) {
      await expect(written({ name: "astray", patch: () => wrong })).rejects.toMatchObject({ code: "DOCUMENT.PATCHES", message: expect.stringContaining("`astray`") as unknown });
    }
  });
});

test("a policy of one's own sees values as they are compared, and those it reads besides as they are", async () => {
  const seen: unknown[] = [];
  const conflicts = { ...decideWith("longer mayor", ({ left, right }) => {
    seen.push([left.value("name"), right.value("name"), left.value("mayor")]);
    return (left.value("mayor") ?? "").length >= (right.value("mayor") ?? "").length ? "left" : "right";
  }), reads: ["mayor"] };
  const { left, right, sync } = pairOf([city], { differ: blind, conflicts });
  left.application.insert("City", { code: "a", name: "rome", mayor: "x" });
  await sync.run();
  left.application.update("City", keyOf(left, "City", "a"), { name: " one " });
  right.application.update("City", keyOf(right, "City", "a"), { name: "two" });
  await sync.run();
  expect(seen).toEqual([["one", "two", "x"]]);
  expect(fieldsByCode(right, "City", "name")).toEqual({ a: " one " });
});

test("what is no engine is refused with everything else", () => {
  expect(() => pairOf([city], { mapper: { name: "m" } as never, differ: {} as never })).toThrow(/2 findings[^]*`mapper`[^]*`differ`/);
});

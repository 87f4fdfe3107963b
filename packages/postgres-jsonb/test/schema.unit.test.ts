import { describe, expect, test } from "vitest";
import { z } from "zod";
import * as mini from "zod/mini";
import { kinds } from "../src/index.ts";
import { levelOf, type ChildArray } from "../src/schema.ts";

const fieldsOf = (shape: z.ZodRawShape): Record<string, unknown> =>
  Object.fromEntries(levelOf(z.object(shape), new Set()).fields.map(({ name, kind, nullable, optional, numbers }) => [
    name, [kind, ...(nullable ? ["nullable"] : []), ...(optional ? ["optional"] : []), ...(numbers === "text" ? ["as text"] : [])],
  ]));
const kindOf = (schema: z.ZodType): unknown => (fieldsOf({ it: schema })["it"] as unknown[])[0];
const text = { type: "text", noNul: true };
const asDate = z.codec(z.iso.datetime(), z.date(), { decode: (iso) => new Date(iso), encode: (date) => date.toISOString() });
const json = { type: "json", noNul: true };

describe("a schema's type says the kind", () => {
  test.each<[string, z.ZodType, unknown]>([
    ["string", z.string(), text],
    ["string of at most 3", z.string().min(1).max(5).max(3), { ...text, maxLength: 3 }],
    ["email", z.email(), text],
    ["uuid", z.uuid(), { type: "uuid" }],
    ["string().uuid()", z.string().uuid(), { type: "uuid" }],
    ["number", z.number(), { type: "float", bits: 64 }],
    ["float32", z.float32(), { type: "float", bits: 32 }],
    ["int", z.int(), { type: "integer", bits: 53 }],
    ["number().int()", z.number().int().positive(), { type: "integer", bits: 53 }],
    ["int32", z.int32(), { type: "integer", bits: 32 }],
    ["uint32", z.uint32(), { type: "integer", bits: 32, unsigned: true }],
    ["bigint", z.bigint(), { type: "integer" }],
    ["int64", z.int64(), { type: "integer", bits: 64 }],
    ["uint64", z.uint64(), { type: "integer", bits: 64, unsigned: true }],
    ["boolean", z.boolean(), { type: "boolean" }],
    ["enum", z.enum(["a", "b"]), { type: "enum", values: ["a", "b"] }],
    ["literal", z.literal("a"), { type: "enum", values: ["a"] }],
    ["literal number", z.literal(1), json],
    ["date", z.iso.date(), { type: "date", noInfinity: true }],
    ["datetime", z.iso.datetime(), { type: "instant", digits: 9, noInfinity: true }],
    ["datetime with offset", z.iso.datetime({ offset: true }), { type: "instant", digits: 9, noInfinity: true }],
    ["local datetime", z.iso.datetime({ local: true }), { type: "local", digits: 9, noInfinity: true }],
    ["datetime of seconds", z.iso.datetime({ precision: 0 }), { type: "instant", digits: 0, noInfinity: true }],
    ["time", z.iso.time(), { type: "time", digits: 9 }],
    ["duration", z.iso.duration(), { type: "duration", digits: 9 }],
    ["base64", z.base64(), { type: "bytes" }],
    ["strings", z.array(z.string()), { type: "list", of: text }],
    ["optional whole numbers", z.array(z.int32().nullable()), { type: "list", of: { type: "integer", bits: 32 } }],
    ["objects without a key", z.array(z.object({ a: z.string() })), json],
    ["lists of lists", z.array(z.array(z.string())), json],
    ["record", z.record(z.string(), z.number()), json],
    ["union", z.union([z.string(), z.number()]), json],
    ["unknown", z.unknown(), json],
    ["json", z.json(), json],
    ["what goes into a codec", asDate, { type: "instant", digits: 9, noInfinity: true }],
    ["what goes into a transform", z.string().transform(Number), text],
    ["readonly, branded, refined", z.string().refine(() => true).brand<"x">().readonly(), text],
  ])("%s", (_, schema, kind) => {
    expect(kindOf(schema)).toEqual(kind);
  });

  test("what is declared goes before: text or number as the schema stands", () => {
    expect(fieldsOf({
      price: z.string().register(kinds, { type: "decimal", precision: 12, scale: 2 }).optional(),
      rate: z.number().register(kinds, { type: "decimal" }),
      big: z.string().register(kinds, { type: "integer" }),
      prices: z.array(z.string().register(kinds, { type: "decimal" })),
      blob: z.object({ any: z.string() }).register(kinds, { type: "json" }),
    })).toEqual({
      price: [{ type: "decimal", precision: 12, scale: 2 }, "optional", "as text"],
      rate: [{ type: "decimal" }],
      big: [{ type: "integer" }, "as text"],
      prices: [{ type: "list", of: { type: "decimal" } }, "as text"],
      blob: [json],
    });
  });

  test("zod/mini says the same", () => {
    const level = levelOf(mini.object({ a: mini.optional(mini.int32()), b: mini.nullable(mini.iso.date()) }), new Set());
    expect(level.fields).toMatchObject([{ name: "a", kind: { type: "integer", bits: 32 }, optional: true }, { name: "b", kind: { type: "date" }, nullable: true }]);
  });
});

describe("a schema's shape", () => {
  test("missing and null are told apart, through whatever stands around a type", () => {
    expect(fieldsOf({
      plain: z.string(),
      maybe: z.string().optional(),
      empty: z.string().nullable(),
      both: z.string().nullish(),
      filled: z.string().default("x"),
      caught: z.string().catch("x"),
      needed: z.string().optional().nonoptional(),
    })).toEqual({
      plain: [text], maybe: [text, "optional"], empty: [text, "nullable"], both: [text, "nullable", "optional"],
      filled: [text, "optional"], caught: [text, "optional"], needed: [text],
    });
  });

  test("objects inside become paths; in one that may be missing everything may", () => {
    const level = levelOf(z.object({ place: z.object({ lat: z.number(), deep: z.object({ "a.b": z.string() }) }).optional() }), new Set());
    expect(level.fields.map(({ name, path, optional }) => [name, path, optional])).toEqual([
      ["place.lat", ["place", "lat"], true], ["place.deep.a.b", ["place", "deep", "a.b"], true],
    ]);
  });

  const shown = (element: ChildArray["element"]): unknown => ("single" in element ? element.single.kind : Object.keys(element.object._zod.def.shape));

  test("named arrays of objects are children, also inside objects", () => {
    const level = levelOf(z.object({ a: z.array(z.object({ x: z.string() })).optional(), b: z.object({ c: z.array(z.object({ y: z.string() })) }) }), new Set(["a", "b.c"]));
    expect([...level.children].map(([path, { element, required }]) => [path, shown(element), required])).toEqual([["a", ["x"], false], ["b.c", ["y"], true]]);
    expect(level.fields).toEqual([]);
  });

  test("named arrays of single values are children too, those of anything else are not", () => {
    const shape = { keys: z.array(z.uuid()), numbers: z.array(z.int32()).nullable(), pairs: z.array(z.array(z.string())), one: z.string() };
    const level = levelOf(z.object(shape), new Set(Object.keys(shape)));
    expect([...level.children].map(([path, { element, required }]) => [path, shown(element), required])).toEqual([
      ["keys", { type: "uuid" }, true], ["numbers", { type: "integer", bits: 32 }, false],
    ]);
    expect([...level.leftOut.keys()]).toEqual(["pairs", "one"]);
  });

  test.each<[string, z.ZodType, string]>([
    ["date", z.date(), "z.iso.datetime()"],
    ["map", z.map(z.string(), z.string()), "JSON has no map"],
    ["preprocessed", z.preprocess((value) => value, z.string()), "before a transform"],
    ["exact milliseconds", z.iso.datetime({ precision: 3 }), "`precision`"],
    ["decimal on a boolean", z.boolean().register(kinds, { type: "decimal" }), "declared as decimal, and a boolean"],
  ])("%s cannot be carried, and the reason is said", (_, schema, reason) => {
    const level = levelOf(z.object({ it: schema, other: schema.optional() }), new Set());
    expect(level.leftOut.get("it")).toContain(reason);
    expect(level.required).toEqual(["it"]);
  });
});

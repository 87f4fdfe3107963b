import { BSON, Double, Int32 } from "mongodb";
import { expect, test } from "vitest";
import { Codec } from "../src/codec.ts";
import { Misfit } from "../src/json.ts";
import { changed } from "../src/patch.ts";
import type { ObjectShape, Shape } from "../src/shape.ts";

const codec = new Codec(BSON);
const of = (members: Record<string, Shape>): ObjectShape => ({ is: "object", members: new Map(Object.entries(members)), id: false });
const shape = of({ name: { is: "text" }, n: { is: "double" }, any: { is: "anything" }, regions: { is: "list", of: of({ code: { is: "text" }, size: { is: "double" } }) } });
const stored = { shape, stamps: {} };

test("what changed is set by the names at the top, what a patch does not name keeps its type", () => {
  const document = { _id: 1, name: "a", other: new Int32(1), regions: [{ code: "x", size: new Int32(2), own: new Int32(3) }, { code: "y" }] };
  const patches = [{ path: ["regions", 0, "size"], value: `"5"` }, { path: ["regions", 1], value: undefined }, { path: ["name"], value: undefined }];
  expect(changed(codec, stored, { patches }, document)).toEqual({
    update: { $set: { regions: [{ code: "x", size: new Double(5), own: new Int32(3) }] }, $unset: { name: "" } },
  });
});

test("the library's version and stamp move with every change, and a document written whole keeps its version", () => {
  const counted = { shape, versionKey: "__v", stamps: { updatedAt: "at" } };
  const at: unknown = expect.any(Date);
  expect(changed(codec, counted, { patches: [{ path: ["name"], value: `"b"` }] }, { _id: 1, __v: 4 })).toEqual({ update: { $set: { name: "b", at }, $inc: { __v: 1 } } });
  expect(changed(codec, counted, { patches: "whole", whole: `{"name":"b"}` }, { _id: 1, __v: 4, n: 1 })).toEqual({ whole: { _id: 1, __v: 4, at, name: "b" } });
});

test("what the same transaction has written before is written again", () => {
  const document = { _id: 1, name: "a", n: new Double(1) };
  expect(changed(codec, stored, { patches: [{ path: ["n"], value: `"2"` }] }, document, [{ path: ["name"], value: "null" }])).toEqual({ update: { $set: { name: "a", n: new Double(2) } } });
});

test("names that mean something else to an update are written with the whole document", () => {
  for (const name of ["a.b", "$set", ""]) {
    expect(changed(codec, stored, { patches: [{ path: [name], value: `"x"` }] }, { _id: 1 })).toEqual({ whole: { _id: 1, [name]: "x" } });
  }
});

test("`__proto__` is a key like any other; a path through what is no object fits nowhere", () => {
  const document = { _id: 1, any: {} };
  changed(codec, stored, { patches: [{ path: ["any", "__proto__"], value: `"x"` }] }, document);
  expect(JSON.stringify(document)).toBe(`{"_id":1,"any":{"__proto__":"x"}}`);
  expect(() => changed(codec, stored, { patches: [{ path: ["name", "deep"], value: `"x"` }] }, { _id: 1, name: "a" })).toThrow(Misfit);
});

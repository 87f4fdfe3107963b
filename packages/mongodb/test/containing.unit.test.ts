import { BSON, Long, ObjectId } from "mongodb";
import { expect, test } from "vitest";
import { Codec } from "../src/codec.ts";
import { filterFor } from "../src/containing.ts";
import type { Shape } from "../src/shape.ts";

const codec = new Codec(BSON);
const of = (members: Record<string, Shape>): Shape => ({ is: "object", members: new Map(Object.entries(members)), id: false });
const shape = of({ code: { is: "text" }, big: { is: "long" }, owner: { is: "objectId" }, tags: { is: "list", of: { is: "objectId" } }, at: of({ lat: { is: "decimal" } }), regions: { is: "list", of: of({ code: { is: "text" }, n: { is: "int32" } }) } });
const id = "0123456789abcdef01234567";

test.each([
  [[`{"code":"FR"}`, `{"code":"$gt"}`], { code: { $in: ["FR", "$gt"] } }],
  [[`{"big":9007199254740993}`], { big: { $in: [Long.fromString("9007199254740993")] } }],
  [[`{"owner":"${id}"}`, `{"owner":"nobody's"}`], { owner: { $in: [ObjectId.createFromHexString(id)] } }],
  [[`{"tags":["${id}"]}`], { tags: { $in: [ObjectId.createFromHexString(id)] } }],
  [[`{"regions":[{"code":"a"}]}`], { "regions.code": { $in: ["a"] } }],
  [[`{"regions":[{"code":"a","n":1}]}`], { $or: [{ $and: [{ "regions.code": { $eq: "a" } }, { "regions.n": { $eq: new BSON.Int32(1) } }] }] }],
  [[`{"owner":"nobody's"}`], undefined],
])("%j is looked for by its paths, in the types of the schema", (texts, filter) => {
  expect(filterFor(codec, shape, texts)).toEqual(filter);
});

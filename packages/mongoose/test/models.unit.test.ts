import { Schema, type SchemaDefinition } from "mongoose";
import { expect, test } from "vitest";
import { mongooseDatabase, naturalKey, synced } from "../src/index.ts";
import { countriesOn, offline } from "./support/countries.ts";

const fieldsOf = (definition: SchemaDefinition, options = {}): Record<string, unknown> => {
  const connection = offline();
  connection.model("Thing", new Schema(definition, options));
  const { model } = mongooseDatabase(connection).endpoints.get("Thing")!;
  return Object.fromEntries(model.fields.map(({ name, ...field }) => [name, field]));
};

test("every type of a path has its kind", () => {
  const { ObjectId, UUID, Int32, Double, Decimal128, Mixed } = Schema.Types;
  const fields = fieldsOf({
    text: String, word: { type: String, enum: ["a", "b"] }, number: Number, double: Double, int: Int32, big: BigInt, money: Decimal128, at: Date, yes: Boolean,
    ref: ObjectId, uuid: UUID, bytes: Buffer, mixed: Mixed, map: { type: Map, of: Number }, numbers: [Number], matrix: [[Number]], subs: [new Schema({ a: Date })],
  });
  expect(Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, (field as { kind: unknown }).kind]))).toEqual({
    _id: { type: "text", maxLength: 24 }, text: { type: "text" }, word: { type: "enum", values: ["a", "b"] },
    number: { type: "float", bits: 64 }, double: { type: "float", bits: 64 }, int: { type: "integer", bits: 32 }, big: { type: "integer", bits: 64 },
    money: { type: "decimal", precision: 34 }, at: { type: "instant", digits: 3, noInfinity: true }, yes: { type: "boolean" }, ref: { type: "text", maxLength: 24 },
    uuid: { type: "uuid" }, bytes: { type: "bytes" }, mixed: { type: "json" }, map: { type: "json" },
    numbers: { type: "list", of: { type: "float", bits: 64 } }, matrix: { type: "json" }, subs: { type: "json" },
  });
});

test("nested paths and single subdocuments are fields by their paths; required, defaults and stamps are told", () => {
  const fields = fieldsOf({
    code: { type: String, required: true }, rank: { type: Number, required: true, default: 1 }, nested: { lat: { type: Number, required: true }, deep: { q: String } },
    single: new Schema({ a: { type: String, required: true }, in: new Schema({ b: Date }) }),
  }, { timestamps: { createdAt: "made", updatedAt: true } });
  expect(Object.keys(fields).sort()).toEqual(["_id", "code", "made", "nested.deep.q", "nested.lat", "rank", "single.a", "single.in.b", "updatedAt"]);
  expect(fields).toMatchObject({
    code: { nullable: false }, rank: { nullable: true }, "nested.lat": { nullable: false }, "single.a": { nullable: true }, made: { stamped: true }, updatedAt: { stamped: true },
  });
});

test("arrays of synced subdocuments are models of their own, at every depth, with their unique indexes", () => {
  const connection = offline();
  countriesOn(connection);
  const { endpoints } = mongooseDatabase(connection);
  expect([...endpoints.keys()]).toEqual(["Country", "Country.regions", "Country.regions.airports"]);
  const { model } = endpoints.get("Country.regions.airports")!;
  expect(model).toMatchObject({
    primaryKey: ["Country._id", "Country.regions.code", "ident"], keySource: "values", within: "parent",
    declared: { match: { rule: "natural", fields: ["ident"] } }, uniqueKeys: [{ fields: ["ident"] }],
  });
  expect(model.fields.map(({ name }) => name)).toEqual(["Country._id", "Country.regions.code", "ident", "name", "location.lat"]);
  expect(endpoints.get("Country")!.model).toMatchObject({ primaryKey: ["_id"], keySource: "allocated", uniqueKeys: [{ fields: ["code"] }], declared: { match: { rule: "natural", fields: ["code"] } } });
});

test("a ref is a reference, an array of refs is an edge; `false` makes one value of it", () => {
  const post = new Schema({ title: String, author: { type: Schema.Types.ObjectId, ref: "User" }, tags: [{ type: Schema.Types.ObjectId, ref: "Tag" }], elsewhere: { type: Schema.Types.ObjectId, ref: "Nothing" } });
  const connection = offline();
  connection.model("User", new Schema({ name: String }));
  connection.model("Tag", new Schema({ _id: Number, name: String }));
  connection.model("Post", post);
  const { endpoints } = mongooseDatabase(connection);
  expect(endpoints.get("Post")!.model.references).toEqual([{ name: "author", fields: ["author"], target: "User", targetFields: ["_id"], onDelete: "none" }]);
  expect(endpoints.get("Post.tags")!.model).toMatchObject({ primaryKey: ["Post._id", "tags"], references: [{ name: "parent" }, { name: "tags", target: "Tag" }] });
  expect(endpoints.get("Tag")!.model.keySource).toBe("values");
  const one = mongooseDatabase(connection, { models: { Post: { children: { tags: false } } } });
  expect([...one.endpoints.keys()]).toEqual(["User", "Tag", "Post"]);
  const named = mongooseDatabase(connection, { models: { Post: { children: { tags: { key: "tagId" } } } } });
  expect(named.endpoints.get("Post.tags")!.model.primaryKey).toEqual(["Post._id", "tagId"]);
});

test("keys are made before the insert: ObjectIds, and what a schema's default makes", async () => {
  const connection = offline();
  connection.model("A", new Schema({ a: String }));
  connection.model("B", new Schema({ _id: { type: Schema.Types.UUID, default: () => "11111111-1111-4111-8111-111111111111" } }));
  connection.model("C", new Schema({ _id: String }));
  const { endpoints } = mongooseDatabase(connection);
  expect(await endpoints.get("A")!.allocate(2)).toEqual([[expect.stringMatching(/^[0-9a-f]{24}$/)], [expect.stringMatching(/^[0-9a-f]{24}$/)]]);
  expect(await endpoints.get("B")!.allocate(1)).toEqual([["11111111-1111-4111-8111-111111111111"]]);
  await expect(endpoints.get("C")!.allocate(1)).rejects.toMatchObject({ code: "ENDPOINT.NO_KEYS" });
});

test("what cannot be carried is named, and why", () => {
  const connection = offline();
  const base = connection.model("Event", new Schema({ at: Date }, { discriminatorKey: "kind" }));
  base.discriminator("Click", new Schema({ x: Number }));
  connection.model("Odd", new Schema({ _id: { a: Number, b: Number } }, { _id: false }));
  const shapes = new Schema({ items: [new Schema({ a: String }, { discriminatorKey: "kind" })] });
  shapes.path<Schema.Types.DocumentArray>("items").discriminator("Circle", new Schema({ r: Number }));
  connection.model("Shapes", shapes);
  connection.model("Twin", new Schema({ a: String }), "shapes");
  const { endpoints, leftOut } = mongooseDatabase(connection);
  expect([...endpoints.keys()]).toEqual(["Shapes"]);
  expect([...leftOut.keys()].sort()).toEqual(["Click", "Event", "Odd", "Shapes.items", "Twin"]);
  expect(leftOut.get("Event")).toMatch(/discriminators/);
});

test("wrong options are refused with the nearest name", () => {
  const connection = offline();
  countriesOn(connection);
  const refusal = (work: () => unknown): string => {
    try {
      work();
    } catch (error) {
      const { code, message } = error as { code: string; message: string };
      return `${code}: ${message}`;
    }
    return "none";
  };
  expect(refusal(() => mongooseDatabase({} as never))).toMatch(/^OPTIONS.WRONG_CLIENT: .*mongoose.connection/);
  expect(refusal(() => mongooseDatabase(connection, { model: {} } as never))).toMatch(/^OPTIONS.UNKNOWN_KEY: Unknown option `model`.*Did you mean `models`/);
  expect(refusal(() => mongooseDatabase(connection, { models: { Contry: {} } }))).toMatch(/^OPTIONS.UNKNOWN_MODEL: .*Did you mean `Country`/);
  expect(refusal(() => mongooseDatabase(connection, { models: { Country: { children: { region: { key: "code" } } } } }))).toMatch(/^OPTIONS.UNKNOWN_FIELD: .*Did you mean `regions`/);
  expect(refusal(() => new Schema({ a: String }).plugin(synced, { matches: naturalKey("a") } as never))).toMatch(/^OPTIONS.UNKNOWN_KEY: Unknown option `matches` of `synced`/);
  expect(refusal(() => mongooseDatabase(connection, { prefix: "$x" }))).toMatch(/^OPTIONS.INVALID/);
});

test("a connection that nobody opened is refused at once, with the next step", async () => {
  const connection = offline();
  countriesOn(connection);
  const database = mongooseDatabase(connection);
  await expect(database.inspect(["Country"])).rejects.toMatchObject({ code: "ENDPOINT.NOT_CONNECTED", message: expect.stringContaining("serverSelectionTimeoutMS") });
  await expect(database.claim({ holder: "test", runner: "test", seconds: 60 })).rejects.toMatchObject({ code: "ENDPOINT.NOT_CONNECTED" });
});

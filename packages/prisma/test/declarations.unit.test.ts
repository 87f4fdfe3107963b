import { naturalKey } from "@sync/core";
import { refused } from "@sync/test-adapters";
import { describe, expect, test } from "vitest";
import { declarationsOf } from "../src/declarations.ts";
import { readSchema } from "../src/dmmf.ts";
import { prismaDatabase, synced } from "../src/index.ts";
import type { PrismaClientLike } from "../src/index.ts";
import { PrismaClient } from "./sqlite/generated/client.ts";

const client = new PrismaClient({ adapter: { provider: "sqlite", adapterName: "none", connect: () => Promise.reject(new Error("not connected")) } as never });
const none = {} as PrismaClientLike;
const schema = (comment: string): string => `datasource db {\n  provider = "sqlite"\n}\n${comment}\nmodel Item {\n  id Int @id\n  code String @unique\n  name String\n  city String\n}`;
const declared = (comment: string, extended = none): unknown => declarationsOf(readSchema(schema(comment)).models, extended).get("Item");

describe("a comment in the schema", () => {
  test.each([
    ["/// @sync(match: code)", { match: naturalKey("code") }],
    ["/// @sync(match: [name, city], omit: [code])", { match: naturalKey(["name", "city"]), omit: ["code"] }],
    ["/// Things in stock.\n/// @sync(as: Product, match: code,\n///   keepBase: values)", { as: "Product", match: naturalKey("code"), keepBase: "values" }],
    ["/// @sync", {}],
    ["/// Nothing of that kind: user@sync.example (a mail)", undefined],
    ["", undefined],
  ])("%s", (comment, declaration) => {
    expect(declared(comment)).toEqual(declaration);
  });

  test("that cannot be read is refused", () => {
    expect(refused(() => declared("/// @sync(match: { by: code })"))).toMatchObject({ code: "OPTIONS.DECLARATION", model: "Item", message: expect.stringContaining("match: code") });
  });
});

describe("an implicit many-to-many relation", () => {
  const edge = (post: string, tag: string): unknown => {
    const source = `datasource db {\n  provider = "sqlite"\n}\n${post}\nmodel Post {\n  id Int @id\n  tags Tag[]\n}\n${tag}\nmodel Tag {\n  id Int @id\n  posts Post[]\n}`;
    return prismaDatabase(client, { schema: source }).endpoints.get("_PostToTag")!.model.declared;
  };

  test("goes with the models that it relates", () => {
    expect(edge("/// @sync(match: id)", "/// @sync(match: id)")).toEqual({});
  });

  test("is not declared by one of them alone", () => {
    expect(edge("/// @sync(match: id)", "")).toBeUndefined();
    expect(edge("", "")).toBeUndefined();
  });
});

describe("an extension of the client", () => {
  test("says the same, and goes before the comment, option by option", () => {
    const extension = { $synced: { Item: { match: naturalKey("code") } } } as unknown as PrismaClientLike;
    expect(declared("/// @sync(match: name, omit: [city])", extension)).toEqual({ match: naturalKey("code"), omit: ["city"] });
  });

  test("is found through extensions that come after it", () => {
    const extended = client.$extends(synced<typeof client>({ User: { match: naturalKey("email") } })).$extends({ model: { $allModels: { hello: () => "hello" } } });
    expect(prismaDatabase(extended).endpoints.get("User")!.model.declared).toEqual({ match: naturalKey("email") });
    expect(prismaDatabase(client).endpoints.get("User")!.model.declared).toBeUndefined();
  });

  test("about a model that is not there is refused with the nearest name", () => {
    const extended = client.$extends(synced({ Users: {} }));
    expect(refused(() => prismaDatabase(extended))).toMatchObject({ code: "OPTIONS.UNKNOWN_MODEL", message: expect.stringContaining("Did you mean `User`?") });
  });
});

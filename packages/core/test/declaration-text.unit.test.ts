import { expect, test } from "vitest";
import { declarationIn, fallback, naturalKey, type SyncError } from "../src/index.ts";

test.each([
  ["@sync(match: code)", { match: naturalKey("code") }],
  ["@sync(match: [name, city], omit: [code])", { match: naturalKey(["name", "city"]), omit: ["code"] }],
  ["Things in stock.\n@sync(as: Product, match: code,\n  keepBase: values)", { as: "Product", match: naturalKey("code"), keepBase: "values" }],
  ["@sync(match: { natural: code, case: lower, trim: true })", { match: naturalKey("code", { case: "lower", trim: true }) }],
  ["@sync(match: [{ natural: code }, { fallback: [name, city] }])", { match: [naturalKey("code"), fallback(["name", "city"])] }],
  ['@sync(match: "code")', { match: naturalKey("code") }],
  ["@sync", {}],
  ["Nothing of that kind: user@sync.example (a mail)", undefined],
  ["", undefined],
])("the comment %j is read", (comment, declaration) => {
  expect(declarationIn(comment, "Item")).toEqual(declaration);
});

test.each(["match: ", "match: { by: code }", "match code", "match: [{ natural: code }, name]"])("a comment that says `%s` is refused with one that can be read", (words) => {
  const refusal: Partial<SyncError> = { code: "OPTIONS.DECLARATION", model: "Item", message: expect.stringContaining("@sync(match: code)") as string };
  expect(() => declarationIn(`@sync(${words})`, "Item")).toThrow(expect.objectContaining(refusal));
});

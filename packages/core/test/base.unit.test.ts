import { describe, expect, test } from "vitest";
import type { PairModel } from "../src/mapping/pair-model.ts";
import { BaseCodec } from "../src/plan/base.ts";

const codec = (signature: readonly string[], layouts: readonly (readonly string[])[] = [signature]): BaseCodec =>
  new BaseCodec({ name: "Item", fields: signature, keepBase: "values", signature } as unknown as PairModel, layouts, 1);

describe("the values of a base", () => {
  const both = codec(["a", "b"]);

  test("a null that both sides agreed on is one", () => {
    expect(both.view(both.of("id", ["x", null])).values).toEqual(["x", null]);
  });

  test("a null that one side has altered is one", () => {
    expect(both.view(both.make("id", [both.hash("x"), both.hash("altered")], [both.hash("x"), both.hash(null)], ["x", null])).values).toEqual(["x", null]);
  });

  test("a field that has no base yet has no value, not a null", () => {
    expect(both.view(both.make("id", [both.hash("x"), undefined], undefined, ["x", null])).values).toEqual(["x", undefined]);
  });

  test("a value that was not kept when it was agreed on is not known", () => {
    expect(both.view(both.make("id", [both.hash("x"), both.hash("y")], undefined, ["x", null])).values).toEqual(["x", undefined]);
  });

  test("a field that an older layout did not have has no value", () => {
    const old = codec(["a"]).of("id", [null]);
    expect(codec(["b", "a"], [["a"], ["b", "a"]]).view(old).values).toEqual([undefined, null]);
  });
});

import { naturalKey, type Model } from "@sync/core";
import { describe, expect, test } from "vitest";
import { collect, keyOf, model, pairOf, reference, text, type Pair } from "./pairs.ts";

const records = [model("Post", [text("code")]), model("Tag", [text("code")])];
const edge = (more: Partial<Model> = {}): Model => model(
  "PostTag", [text("postId"), text("tagId")], [reference("postId", "Post", "cascade"), reference("tagId", "Tag", "cascade")],
  { fields: [text("postId"), text("tagId")], primaryKey: ["postId", "tagId"], keySource: "values", uniqueKeys: [], ...more },
);
const codes = { Post: { match: naturalKey("code") }, Tag: { match: naturalKey("code") } };

function edges({ left, right }: Pair): string[][] {
  return [left, right].map((side) => {
    const name = (of: string, id: string): string => side.probe.rows(of).find(({ key }) => key[0] === id)!.record["code"]!;
    return side.probe.rows("PostTag").map(({ record }) => `${name("Post", record["postId"]!)} ${name("Tag", record["tagId"]!)}`).sort();
  });
}

describe("a model whose primary key is its references", () => {
  const filled = (pair: Pair): Pair => {
    for (const side of [pair.left, pair.right]) for (const code of side === pair.left ? ["a", "b"] : ["b", "a"]) side.application.insert("Post", { code });
    for (const side of [pair.left, pair.right]) for (const code of ["x", "y"]) side.application.insert("Tag", { code });
    return pair;
  };
  const add = (side: Pair["left"], post: string, tag: string): unknown =>
    side.application.insert("PostTag", { postId: keyOf(side, "Post", post)[0]!, tagId: keyOf(side, "Tag", tag)[0]! });

  test("is matched by them where nothing else is said", async () => {
    const pair = filled(pairOf([...records, edge()], { models: { ...codes, PostTag: {} } }));
    add(pair.left, "a", "x");
    add(pair.left, "b", "x");
    add(pair.right, "b", "x");
    add(pair.right, "b", "y");
    const run = await pair.sync.run();
    expect(run.models.get("PostTag")).toMatchObject({ linked: 1, created: { left: 1, right: 1 } });
    expect(edges(pair)).toEqual([["a x", "b x", "b y"], ["a x", "b x", "b y"]]);
    expect((await pair.sync.run()).written).toEqual({ left: 0, right: 0 });
    expect(await collect(pair.sync.quarantine())).toEqual([]);
  });

  test("has to be told how where the key is something else on one side", () => {
    const own = [text("id"), text("postId"), text("tagId")];
    const keyed = edge({ fields: own, primaryKey: ["id"], keySource: "allocated" });
    expect(() => pairOf([...records, edge()], { models: { ...codes, PostTag: {} }, rightModels: [...records, keyed] })).toThrow(/`PostTag` has no `match`/);
    expect(() => pairOf(records, { models: { Post: {} } })).toThrow(/`Post` has no `match`/);
    const wider = edge({ fields: [text("kind"), text("postId"), text("tagId")], primaryKey: ["kind", "postId", "tagId"] });
    expect(() => pairOf([...records, wider], { models: { ...codes, PostTag: {} } })).toThrow(/`PostTag` has no `match`/);
  });
});

import { naturalKey, type SyncOptions } from "@sync/core";
import { expect, test } from "vitest";
import type { Side } from "../src/databases.ts";
import { cascades, edges, insert, records, restricts, where } from "../src/edges.ts";
import { listOf } from "../src/lists.ts";
import { onPairs, type Pair } from "../src/pairs.ts";

const models: SyncOptions["models"] = { Post: { match: naturalKey("code") }, Tag: { match: naturalKey("code") }, PostTag: {} };

async function sameEdges({ left, right }: Pair): Promise<string[]> {
  const found = await edges(left);
  expect(await edges(right)).toEqual(found);
  return found;
}

onPairs(import.meta.url, [["sqlite", "postgres"], ["postgres", "sqlite"], ["pglite", "sqlite"]], (open) => {
  test("a join table is keyed by its two references, without a word about matching", async () => {
    const pair = await open(cascades, cascades);
    const { left, right } = pair;
    const sync = pair.sync({ models, firstLink: "left" });
    // Ids differ on the two sides; one edge is on both, with another note.
    await left.exec(records("a b c x y z") + insert("a", "x") + insert("a", "y", "'left'") + insert("c", "z"));
    await right.exec(records("z c q y b a x") + insert("a", "y", "'right'") + insert("b", "x") + insert("c", "z"));
    const first = await sync.run();
    expect(first.models.get("PostTag")).toMatchObject({ created: { left: 1, right: 1 } });
    expect(await sameEdges(pair)).toEqual(["a x", "a y left", "b x", "c z"]);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });

    await left.exec(insert("b", "y") + `delete from post_tag ${where("a", "x")};`);
    await right.exec(`update post_tag set note = 'new' ${where("b", "x")}; delete from post_tag ${where("c", "z")};`);
    await sync.run();
    expect(await sameEdges(pair)).toEqual(["a y left", "b x new", "b y"]);

    // The same edge on both sides at once, gone and come back, and one that both sides have taken away.
    await left.exec(insert("c", "q") + insert("a", "x") + `delete from post_tag ${where("b", "y")};`);
    await right.exec(insert("c", "q") + insert("a", "x", "'back'") + `delete from post_tag ${where("b", "y")};`);
    await sync.run();
    expect((await sameEdges(pair)).map((edge) => edge.slice(0, 3))).toEqual(["a x", "a y", "b x", "c q"]);
    expect(await listOf(sync.quarantine())).toEqual([]);
    expect(await sync.verify()).toMatchObject({ equal: true });
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });

  test("an edge that an application gives another end is the edge of that end on the other side", async () => {
    const pair = await open(cascades, cascades);
    const sync = pair.sync({ models });
    await pair.left.exec(records("a b c x y") + insert("a", "x", "'kept'") + insert("b", "x"));
    await sync.run();
    await pair.left.exec(`update post_tag set tag_id = (select id from tag where code = 'y') ${where("a", "x")};`);
    await pair.right.exec(`update post_tag set post_id = (select id from post where code = 'c') ${where("b", "x")};`);
    await sync.run();
    expect(await sameEdges(pair)).toEqual(["a y kept", "c x"]);
    expect(await sync.verify()).toMatchObject({ equal: true });
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
  });

  const deletes = [["on both sides", cascades, cascades], ["on the left", cascades, restricts], ["on the right", restricts, cascades]] as const;
  test.each(deletes)("when a record goes, its edges go; the database takes them along %s", async (_, one, other) => {
    const pair = await open(one, other);
    const sync = pair.sync({ models });
    await pair.left.exec(records("a b c x y z") + ["x", "y", "z"].flatMap((tag) => ["a", "b", "c"].map((post) => insert(post, tag))).join(""));
    await sync.run();
    const gone = (side: Side, table: string, code: string): Promise<void> =>
      side.exec(`delete from post_tag where ${table}_id = (select id from ${table} where code = '${code}'); delete from ${table} where code = '${code}'`);
    await gone(pair.left, "post", "a");
    await gone(pair.right, "tag", "z");
    await sync.run();
    expect(await sameEdges(pair)).toEqual(["b x", "b y", "c x", "c y"]);
    expect(await pair.right.rows("select code from post order by code")).toEqual([{ code: "b" }, { code: "c" }]);
    expect(await pair.left.rows("select code from tag order by code")).toEqual([{ code: "x" }, { code: "y" }]);
    expect(await listOf(sync.conflicts())).toEqual([]);
    expect(await sync.verify()).toMatchObject({ equal: true });
  });

  test("a record that goes while the other side gives it an edge stays there until that edge is gone", async () => {
    const pair = await open(cascades, cascades);
    const sync = pair.sync({ models });
    await pair.left.exec(records("a b x y") + insert("a", "x"));
    await sync.run();
    await pair.left.exec("delete from post where code = 'a'");
    await pair.right.exec(insert("a", "y", "'new'"));
    for (let n = 0; n < 2; n++) await sync.run();
    expect((await listOf(sync.conflicts())).map(({ model, kind, decision }) => [model, kind, decision])).toEqual([["Post", "delete-parent", "open"]]);
    expect(await edges(pair.right)).toContain("a y new");
    await pair.right.exec(`delete from post_tag ${where("a", "y")};`);
    await sync.run();
    expect(await pair.right.rows("select code from post")).toEqual([{ code: "b" }]);
    expect(await sameEdges(pair)).toEqual([]);
    expect(await listOf(sync.quarantine())).toEqual([]);
    expect(await sync.verify()).toMatchObject({ equal: true });
  });
});

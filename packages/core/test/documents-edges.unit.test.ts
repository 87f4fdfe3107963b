import { createSync, isSyncError, leftWins, naturalKey, unfold, type DocumentTree, type SyncOptions, type TreeChild } from "@sync/core";
import { memoryDatabase, memoryDocuments, type MemoryDatabase, type MemoryDocuments, type MemoryDocumentsOptions } from "@sync/core/memory";
import { describe, expect, test } from "vitest";
import { patchesOf } from "./countries.ts";
import { collect, keyOf, model, reference, text } from "./pairs.ts";

/** Posts with tags: a join table on one side, an array of references inside documents on the other. */

const value = (name: string): TreeChild["fields"][number] => ({ name, kind: { type: "text" } });
// #region array
const arrayOfKeys: TreeChild = {
  path: "tags", single: true, key: ["tagId"],
  fields: [{ name: "tagId", kind: { type: "text" } }], references: [{ fields: ["tagId"], target: "Tag" }],
};
// #endregion
const arrays = {
  "of keys": { child: arrayOfKeys, element: (id: string): unknown => id },
  "of objects with a key": { child: { path: "tags", key: ["id"], fields: [value("id")], references: [{ fields: ["id"], target: "Tag" }] }, element: (id: string): unknown => ({ id }) },
} as const satisfies Record<string, { child: TreeChild; element(id: string): unknown }>;
const treesOf = (child: TreeChild): DocumentTree[] => [
  { documents: "Post", json: "body", fields: [value("code")], uniqueKeys: [["code"]], children: [child] },
  { documents: "Tag", json: "body", fields: [value("code")], uniqueKeys: [["code"]] },
];
const rowModels = [
  model("Post", [text("code")]), model("Tag", [text("code")]),
  model("PostTag", [], [reference("postId", "Post", "cascade"), reference("tagId", "Tag", "cascade")], {
    fields: [text("postId"), text("tagId")], primaryKey: ["postId", "tagId"], keySource: "values", uniqueKeys: [],
  }),
];
const code = { match: naturalKey("code") };

interface Both { readonly rows: MemoryDatabase; readonly inner: MemoryDocuments; readonly sync: ReturnType<typeof createSync> }

function pairOf(child: TreeChild, { documentsLeft = false, ...options }: Partial<MemoryDocumentsOptions> & { documentsLeft?: boolean } = {}): Both {
  const rows = memoryDatabase({ name: "rows", models: rowModels });
  const inner = memoryDocuments({ name: "documents", models: ["Post", "Tag"], ...options });
  const database = unfold(inner, treesOf(child));
  const [left, right] = documentsLeft ? [database, rows] : [rows, database];
  const edge = documentsLeft ? { "Post.tags": { right: "PostTag" } } : { PostTag: { right: "Post.tags" } };
  const sync = createSync({
    name: "pair", left, right, conflicts: leftWins(), firstLink: "left", pageSize: 2, retry: { firstDelay: 1 }, models: { Post: code, Tag: code, ...edge },
  } as unknown as SyncOptions);
  return { rows, inner, sync };
}

const add = (rows: MemoryDatabase, post: string, tag: string): unknown =>
  rows.application.insert("PostTag", { postId: keyOf(rows, "Post", post)[0]!, tagId: keyOf(rows, "Tag", tag)[0]! });
const take = (rows: MemoryDatabase, post: string, tag: string): unknown =>
  rows.application.delete("PostTag", [keyOf(rows, "Post", post)[0]!, keyOf(rows, "Tag", tag)[0]!]);

function edges(rows: MemoryDatabase): string[] {
  const name = (of: string, id: string): string => rows.probe.rows(of).find(({ key }) => key[0] === id)!.record["code"]!;
  return rows.probe.rows("PostTag").map(({ record }) => `${name("Post", record["postId"]!)} ${name("Tag", record["tagId"]!)}`).sort();
}

interface PostDocument { readonly code: string; readonly tags?: readonly (string | { readonly id: string })[] }
const documentOf = (inner: MemoryDocuments, post: string): [id: string, document: PostDocument] => Object.entries(inner.all("Post"))
  .map(([id, body]): [string, PostDocument] => [id, JSON.parse(body) as PostDocument]).find(([, document]) => document.code === post)!;
const tagId = (inner: MemoryDocuments, tag: string): string => Object.entries(inner.all("Tag")).find(([, body]) => (JSON.parse(body) as PostDocument).code === tag)![0];
/** The tags of a post by their codes, in the order in which they stand there. */
function tagsOf(inner: MemoryDocuments, post: string): string[] {
  const codes = new Map(Object.entries(inner.all("Tag")).map(([id, body]) => [id, (JSON.parse(body) as PostDocument).code]));
  return (documentOf(inner, post)[1].tags ?? []).map((tag) => codes.get(typeof tag === "string" ? tag : tag.id) ?? "dangling");
}

describe.each(Object.entries(arrays))("an array %s", (_, { child, element }) => {
  const edit = (inner: MemoryDocuments, post: string, change: (tags: readonly unknown[]) => readonly unknown[]): void => {
    const [id, document] = documentOf(inner, post);
    inner.put("Post", id, JSON.stringify({ ...document, tags: change(document.tags ?? []) }));
  };
  const filled = async (options: Parameters<typeof pairOf>[1] = {}): Promise<Both> => {
    const pair = pairOf(child, options);
    for (const post of ["a", "b"]) pair.rows.application.insert("Post", { code: post });
    for (const tag of ["x", "y", "z"]) pair.rows.application.insert("Tag", { code: tag });
    for (const tag of ["x", "y", "z"]) add(pair.rows, "a", tag);
    await pair.sync.run();
    return pair;
  };
  const settled = async ({ sync, inner, rows }: Both): Promise<void> => {
    expect(await collect(sync.quarantine())).toEqual([]);
    expect(await sync.verify()).toMatchObject({ equal: true });
    const before = [inner.written.length, rows.probe.unitWrites];
    await sync.run();
    expect([inner.written.length, rows.probe.unitWrites]).toEqual(before);
  };

  test.each([false, true])("is a join table to the other side; documents on the left: %s", async (documentsLeft) => {
    const pair = await filled({ documentsLeft });
    const { rows, inner } = pair;
    expect(tagsOf(inner, "a").sort()).toEqual(["x", "y", "z"]);
    expect(documentOf(inner, "b")[1]).not.toHaveProperty("tags");
    edit(inner, "b", () => [element(tagId(inner, "z"))]);
    take(rows, "a", "y");
    await pair.sync.run();
    expect(edges(rows)).toEqual(["a x", "a z", "b z"]);
    expect(tagsOf(inner, "a").sort()).toEqual(["x", "z"]);
    edit(inner, "a", (tags) => tags.filter((_tag, at) => tagsOf(inner, "a")[at] !== "x"));
    add(rows, "b", "x");
    await pair.sync.run();
    expect(edges(rows)).toEqual(["a z", "b x", "b z"]);
    expect([tagsOf(inner, "a"), tagsOf(inner, "b")]).toEqual([["z"], ["z", "x"]]);
    await settled(pair);
  });

  test("keeps its order for those that stay; new ones go to the end, and only they are written", async () => {
    const pair = await filled();
    const { rows, inner } = pair;
    rows.application.insert("Tag", { code: "w" });
    edit(inner, "a", () => ["z", "x", "y"].map((tag) => element(tagId(inner, tag))));
    await pair.sync.run();
    add(rows, "a", "w");
    take(rows, "a", "x");
    const units = inner.written.length;
    await pair.sync.run();
    expect(tagsOf(inner, "a")).toEqual(["z", "y", "w"]);
    const writes = inner.written.slice(units).flatMap((unit) => unit.batches.flatMap((batch) => batch.rows));
    const patches = writes.flatMap(patchesOf).map(({ path, value: to }) => [path, to === undefined ? "removed" : "set"] as const);
    expect(patches).toContainEqual([["tags", 1], "removed"]);
    expect(patches.filter(([path]) => path.length === 1)).toEqual([]);
    await settled(pair);
  });

  test("hides no edge that an application adds while a run is about to write the same document", async () => {
    const pair = await filled();
    const { rows, inner } = pair;
    for (const tag of ["v", "w"]) rows.application.insert("Tag", { code: tag });
    await pair.sync.run();
    // Something for the rows, and later for the document.
    inner.put("Post", "c", JSON.stringify({ code: "c" }));
    add(rows, "a", "v");
    const commit = rows.commit.bind(rows);
    rows.commit = (unit) => {
      rows.commit = commit;
      edit(inner, "a", (tags) => [...tags, element(tagId(inner, "w"))]);
      return commit(unit);
    };
    await pair.sync.run();
    expect(tagsOf(inner, "a").sort()).toEqual(["v", "w", "x", "y", "z"]);
    await pair.sync.run();
    expect(edges(rows)).toEqual(["a v", "a w", "a x", "a y", "a z"]);
    await settled(pair);
  });

  test("loses its edges when either end goes", async () => {
    const pair = await filled();
    const { rows, inner } = pair;
    add(rows, "b", "x");
    await pair.sync.run();
    rows.application.delete("Tag", keyOf(rows, "Tag", "x"));
    await pair.sync.run();
    expect([tagsOf(inner, "a").sort(), tagsOf(inner, "b")]).toEqual([["y", "z"], []]);
    const [id] = documentOf(inner, "a");
    inner.remove("Post", id);
    await pair.sync.run();
    expect(edges(rows)).toEqual([]);
    await settled(pair);
  });

  test("takes an edge to another post, and to another tag, as the application moved it", async () => {
    const pair = await filled();
    const { rows, inner } = pair;
    rows.application.update("PostTag", [keyOf(rows, "Post", "a")[0]!, keyOf(rows, "Tag", "z")[0]!], { postId: keyOf(rows, "Post", "b")[0]! });
    await pair.sync.run();
    expect([tagsOf(inner, "a").sort(), tagsOf(inner, "b")]).toEqual([["x", "y"], ["z"]]);
    rows.application.update("PostTag", [keyOf(rows, "Post", "b")[0]!, keyOf(rows, "Tag", "z")[0]!], { tagId: keyOf(rows, "Tag", "x")[0]! });
    await pair.sync.run();
    expect(tagsOf(inner, "b")).toEqual(["x"]);
    await settled(pair);
  });

  test("waits with an edge to a record that is not there", async () => {
    const pair = await filled({ looksInside: false, tracking: false });
    edit(pair.inner, "b", () => [element("nobody"), element(tagId(pair.inner, "x"))]);
    await pair.sync.run();
    expect(edges(pair.rows)).toContain("b x");
    expect((await collect(pair.sync.quarantine())).map(({ model: of, code: why }) => [of, why])).toEqual([["PostTag", expect.stringMatching(/^REFERENCE\./)]]);
  });
});

describe("an array of keys", () => {
  const { child } = arrays["of keys"];

  test("holds an edge once, however often it stands there, and loses it as one", async () => {
    const pair = pairOf(child);
    pair.inner.put("Tag", "x", '{"code":"x"}');
    pair.inner.put("Tag", "y", '{"code":"y"}');
    pair.inner.put("Post", "a", '{"code":"a","tags":["x","y","x"],"title":"kept"}');
    await pair.sync.run();
    expect(edges(pair.rows)).toEqual(["a x", "a y"]);
    expect((await pair.sync.run()).written).toEqual({ left: 0, right: 0 });
    take(pair.rows, "a", "x");
    await pair.sync.run();
    expect(documentOf(pair.inner, "a")[1]).toEqual({ code: "a", tags: ["y"], title: "kept" });
    await pair.sync.run();
    expect(edges(pair.rows)).toEqual(["a y"]);
  });

  test.each([[true, false], [false, false], [true, true]])("hides no delete behind an edge that is said twice (counted by the database: %s, documents on the left: %s)", async (looksInside, documentsLeft) => {
    const { rows, inner, sync } = pairOf(arrayOfKeys, { looksInside, documentsLeft });
    rows.application.insert("Post", { code: "a" });
    for (const tag of ["x", "y", "z"]) rows.application.insert("Tag", { code: tag });
    for (const tag of ["x", "y"]) add(rows, "a", tag);
    await sync.run();
    await sync.run();
    const [id, document] = documentOf(inner, "a");
    const write = (...tags: string[]): void => inner.put("Post", id, JSON.stringify({ ...document, tags: tags.map((tag) => tagId(inner, tag)) }));
    write("x", "x");
    await sync.run();
    expect(edges(rows)).toEqual(["a x"]);
    write("z", "z");
    await sync.run();
    expect(edges(rows)).toEqual(["a z"]);
  });

  test("quarantines what is no single value, and everything else goes on", async () => {
    const pair = pairOf(child);
    pair.inner.put("Tag", "x", '{"code":"x"}');
    pair.inner.put("Post", "a", '{"code":"a","tags":[null,{"id":"x"},["x"],"x",7]}');
    await pair.sync.run();
    expect(edges(pair.rows)).toEqual(["a x"]);
    expect((await collect(pair.sync.quarantine())).map(({ key, code: why, path }) => [key[1], why, path]).sort())
      .toEqual([0, 1, 2, 4].map((at) => [`(element ${at})`, "DOCUMENT.NO_KEY", `tags[${at}]`]));
  });

  test("cannot hold more than one field", () => {
    const inner = memoryDocuments({ name: "documents", models: ["Post", "Tag"] });
    const wrong: TreeChild = { ...child, fields: [value("tagId"), value("note")], children: [{ path: "more", key: ["id"], fields: [value("id")] }] };
    try {
      unfold(inner, treesOf(wrong));
      expect.unreachable();
    } catch (error) {
      expect(isSyncError(error) && error.message).toMatch(/`Post.tags` are single values: it has one field[^]*neither a cloudId nor records/);
    }
  });
});

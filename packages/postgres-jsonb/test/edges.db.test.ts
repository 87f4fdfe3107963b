import type { Model } from "@sync/core";
import { memoryDatabase, type MemoryDatabase } from "@sync/core/memory";
import { beforeEach, expect, test } from "vitest";
import { z } from "zod";
import type { DocumentOptions, Sync } from "../src/index.ts";
import { createSync, jsonbDatabase, jsonbSchema, leftWins, naturalKey } from "../src/index.ts";
import { onEveryHandle, type Opened } from "./support/engines.ts";

/** A join table on one side, arrays of keys inside documents on the other: ids of documents, and places by their numbers. */
const documents = {
  Post: {
    table: "posts", unique: ["code"],
    schema: z.object({ code: z.string(), tagIds: z.array(z.uuid()), meta: z.object({ places: z.array(z.int32()).optional() }).optional() }),
    children: { tagIds: { key: "tagId", references: { tagId: "Tag" } }, "meta.places": { key: "placeId", references: { placeId: "Place" } } },
  },
  Tag: { table: "tags", schema: z.object({ code: z.string() }), unique: ["code"] },
  Place: { table: "places", key: { column: "id", type: "integer" }, schema: z.object({ code: z.string() }), unique: ["code"] },
} as const satisfies Record<string, DocumentOptions>;

const text = (name: string): Model["fields"][number] => ({ name, kind: { type: "text" }, nullable: false, writable: true });
const record = (name: string): Model => ({
  name, fields: [text("id"), text("code")], primaryKey: ["id"], keySource: "allocated", uniqueKeys: [{ name: "code", fields: ["code"] }], references: [], syncFields: {},
});
const edge = (name: string, field: string, target: string): Model => ({
  name, fields: [text("postId"), text(field)], primaryKey: ["postId", field], keySource: "values", uniqueKeys: [], syncFields: {},
  references: [["postId", "Post"], [field, target]].map(([from, to]) => ({ name: from!, fields: [from!], target: to!, targetFields: ["id"], onDelete: "cascade" })),
});

onEveryHandle(import.meta.url, (open) => {
  let database: Opened;
  let rows: MemoryDatabase;
  let sync: Sync;
  const ids: Record<string, string> = {};

  beforeEach(async () => {
    database = await open();
    await database.exec(jsonbSchema(documents));
    rows = memoryDatabase({ name: "rows", models: [record("Post"), record("Tag"), record("Place"), edge("PostTag", "tagId", "Tag"), edge("PostPlace", "placeId", "Place")] });
    for (const [model, codes] of [["Post", "a b"], ["Tag", "x y z"], ["Place", "p q"]] as const) {
      for (const code of codes.split(" ")) ids[code] = rows.application.insert(model, { code })[0]!;
    }
    sync = createSync({
      name: "edges", left: rows, right: jsonbDatabase(database.client, { documents }), conflicts: leftWins(), firstLink: "left",
      models: {
        Post: { right: "Post", match: naturalKey("code") }, Tag: { right: "Tag", match: naturalKey("code") }, Place: { right: "Place", match: naturalKey("code") },
        PostTag: { right: "Post.tagIds" }, PostPlace: { right: "Post.meta.places" },
      },
    });
    for (const code of ["x", "y", "z"]) rows.application.insert("PostTag", { postId: ids["a"]!, tagId: ids[code]! });
    rows.application.insert("PostPlace", { postId: ids["a"]!, placeId: ids["q"]! });
  });

  /** What the array of a post holds, by codes. */
  const tags = async (post: string): Promise<string | null> => (await database.texts(
    `select string_agg(t.document->>'code', ' ' order by e.at) from posts p, jsonb_array_elements_text(p.document->'tagIds') with ordinality e (id, at)
     join tags t on t.id::text = e.id where p.document->>'code' = '${post}'`))[0]!;
  const places = async (): Promise<(string | null)[]> => database.texts(
    `select (select jsonb_agg(l.document->>'code')::text from jsonb_array_elements(p.document->'meta'->'places') e join places l on to_jsonb(l.id) = e)
     from posts p order by p.document->>'code'`);
  const edges = (): string[] => rows.probe.rows("PostTag").map(({ key }) => key.map((id) => Object.keys(ids).find((code) => ids[code] === id) ?? "new").join(" ")).sort();
  const settled = async (): Promise<void> => {
    const versions = (): Promise<unknown> => database.texts("select string_agg(xmin::text, ',' order by id) from posts");
    const before = await versions();
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
    expect(await versions()).toEqual(before);
    expect(await sync.verify()).toMatchObject({ equal: true });
  };

  test("an array of keys is a join table to the other side; what stays keeps its order", async () => {
    await sync.run();
    const order = (await tags("a"))!.split(" ");
    expect([...order].sort()).toEqual(["x", "y", "z"]);
    expect(await tags("b")).toBe(null);
    expect(await places()).toEqual(['["q"]', null]);
    await settled();

    // On the right: another order, one taken away, one given to another post, a new tag. On the left: a place.
    const [first, second, third] = order as [string, string, string];
    const id = (code: string): string => `(select id from tags where document->>'code' = '${code}')`;
    await database.exec(`insert into tags (document) values ('{"code":"w"}');
      update posts set document = jsonb_set(document, '{tagIds}', jsonb_build_array(${id(third)}, ${id(first)})) where document->>'code' = 'a';
      update posts set document = jsonb_set(document, '{tagIds}', jsonb_build_array(${id(second)}, ${id("w")})) where document->>'code' = 'b'`);
    rows.application.insert("PostPlace", { postId: ids["a"]!, placeId: ids["p"]! });
    rows.application.delete("PostPlace", [ids["a"]!, ids["q"]!]);
    await sync.run();
    expect(edges()).toEqual([`a ${first}`, `a ${third}`, `b ${second}`, "b new"].sort());
    expect(await places()).toEqual(['["p"]', null]);
    await settled();

    rows.application.insert("PostTag", { postId: ids["a"]!, tagId: ids[second]! });
    rows.application.delete("PostTag", [ids["a"]!, ids[first]!]);
    await sync.run();
    expect(await tags("a")).toBe(`${third} ${second}`);
    await settled();
  });

  test("when either end goes, the edge goes", async () => {
    await sync.run();
    await database.exec(`update posts set document = jsonb_set(document, '{tagIds}', (select coalesce(jsonb_agg(e), '[]') from jsonb_array_elements(document->'tagIds') e
      where e <> (select to_jsonb(id) from tags where document->>'code' = 'x'))); delete from tags where document->>'code' = 'x'`);
    await sync.run();
    expect(edges()).toEqual(["a y", "a z"]);
    rows.application.delete("Tag", [ids["y"]!]);
    await sync.run();
    expect(await tags("a")).toBe("z");
    rows.application.delete("Post", [ids["a"]!]);
    await sync.run();
    expect(await database.texts("select document->>'code' from posts")).toEqual(["b"]);
    await settled();
  });
});

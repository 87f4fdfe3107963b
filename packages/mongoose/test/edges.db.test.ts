import { drizzleDatabase } from "@sync/drizzle";
import { describeMongo } from "@sync/test-databases/vitest";
import Sqlite from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { Schema, type Types } from "mongoose";
import { expect, test } from "vitest";
import { createSync, leftWins, mongooseDatabase, naturalKey } from "../src/index.ts";
import { connectionFor } from "./support/opened.ts";

const id = integer().primaryKey({ autoIncrement: true });
const tags = sqliteTable("tags", { id, name: text().notNull().unique() });
const posts = sqliteTable("posts", { id, title: text().notNull().unique(), leadId: integer("lead_id").references(() => tags.id) });
const postTags = sqliteTable("post_tags", {
  postId: integer("post_id").notNull().references(() => posts.id), tagId: integer("tag_id").notNull().references(() => tags.id),
}, (table) => [primaryKey({ columns: [table.postId, table.tagId] })]);

describeMongo("references and arrays of references", (server) => {
  const opened = connectionFor(server, import.meta.url);

  test("are foreign keys and rows of a join table on the other side", async () => {
    const { connection } = opened;
    const Tag = connection.model("Tag", new Schema({ name: { type: String, required: true, unique: true } }));
    const Post = connection.model("Post", new Schema({
      title: { type: String, required: true, unique: true }, lead: { type: Schema.Types.ObjectId, ref: "Tag" }, tags: [{ type: Schema.Types.ObjectId, ref: "Tag" }],
    }));
    await Promise.all([Tag.init(), Post.init()]);
    const client = new Sqlite(":memory:");
    client.exec(`
      create table tags (id integer primary key autoincrement, name text not null unique);
      create table posts (id integer primary key autoincrement, title text not null unique, lead_id integer references tags(id));
      create table post_tags (post_id integer not null references posts(id), tag_id integer not null references tags(id), primary key (post_id, tag_id));
      insert into tags (name) values ('red'), ('blue'), ('green');
      insert into posts (title, lead_id) values ('one', 1), ('two', null);
      insert into post_tags values (1, 1), (1, 2), (2, 2);`);
    const schema = { tags, posts, postTags };
    const sync = createSync({
      name: "posts", left: drizzleDatabase(drizzle(client, { schema }), { schema }), right: mongooseDatabase(connection), conflicts: leftWins(), firstLink: "left",
      models: {
        tags: { right: "Tag", match: naturalKey("name") },
        posts: { right: "Post", match: naturalKey("title"), fields: { leadId: "lead" } },
        postTags: { right: "Post.tags", fields: { postId: "parent", tagId: "tags" } },
      },
    });
    await sync.run();
    const populated = async (title: string): Promise<{ lead: string | undefined; tags: string[] }> => {
      const post = await Post.findOne({ title }).populate<{ lead: { name: string } | null; tags: { name: string }[] }>(["lead", "tags"]).orFail();
      return { lead: post.lead?.name, tags: post.tags.map(({ name }) => name) };
    };
    expect(await populated("one")).toEqual({ lead: "red", tags: ["red", "blue"] });
    const ids = Object.fromEntries((await Tag.find().lean()).map(({ name, _id }): [string, Types.ObjectId] => [name, _id]));
    await Post.updateOne({ title: "two" }, { $set: { lead: ids["green"] }, $push: { tags: ids["green"] } });
    client.exec("delete from post_tags where post_id = 1 and tag_id = 1");
    const { models } = await sync.run();
    expect(models.get("postTags")).toMatchObject({ created: { left: 1 }, deleted: { right: 1 } });
    expect(models.get("posts")).toMatchObject({ updated: { left: 1, right: 0 } });
    expect(await populated("one")).toEqual({ lead: "red", tags: ["blue"] });
    expect(client.prepare("select name from post_tags join tags on tags.id = tag_id where post_id = 2 order by 1").pluck().all()).toEqual(["blue", "green"]);
    expect((await sync.run()).written).toEqual({ left: 0, right: 0 });
    expect(await sync.verify()).toMatchObject({ equal: true });
  });
});

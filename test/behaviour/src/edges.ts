import { integer as pgInteger, pgTable, primaryKey as pgPrimaryKey, serial, text as pgText } from "drizzle-orm/pg-core";
import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { Side } from "./databases.ts";

/** Posts and tags, and a table of which tag a post has. `onDelete`: what becomes of that when either goes. */
const ddl = (onDelete: string): Record<"sqlite" | "postgres", string> => {
  const tables = (id: string): string => `
    create table post (id ${id}, code text not null unique);
    create table tag (id ${id}, code text not null unique);
    create table post_tag (post_id integer not null references post (id) ${onDelete}, tag_id integer not null references tag (id) ${onDelete},
      note text, primary key (post_id, tag_id));`;
  return { sqlite: tables("integer primary key autoincrement"), postgres: tables("serial primary key") };
};
const cascading = { onDelete: "cascade" } as const;
const sqlite = (onDelete?: typeof cascading) => {
  const Post = sqliteTable("post", { id: integer().primaryKey({ autoIncrement: true }), code: text().notNull().unique() });
  const Tag = sqliteTable("tag", { id: integer().primaryKey({ autoIncrement: true }), code: text().notNull().unique() });
  const PostTag = sqliteTable("post_tag", {
    postId: integer("post_id").notNull().references(() => Post.id, onDelete), tagId: integer("tag_id").notNull().references(() => Tag.id, onDelete), note: text(),
  }, (table) => [primaryKey({ columns: [table.postId, table.tagId] })]);
  return { Post, Tag, PostTag };
};
const postgres = (onDelete?: typeof cascading) => {
  const Post = pgTable("post", { id: serial().primaryKey(), code: pgText().notNull().unique() });
  const Tag = pgTable("tag", { id: serial().primaryKey(), code: pgText().notNull().unique() });
  const PostTag = pgTable("post_tag", {
    postId: pgInteger("post_id").notNull().references(() => Post.id, onDelete), tagId: pgInteger("tag_id").notNull().references(() => Tag.id, onDelete), note: pgText(),
  }, (table) => [pgPrimaryKey({ columns: [table.postId, table.tagId] })]);
  return { Post, Tag, PostTag };
};
export const cascades = { ddl: ddl("on delete cascade"), schema: { sqlite: sqlite(cascading), postgres: postgres(cascading) } };
export const restricts = { ddl: ddl(""), schema: { sqlite: sqlite(), postgres: postgres() } };


/** Statements of an application: an edge, the one between two records, records by their codes (tags from `m` on). */
export const insert = (post: string, tag: string, note = "null"): string =>
  `insert into post_tag (post_id, tag_id, note) select p.id, t.id, ${note} from post p, tag t where p.code = '${post}' and t.code = '${tag}';`;
export const where = (post: string, tag: string): string =>
  `where post_id = (select id from post where code = '${post}') and tag_id = (select id from tag where code = '${tag}')`;
export const records = (codes: string): string => codes.split(" ").map((code) => `insert into ${code < "m" ? "post" : "tag"} (code) values ('${code}');`).join("");

/** `post tag note` of every edge. */
export async function edges(side: Side): Promise<string[]> {
  const rows = await side.rows("select p.code || ' ' || t.code || coalesce(' ' || e.note, '') as edge from post_tag e join post p on p.id = e.post_id join tag t on t.id = e.tag_id");
  return rows.map(({ edge }) => String(edge)).sort();
}

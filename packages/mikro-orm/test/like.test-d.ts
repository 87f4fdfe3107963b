// Not compiling is the failure: the structural type stands for the real library, and names are checked where it tells them.
import { defineEntity, p } from "@mikro-orm/core";
import type { MikroORM as CoreOrm } from "@mikro-orm/core";
import { MikroORM as PostgresOrm } from "@mikro-orm/postgresql";
import { MikroORM as SqliteOrm } from "@mikro-orm/sqlite";
import { expectTypeOf } from "vitest";
import { createSync, leftWins, mikroOrmDatabase, naturalKey, Synced, synced } from "../src/index.ts";
import type { MikroOrmLike, MikroOrmTypes } from "../src/index.ts";

expectTypeOf<SqliteOrm>().toExtend<MikroOrmLike>();
expectTypeOf<PostgresOrm>().toExtend<MikroOrmLike>();
expectTypeOf<CoreOrm>().toExtend<MikroOrmLike>();

const Author = defineEntity({ name: "Author", properties: { id: p.integer().primary(), name: p.string().unique(), posts: () => p.oneToMany(Post).mappedBy("author") } });
const Post = defineEntity({ name: "Post", properties: { id: p.integer().primary(), title: p.string().unique(), size: p.bigint().nullable(), author: () => p.manyToOne(Author) } });
class Extended extends Post.class {}
class Plain {
  id!: number;
  title!: string;
}

type Types = MikroOrmTypes<readonly [typeof Author, typeof Post]>;
expectTypeOf<Types["Post"]["size"]>().toEqualTypeOf<bigint | null | undefined>();
expectTypeOf<"posts" extends keyof Types["Author"] ? true : false>().toEqualTypeOf<false>();
expectTypeOf<MikroOrmTypes<readonly [typeof Author, typeof Extended]>["Post"]["title"]>().toEqualTypeOf<string>();

export function compiled(): void {
  const left = mikroOrmDatabase(new SqliteOrm({ entities: [Author, Post] }), { models: ["Post"], kinds: { Post: { title: { type: "text" } } } });
  const right = mikroOrmDatabase(new PostgresOrm({ entities: [Author, Post] }));
  const pair = { name: "typed", left, right, conflicts: leftWins() };
  createSync({ ...pair, models: { Post: { match: naturalKey("title"), fields: { title: "title", "author.id": "author" } }, post_tags: {} } });
  // @ts-expect-error no such field
  createSync({ ...pair, models: { Post: { match: naturalKey("titel") } } });
  // @ts-expect-error a collection is no field
  createSync({ ...pair, models: { Author: { match: naturalKey("posts") } } });
  // @ts-expect-error no such entity
  createSync({ ...pair, models: { Posts: { match: naturalKey("title") } } });
  // @ts-expect-error no such entity
  mikroOrmDatabase(new SqliteOrm({ entities: [Author, Post] }), { models: ["Posts"] });
  // @ts-expect-error no such option
  mikroOrmDatabase(new SqliteOrm({ entities: [Author, Post] }), { entities: [] });
  // @ts-expect-error not an ORM
  mikroOrmDatabase({});

  // Classes do not tell the compiler their names: they are checked when the sync is created.
  const plain = mikroOrmDatabase(new SqliteOrm({ entities: [Plain] }));
  createSync({ name: "plain", left: plain, right: plain, models: { Anything: { match: naturalKey("goes") } }, conflicts: leftWins() });

  @Synced({ match: naturalKey("title"), omit: ["id"] })
  class Right extends Plain {}
  // @ts-expect-error no such property
  @Synced({ match: naturalKey("titel") })
  class Wrong extends Plain {}
  @Synced({ match: naturalKey("title.part") })
  class Composite extends Plain {}
  void [Right, Wrong, Composite];

  expectTypeOf(synced(Post, { match: naturalKey("title"), omit: ["author"] })).toEqualTypeOf<typeof Post>();
  // @ts-expect-error no such property
  synced(Post, { match: naturalKey("titel") });
}

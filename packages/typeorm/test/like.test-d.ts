// Not compiling is the failure: the structural type stands for the real library, and names are checked where it tells them.
import type { DataSource } from "typeorm";
import { EntitySchema } from "typeorm";
import { createSync, leftWins, naturalKey, Synced, synced, typeormDatabase } from "../src/index.ts";
import type { DataSourceLike } from "../src/index.ts";

declare const dataSource: DataSource;

interface Author {
  id: number;
}
class Post {
  id!: number;
  title!: string;
  author?: Author;
}

export function compiled(): void {
  const like: DataSourceLike = dataSource;
  const right = typeormDatabase(like);
  const left = typeormDatabase<{ Post: Post }>(dataSource, { models: ["Post"], kinds: { Post: { title: { type: "text" } } } });
  const pair = { name: "typed", left, right, conflicts: leftWins() };
  createSync({ ...pair, models: { Post: { right: "Beitrag", match: naturalKey("title"), fields: { title: "titel", "author.id": "autor" } } } });

  // @ts-expect-error no such field
  createSync({ ...pair, models: { Post: { match: naturalKey("titel") } } });
  // @ts-expect-error no such entity
  createSync({ ...pair, models: { Posts: { match: naturalKey("title") } } });
  // @ts-expect-error no such entity
  typeormDatabase<{ Post: Post }>(dataSource, { models: ["Posts"] });
  // @ts-expect-error no such option
  typeormDatabase(dataSource, { entities: [] });
  // @ts-expect-error not a data source
  typeormDatabase({});

  @Synced({ match: naturalKey("title"), omit: ["author"] })
  class Right extends Post {}

  // @ts-expect-error no such property
  @Synced({ match: naturalKey("titel") })
  class Wrong extends Post {}

  // @ts-expect-error one of them is no property
  @Synced({ match: naturalKey("title"), omit: ["autor"] })
  class Half extends Post {}

  @Synced({ match: naturalKey("author.id") })
  class Composite extends Post {}

  void [Right, Wrong, Half, Composite];

  const schema = new EntitySchema<Post>({ name: "Post", columns: { id: { type: Number, primary: true }, title: { type: String } } });
  const same: EntitySchema<Post> = synced(schema, { match: naturalKey("title") });
  // @ts-expect-error no such property
  synced(same, { match: naturalKey("titel") });
}

import { PrismaBetterSqlite3 } from "@prisma/adapter-better-sqlite3";
import { drizzle } from "drizzle-orm/pglite";
import { drizzleDatabase } from "@sync/drizzle";
import { ask, createSync, fieldMerge, naturalKey, newest, prismaDatabase } from "@sync/prisma";
import { PrismaClient } from "./left/generated/client.ts";
import * as schema from "./right/schema.ts";

export type Connections = ReturnType<typeof connect>;

/** Two clients, two databases, one sync. */
export function connect(folder: string) {
  // #region readme
  const prisma = new PrismaClient({ adapter: new PrismaBetterSqlite3({ url: `file:${folder}/left.sqlite` }) });
  const db = drizzle(`${folder}/right`);
  const texts = { name: "title", wikipediaUrl: "wiki", keywords: "tags" } as const; // left: right
  const place = { latitude: "lat", longitude: "lon", elevationFt: "elevation", municipality: "city", homeUrl: "homePage" } as const;
  const sync = createSync({
    name: "airports",
    left: prismaDatabase(prisma),
    right: drizzleDatabase(db, { schema }),
    models: {
      Country: { right: "countries", match: naturalKey("code"), fields: texts, conflicts: ask(), keepBase: "values" },
      Region: { right: "regions", match: naturalKey("code"), fields: texts },
      Airport: { right: "airports", match: naturalKey("ident"), fields: { ...texts, ...place }, keepBase: "values" },
    },
    conflicts: fieldMerge({ otherwise: newest("updatedAt") }),
  });
  // #endregion
  return { prisma, db, sync };
}

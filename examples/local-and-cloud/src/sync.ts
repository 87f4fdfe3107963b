import { createSync, fallback, fieldMerge, naturalKey, newest, prismaDatabase, type Sync } from "@sync/prisma";
import type { Client } from "./databases.ts";

/** The seven models, how their records are recognised, and who is right. Ids never take part. */
export function localAndCloud(local: Client, cloud: Client): Sync {
  return createSync({
    name: "local-and-cloud",
    left: prismaDatabase(local),
    right: prismaDatabase(cloud),
    models: {
      User: { match: naturalKey("email") },
      Role: { match: naturalKey("name") },
      Permission: { match: naturalKey(["resource", "action", "scope"]) },
      Product: { match: naturalKey("sku") },
      Customer: { match: [naturalKey("email"), fallback(["name", "city"])] },
      Proposal: { match: fallback(["title", "customerId"]) },
      Content: { match: fallback(["kind", "title", "authorId"]) },
    },
    conflicts: fieldMerge({ otherwise: newest("updatedAt") }),
    firstLink: newest("updatedAt"),
  });
}

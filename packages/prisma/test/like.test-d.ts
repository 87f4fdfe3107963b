// Not compiling is the failure: the structural types stand for the real client, and options are checked against its models.
import { cloudId, createSync, leftWins, naturalKey, prismaDatabase, synced } from "@sync/prisma";
import type { PrismaClientLike, PrismaTypes } from "@sync/prisma";
import { expectTypeOf } from "vitest";
import type { PrismaClient as PostgresClient } from "./postgres/generated/client.ts";
import type { PrismaClient } from "./sqlite/generated/client.ts";

expectTypeOf<PrismaClient>().toExtend<PrismaClientLike>();
expectTypeOf<PostgresClient>().toExtend<PrismaClientLike>();

type Types = PrismaTypes<PrismaClient>;
expectTypeOf<keyof Types>().toEqualTypeOf<"User" | "Post" | "Grant" | `_${string}`>();
expectTypeOf<keyof Types["_PostToTag"]>().toEqualTypeOf<"A" | "B">();
expectTypeOf<keyof Types["Grant"]>().toEqualTypeOf<"role" | "right" | "note">();
expectTypeOf<Types["User"]["age"]>().toEqualTypeOf<number | null>();
expectTypeOf<Types["User"]["big"]>().toEqualTypeOf<bigint | null>();
expectTypeOf<Types["User"]["bornAt"]>().toEqualTypeOf<Date>();
expectTypeOf<Types["User"]["color"]>().toEqualTypeOf<"RED" | "GREEN">();
expectTypeOf<PrismaTypes<PostgresClient>["Thing"]["tags"]>().toEqualTypeOf<string[]>();

export function accepts(left: PrismaClient, right: PostgresClient): void {
  const pair = { name: "pair", left: prismaDatabase(left), conflicts: leftWins() };
  const same = { ...pair, right: prismaDatabase(left, { models: ["User"], syncFields: { cloudId: false } }) };
  createSync({ ...same, models: { User: { match: naturalKey("email") }, Post: { match: naturalKey(["title", "authorId"]), omit: ["parentId"] } } });
  createSync({ ...pair, right: prismaDatabase(right), models: { User: { right: "Place", match: [cloudId(), naturalKey("email")], fields: { email: "name" } } } });
  createSync({ ...same, models: { _PostToTag: {}, _fans: { omit: ["B"] }, Grant: { right: "_other", fields: { role: "A", right: "B" }, match: naturalKey(["role", "right"]) } } });
  // @ts-expect-error the table of a relation has the columns A and B
  createSync({ ...same, models: { _PostToTag: { omit: ["C"] } } });
  // @ts-expect-error no such model
  createSync({ ...same, models: { Users: { match: naturalKey("email") } } });
  // @ts-expect-error no such field
  createSync({ ...same, models: { User: { match: naturalKey("mail") } } });
  // @ts-expect-error no such field on the right
  createSync({ ...pair, right: prismaDatabase(right), models: { User: { right: "Place", match: naturalKey("email"), fields: { email: "title" } } } });

  const extended = left.$extends({ model: { $allModels: { hello: () => "hello" } } });
  const database = prismaDatabase(extended);
  createSync({ ...same, left: database, models: { User: { match: naturalKey("email") } } });
  // @ts-expect-error no such field
  createSync({ ...same, left: database, models: { User: { match: naturalKey("mail") } } });

  // @ts-expect-error not a client
  prismaDatabase({});
  // @ts-expect-error no such option
  prismaDatabase(left, { schemas: "" });
}

export function declares(client: PrismaClient): void {
  const extended = client.$extends(synced<PrismaClient>({ User: { match: naturalKey("email"), omit: ["picture"] } }));
  expectTypeOf<keyof PrismaTypes<typeof extended>>().toEqualTypeOf<"User" | "Post" | "Grant" | `_${string}`>();
  // @ts-expect-error no such model
  synced<PrismaClient>({ Users: { match: naturalKey("email") } });
  // @ts-expect-error no such field
  synced<PrismaClient>({ User: { match: naturalKey("mail") } });
}

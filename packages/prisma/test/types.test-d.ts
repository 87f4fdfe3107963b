// Not compiling is the failure: models, fields and match rules are checked against the generated clients.
import { createSync, leftWins, naturalKey, prismaDatabase } from "@sync/prisma";
import type { PrismaTypes } from "@sync/prisma";
import type { PrismaClient } from "./sqlite/generated/client.ts";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const check = <_ extends true>(): void => {};

check<Same<keyof PrismaTypes<PrismaClient>, "User" | "Post" | "Grant">>();
check<Same<keyof PrismaTypes<PrismaClient>["Grant"], "role" | "right" | "note">>();
check<Same<PrismaTypes<PrismaClient>["User"]["age"], number | null>>();

export function accepts(left: PrismaClient, right: PrismaClient): void {
  const pair = { name: "pair", left: prismaDatabase(left), right: prismaDatabase(right), conflicts: leftWins() };
  createSync({ ...pair, models: { User: { match: naturalKey("email") }, Post: { match: naturalKey(["title", "authorId"]), omit: ["parentId"] } } });
  // @ts-expect-error no such model
  createSync({ ...pair, models: { Users: { match: naturalKey("email") } } });
  // @ts-expect-error no such field
  createSync({ ...pair, models: { User: { match: naturalKey("mail") } } });
}

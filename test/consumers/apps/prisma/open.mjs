import { PrismaBetterSqlite3 } from "@prisma/adapter-better-sqlite3";
import { PrismaClient } from "./generated/client.ts";

/** A client on an empty file with the tables of the schema. */
export async function open(path) {
  const prisma = new PrismaClient({ adapter: new PrismaBetterSqlite3({ url: `file:${path}` }) });
  await prisma.$executeRawUnsafe(`create table "Country" ("id" text not null primary key, "code" text not null unique, "name" text not null)`);
  await prisma.$executeRawUnsafe(`create table "City" ("id" text not null primary key, "code" text not null unique, "countryId" text not null references "Country" ("id") on delete restrict on update cascade)`);
  return prisma;
}

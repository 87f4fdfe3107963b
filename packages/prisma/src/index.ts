export { prismaDatabase } from "./database.ts";
export type { PrismaDatabase } from "./database.ts";
export type { PrismaDatabaseOptions, SyncFieldNames } from "./options.ts";
export type { PrismaClientLike, PrismaTypes } from "./client.ts";
export type { PrismaDmmf } from "./dmmf.ts";

import type { Dial } from "../dial.ts";
import { drizzleOnPostgres, drizzleOnSqlite } from "./libraries/drizzle.ts";
import { mikroOrmOnPostgres, mikroOrmOnSqlite } from "./libraries/mikro-orm.ts";
import { mongooseOnMongo } from "./libraries/mongoose.ts";
import type { OpenValues } from "./libraries/open.ts";
import { jsonbOnPostgres } from "./libraries/postgres-jsonb.ts";
import { prismaOnPostgres, prismaOnSqlite } from "./libraries/prisma.ts";
import { typeormOnPostgres, typeormOnSqlite } from "./libraries/typeorm.ts";

/** Every library on every engine that it is tried on. */
export const sides = {
  "drizzle on sqlite": drizzleOnSqlite,
  "drizzle on postgres": drizzleOnPostgres,
  "typeorm on sqlite": typeormOnSqlite,
  "typeorm on postgres": typeormOnPostgres,
  "mikro-orm on sqlite": mikroOrmOnSqlite,
  "mikro-orm on postgres": mikroOrmOnPostgres,
  "prisma on sqlite": prismaOnSqlite,
  "prisma on postgres": prismaOnPostgres,
  "postgres-jsonb": jsonbOnPostgres,
  "mongoose": mongooseOnMongo,
} as const satisfies Readonly<Record<string, OpenValues>>;

export type SideName = keyof typeof sides;

const NAMES = Object.keys(sides) as readonly SideName[];
const CENTRE: SideName = "drizzle on postgres";

/** Whether it needs the server of MongoDB, beside that of PostgreSQL. */
export const isOnMongo = (pair: readonly SideName[]): boolean => pair.includes("mongoose");

/** Which values go where. In a star every side meets the centre, both ways. */
export function valuePairs(dial: Dial): readonly (readonly [left: SideName, right: SideName])[] {
  if (dial === "one") return [["drizzle on sqlite", CENTRE]];
  const all = NAMES.flatMap((left) => NAMES.map((right) => [left, right] as const));
  return dial === "full" ? all : all.filter((pair) => pair.includes(CENTRE));
}

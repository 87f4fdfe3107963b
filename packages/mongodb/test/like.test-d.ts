// Not compiling is the failure: the structural types stand for the real driver.
import type { BSON, ClientSession, Db } from "mongodb";
import { expectTypeOf } from "vitest";
import type { Bson, Db as DbLike, Session } from "../src/driver.ts";

expectTypeOf<typeof BSON>().toExtend<Bson>();
expectTypeOf<Db>().toExtend<DbLike>();
expectTypeOf<ClientSession>().toExtend<Session>();

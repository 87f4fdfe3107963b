// Not compiling is the failure: the structural types stand for the real drivers.
import type { PGlite } from "@electric-sql/pglite";
import type { Client, Pool } from "pg";
import { expectTypeOf } from "vitest";
import type { PgClientLike, PgliteLike, PgPoolLike } from "../src/index.ts";

expectTypeOf<Pool>().toExtend<PgPoolLike>();
expectTypeOf<Client>().toExtend<PgClientLike>();
expectTypeOf<PGlite>().toExtend<PgliteLike>();

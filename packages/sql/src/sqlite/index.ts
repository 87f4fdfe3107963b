import type { Dialect } from "../dialect.ts";
import { allocate } from "./allocate.ts";
import { fit, look } from "./inspect.ts";
import { claim, release, uninstall } from "./lease.ts";
import { sqliteReader } from "./read.ts";
import { sqliteSyntax } from "./syntax.ts";
import { commitUnit } from "./unit.ts";

export const sqlite: Dialect = { syntax: sqliteSyntax, reader: sqliteReader, claim, release, commit: commitUnit, allocate, look, fit, uninstall };

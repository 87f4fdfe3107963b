import type { Dialect } from "../dialect.ts";
import { allocate } from "./allocate.ts";
import { fingerprint, fingerprintOf } from "./fingerprint.ts";
import { fit, look } from "./inspect.ts";
import { claim, release, uninstall } from "./lease.ts";
import { sqliteReader } from "./read.ts";
import { isMissing } from "./sides.ts";
import { sqliteSyntax } from "./syntax.ts";
import { commitUnit } from "./unit.ts";

export const sqlite: Dialect = {
  syntax: sqliteSyntax, reader: sqliteReader, claim, release, commit: commitUnit, commitInTurn: commitUnit, allocate, look, fit, uninstall, isMissing,
  fingerprints: { take: fingerprint, of: fingerprintOf },
};

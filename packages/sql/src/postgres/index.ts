import type { Dialect } from "../dialect.ts";
import { allocate } from "./allocate.ts";
import { changesSince } from "./changes.ts";
import { missingDocumentKeys } from "./document-keys.ts";
import { commitDocuments } from "./documents.ts";
import { fit, look } from "./inspect.ts";
import { claim, release, uninstall } from "./lease.ts";
import { postgresReader } from "./read.ts";
import { isMissing } from "./sides.ts";
import { postgresSyntax } from "./syntax.ts";
import { commitUnit } from "./unit.ts";

export const postgres: Dialect = {
  syntax: postgresSyntax, reader: postgresReader, claim, release, commit: commitUnit, commitDocuments, allocate, changesSince, look, missingDocumentKeys, fit,
  uninstall, isMissing,
};

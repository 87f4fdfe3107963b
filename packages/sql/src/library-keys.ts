import { randomUUID } from "node:crypto";
import type { Reference } from "@sync/core";
import type { KeyMaker } from "./model.ts";

const actions: Readonly<Record<string, Reference["onDelete"]>> = { cascade: "cascade", setnull: "set-null", setdefault: "set-null" };

/** What a library calls the rule of a foreign key, `SET NULL`, `set null` or `SetNull`. All that are not known restrict. */
export function onDeleteOf(rule: string | undefined): Reference["onDelete"] {
  return actions[(rule ?? "").replaceAll(" ", "").toLowerCase()] ?? "restrict";
}

/** Who makes the keys of a column with this SQL as its default. Undefined: they come with the record. */
export function keyMakerBy(sqlDefault: string | undefined, isUuid: boolean): KeyMaker | undefined {
  const sequence = /nextval\('([^']+)'/.exec(sqlDefault ?? "")?.[1];
  if (sequence !== undefined) return { sequence };
  return sqlDefault !== undefined && isUuid ? randomUUID : undefined;
}

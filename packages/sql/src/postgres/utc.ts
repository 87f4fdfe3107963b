import type { Kind } from "@sync/core";
import type { SqlColumn } from "../model.ts";
import { postgresColumn, postgresKind } from "./columns.ts";
import type { PostgresColumnOptions } from "./columns.ts";

/** A `timestamp` column in which a library keeps moments, and means UTC; undefined for any other type. */
export function postgresUtcColumn(options: Omit<PostgresColumnOptions, "kind">): { kind: Kind; column: SqlColumn } | undefined {
  const own = postgresKind(options.type);
  const item = own?.type === "list" ? own.of : own;
  if (item?.type !== "local") return undefined;
  const isList = own?.type === "list";
  const instant: Kind = { type: "instant", digits: item.digits };
  const column = postgresColumn(options);
  return {
    kind: isList ? { type: "list", of: instant } : instant,
    column: {
      ...column,
      decode: (text) => eachItem(isList, column.decode(text), (local) => (local.endsWith("infinity") ? local : `${local}Z`)),
      encode: (value) => column.encode(eachItem(isList, value, (text) => text.replace(/Z$/, ""))),
    },
  };
}

/** Changes a canonical value, or every item of a canonical list but null. */
export function eachItem(isList: boolean, text: string, change: (item: string) => string): string {
  if (!isList) return change(text);
  return JSON.stringify((JSON.parse(text) as (string | null)[]).map((item) => (item === null ? null : change(item))));
}

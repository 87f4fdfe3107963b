import { ValueError } from "@sync/core";
import type { StoredField } from "../convert.ts";
import type { PostgresColumnOptions } from "./columns.ts";
import { eachItem, postgresUtcColumn } from "./utc.ts";

/**
 * A `timestamp` column in which a library keeps what node-postgres makes of a Date: the time on the wall of this process's
 * zone; undefined for any other type. Moments that come twice when clocks are set back have one wall time only: the second of
 * them cannot be stored.
 */
export function postgresProcessZoneColumn(options: Omit<PostgresColumnOptions, "kind">): StoredField | undefined {
  const utc = postgresUtcColumn(options);
  if (!utc) return undefined;
  const { kind, column } = utc;
  const isList = kind.type === "list";
  return {
    kind,
    held: firstOnTheWall,
    column: {
      ...column,
      decode: (text) => eachItem(isList, column.decode(text), momentOf),
      encode: (value) => column.encode(eachItem(isList, value, wallOf)),
    },
  };
}

/** Of the moments with the same time on the wall the one that is read again: what a clock gives can always be stored so. */
function firstOnTheWall(date: Date): Date {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate(), date.getHours(), date.getMinutes(), date.getSeconds(), date.getMilliseconds());
}

/** Wall times are written like moments here, with a Z; the fraction stays as it is. */
function momentOf(wall: string): string {
  return moved(wall, (whole) => new Date(whole));
}

function wallOf(moment: string): string {
  const wall = moved(moment, (whole) => {
    const date = new Date(`${whole}Z`);
    return new Date(date.getTime() - Math.round(date.getTimezoneOffset() * 60_000));
  });
  if (momentOf(wall) !== moment) throw new ValueError("VALUE.OUT_OF_RANGE");
  return wall;
}

function moved(text: string, move: (whole: string) => Date): string {
  if (text.endsWith("infinity")) return text;
  const [, whole = "", fraction = ""] = /^(.*?)(\.\d+)?Z$/.exec(text) ?? [];
  const date = move(whole);
  if (Number.isNaN(date.getTime())) throw new ValueError("VALUE.OUT_OF_RANGE");
  return `${date.toISOString().slice(0, -".000Z".length)}${fraction}Z`;
}

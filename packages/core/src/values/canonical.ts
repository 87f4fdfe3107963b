import { canonicalBytes } from "./bytes.ts";
import { canonicalDuration } from "./duration.ts";
import { canonicalJson, jsonItems } from "./json.ts";
import type { Kind } from "./kind.ts";
import { canonicalDecimal, canonicalFloat, canonicalInteger } from "./number.ts";
import { canonicalBoolean, canonicalText, canonicalUuid } from "./text.ts";
import { canonicalDate, canonicalInstant, canonicalLocal, canonicalTime } from "./time.ts";

/**
 * The one canonical text of a value, from any spelling that a database or a driver prints. A text that is canonical
 * already is returned as it is, after one look at it.
 *
 * Decides form only, never size: a text longer than the field or a year outside the column's range passes here and is
 * found by `fits`. So it also carries a canonical text of one kind over to another that can express it (`1e+21` of a
 * float as a decimal).
 *
 * @throws {ValueError} if the text is no spelling of this kind
 */
export function canonical(kind: Kind, text: string): string {
  switch (kind.type) {
    case "text":
    case "enum":
      return canonicalText(text);
    case "integer":
      return canonicalInteger(text);
    case "decimal":
      return canonicalDecimal(text);
    case "float":
      return canonicalFloat(text, kind.bits);
    case "boolean":
      return canonicalBoolean(text);
    case "instant":
      return canonicalInstant(text);
    case "local":
      return canonicalLocal(text);
    case "date":
      return canonicalDate(text);
    case "time":
      return canonicalTime(text);
    case "duration":
      return canonicalDuration(text);
    case "bytes":
      return canonicalBytes(text);
    case "uuid":
      return canonicalUuid(text);
    case "json":
      return canonicalJson(text);
    case "list":
      return canonicalList(kind.of, text);
  }
}

/**
 * From a JSON array. A string is the text of an item, whatever the items' kind (a list of JSON holds JSON texts); every
 * other item is taken as it is spelled, so `[1.50,true,null]` of a database's own JSON function is understood.
 */
function canonicalList(of: Kind, text: string): string {
  const list = JSON.stringify(jsonItems(text).map((item) => (item === null ? null : canonical(of, item))));
  return list === text ? text : list;
}

/** The items of a canonical list. */
export function listItems(list: string): (string | null)[] {
  return JSON.parse(list) as (string | null)[];
}

/** A canonical list with every item but null replaced. */
export function mapList(list: string, change: (item: string) => string): string {
  return JSON.stringify(listItems(list).map((item) => (item === null ? null : change(item))));
}

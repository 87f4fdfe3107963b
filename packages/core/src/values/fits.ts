import { byteLength } from "./bytes.ts";
import { canonical, listItems, mapList } from "./canonical.ts";
import { truncateDuration } from "./duration.ts";
import { isValueError, type ValueErrorCode } from "./error.ts";
import type { FloatKind, Kind } from "./kind.ts";
import { canonicalDecimal, canonicalFloat, decimalMisfit, isInRange, shortest, truncateDecimal } from "./number.ts";
import { isLongerThan } from "./text.ts";
import { truncateSeconds } from "./time.ts";

/**
 * Whether a canonical text, of this kind or of one that meets it, can be written into a field of this kind without
 * being altered: undefined if so, else why not.
 */
export function fits(kind: Kind, text: string): ValueErrorCode | undefined {
  try {
    return misfit(kind, text, canonical(kind, text));
  } catch (error) {
    if (isValueError(error)) return error.code;
    throw error;
  }
}

export interface NarrowOptions {
  /**
   * Also cut decimals to their field's scale, and round decimals and long integers to a float. Declared per field, since
   * money is not a measurement.
   */
  readonly decimals?: boolean;
}

/**
 * A canonical text cut to what a field of this kind holds, so that the database has nothing to round: times to their
 * digits, floats to their width, exact numbers only when asked. Everything else stays, and `fits` decides about it. A
 * fraction is never cut to a whole number: that takes a converter.
 */
export function narrowed(kind: Kind, text: string, options: NarrowOptions = {}): string {
  switch (kind.type) {
    case "instant":
    case "local":
    case "time":
      return truncateSeconds(text, kind.digits);
    case "duration":
      return truncateDuration(text, kind.digits);
    case "float":
      if (fits(kind, text) !== "VALUE.TOO_PRECISE") return text;
      // A text that is not itself a float's comes from an exact kind, and is rounded only when asked.
      return options.decimals || canonicalFloat(text, 64) === text ? canonical(kind, text) : text;
    case "decimal":
      if (!options.decimals || kind.scale === undefined || kind.scale <= 0) return text;
      return fits(kind, text) === "VALUE.TOO_PRECISE" ? truncateDecimal(canonical(kind, text), kind.scale) : text;
    case "list":
      return mapList(text, (item) => narrowed(kind.of, item, options));
    default:
      return text;
  }
}

/** As `fits`; `text` as it came, `value` the same in this kind's form. */
export function misfit(kind: Kind, text: string, value: string): ValueErrorCode | undefined {
  switch (kind.type) {
    case "text":
      if (kind.noNul && value.includes("\0")) return "VALUE.NUL";
      return kind.maxLength !== undefined && isLongerThan(value, kind.maxLength) ? "VALUE.TOO_LONG" : undefined;
    case "enum":
      return kind.values.includes(value) ? undefined : "VALUE.NOT_IN_ENUM";
    case "integer":
      return isInRange(value, kind) ? undefined : "VALUE.OUT_OF_RANGE";
    case "decimal":
      return decimalMisfit(value, kind);
    case "float":
      if (kind.noNaN && value === "NaN") return "VALUE.NOT_A_NUMBER";
      if (kind.noInfinity && value.endsWith("Infinity")) return "VALUE.OUT_OF_RANGE";
      return value === text || isSameFloat(kind, text, value) ? undefined : "VALUE.TOO_PRECISE";
    case "instant":
    case "local":
    case "date":
      if (kind.noInfinity && value.endsWith("infinity")) return "VALUE.OUT_OF_RANGE";
      return narrowed(kind, value) === value ? undefined : "VALUE.TOO_PRECISE";
    case "time":
    case "duration":
      return narrowed(kind, value) === value ? undefined : "VALUE.TOO_PRECISE";
    case "bytes":
      return kind.maxLength !== undefined && byteLength(value) > kind.maxLength ? "VALUE.TOO_LONG" : undefined;
    case "json":
      return kind.noNul && hasEscapedNul(value) ? "VALUE.NUL" : undefined;
    case "list":
      return listMisfit(kind.of, value);
    case "boolean":
    case "uuid":
      return undefined;
  }
}

/** Whether the rounding to this width left the number what it was, whichever way the other kind spells it. */
function isSameFloat({ bits }: FloatKind, text: string, value: string): boolean {
  const number = Number(text);
  if (!Number.isFinite(number)) return true;
  if (canonicalDecimal(text) === canonicalDecimal(value)) return true;
  // 0.10000000149011612 is the float that 32 bits spell 0.1.
  return bits === 32 && Math.fround(number) === number && shortest(number, 64) === text;
}

function listMisfit(of: Kind, list: string): ValueErrorCode | undefined {
  for (const item of listItems(list)) {
    const code = item === null ? undefined : fits(of, item);
    if (code !== undefined) return code;
  }
  return undefined;
}

/** An escape for U+0000 in canonical JSON: after an even number of backslashes. */
function hasEscapedNul(json: string): boolean {
  return json.includes("\\u0000") && /(?:^|[^\\])(?:\\\\)*\\u0000/.test(json);
}

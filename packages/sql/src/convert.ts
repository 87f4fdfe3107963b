import { canonical, decode, encode, isValueError, ValueError } from "@sync/core";
import type { Kind } from "@sync/core";
import type { Executor } from "./executor.ts";
import type { SqlColumn } from "./model.ts";

/** A field's kind, and how a library stores it. */
export interface StoredField {
  readonly kind: Kind;
  readonly column: SqlColumn;
  /** Of what a clock gives, the moment that the column can hold. @default any */
  readonly held?: (moment: Date) => Date;
}

/** What a clock gives now, as a value of the field. */
export function stampOf({ kind, held }: StoredField): string {
  const now = new Date();
  return encode(kind, held ? held(now) : now);
}

/** What a library's custom type or transformer does to a value, between the driver's form of it and the application's. */
export interface Conversion {
  fromDriver(value: unknown): unknown;
  toDriver(value: unknown): unknown;
}

/**
 * The field as the application sees it. `declared`: the kind of what the conversion gives. The driver's value in between is
 * as `decode` of core gives it for the stored kind: text, number, bigint, bytes, plain data. An instant goes to the conversion
 * as a Date; one that fails does so for this value alone.
 */
export function convertedField({ kind, column, held }: StoredField, declared: Kind, conversion: Conversion): StoredField {
  return {
    kind: declared,
    ...(held ? { held } : {}),
    column: {
      ...column,
      decode(text) {
        const value = decode(kind, column.decode(text));
        return encode(declared, guarded(() => conversion.fromDriver(value)));
      },
      encode(text) {
        const value = declared.type === "instant" ? new Date(text) : decode(declared, text);
        return column.encode(encode(kind, guarded(() => conversion.toDriver(value))));
      },
    },
  };
}

function guarded(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    throw isValueError(error) ? error : new ValueError("VALUE.MALFORMED");
  }
}

/** What core decodes a stored value to, as the drivers of most libraries give it. */
export function driversForm(kind: Kind, value: unknown, dialect: Executor["dialect"]): unknown {
  switch (kind.type) {
    case "instant":
      return new Date(value as string);
    case "bytes":
      return Buffer.from(value as Uint8Array);
    case "integer":
      return dialect === "postgres" && kind.bits === 64 ? String(value) : Number(value);
    case "decimal":
      return dialect === "postgres" ? value : Number(value);
    case "list":
      return (value as unknown[]).map((item) => (item === null ? null : driversForm(kind.of, item, dialect)));
    default:
      return value;
  }
}

/**
 * What a library takes for a value, if that holds all of it: a Date has no microseconds, a number in JSON not all digits. Undefined:
 * it does not. `shown`: what it makes of that in turn, where this is something else.
 */
export function wholly(kind: Kind, take: (value: string) => unknown, shown: (given: unknown) => unknown = (given) => given): (value: string) => unknown {
  return (value) => {
    try {
      const given = take(value);
      return holds(kind, value, shown(given)) ? given : undefined;
    } catch {
      return undefined;
    }
  };
}

function holds(kind: Kind, value: string, given: unknown): boolean {
  if (given === null) return false; // to a library, a null in JSON is none
  if (kind.type === "json") {
    const text = JSON.stringify(given);
    return text === value || canonical(kind, text) === value;
  }
  if (given === value) return true;
  if ((typeof given === "number" || typeof given === "bigint" || typeof given === "boolean") && String(given) === value) return true;
  // Of a moment, a Date lacks only what is behind the third digit.
  if (kind.type === "instant" && given instanceof Date && value.length <= "2026-01-02T03:04:05.678Z".length) return !Number.isNaN(given.getTime());
  if (kind.type !== "local" || !(given instanceof Date)) return encode(kind, given) === value;
  return canonical(kind, new Date(given.getTime() - given.getTimezoneOffset() * 60_000).toISOString().slice(0, -1)) === value;
}

import { canonical, isValueError } from "@sync/core";
import type { Bson } from "./driver.ts";
import { Misfit, orMisfit, tagOf } from "./json.ts";
import type { Scalar } from "./shape.ts";

/** A value as one text, all of its digits; undefined where it is of another type. */
export function textOf(value: unknown, is: Scalar): string | undefined {
  switch (is) {
    case "text":
      return typeof value === "string" ? value : undefined;
    case "boolean":
      return typeof value === "boolean" ? String(value) : undefined;
    case "double":
      return numberText(value);
    case "int32":
    case "long": {
      const text = numberText(value);
      return text !== undefined && /^-?\d+$/.test(text) ? text : undefined;
    }
    case "decimal": {
      const text = decimalText(value);
      return text !== undefined && isNumber(text) ? canonicalDecimal(text) : undefined;
    }
    case "date":
      return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : undefined;
    case "objectId":
      return tagOf(value) === "ObjectId" ? (value as { toHexString(): string }).toHexString() : undefined;
    case "uuid":
      return bytesOf(value, 4)?.subarray(0, 16).toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
    case "bytes":
      return bytesOf(value, 0)?.toString("base64");
  }
}

/** @throws {Misfit} */
export function valueOf({ Decimal128, Double, Int32, Long, ObjectId, UUID, Binary }: Bson, text: string, is: Scalar): unknown {
  switch (is) {
    case "text":
      return text;
    case "boolean":
      return text === "true";
    case "double":
      return new Double(Number(text));
    case "int32":
      return new Int32(int32(text));
    case "long":
      return orMisfit(() => Long.fromStringStrict(text));
    case "decimal":
      return orMisfit(() => Decimal128.fromString(text));
    case "date":
      return valid(new Date(text));
    case "objectId":
      return orMisfit(() => ObjectId.createFromHexString(text));
    case "uuid":
      return orMisfit(() => new UUID(text));
    case "bytes":
      return new Binary(Buffer.from(text, "base64"));
  }
}

/** JavaScript's spelling, or all digits of a long; undefined for no number. */
export function numberText(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  const tag = tagOf(value);
  if (tag === "Double" || tag === "Int32") return String((value as { readonly value: number }).value);
  return tag === "Long" ? String(value) : undefined;
}

/** As the document has it: with trailing zeros, NaN too. */
export function decimalText(value: unknown): string | undefined {
  return tagOf(value) === "Decimal128" ? String(value) : undefined;
}

/** JSON has neither NaN nor infinities. */
export const isNumber = (text: string): boolean => /^-?\d/.test(text);

export function canonicalDecimal(text: string): string {
  try {
    return canonical({ type: "decimal" }, text);
  } catch (error) {
    if (isValueError(error)) return text;
    throw error;
  }
}

function bytesOf(value: unknown, subtype: number): Buffer | undefined {
  if (tagOf(value) !== "Binary") return undefined;
  const binary = value as { readonly sub_type: number; value(): Uint8Array };
  return binary.sub_type === subtype ? Buffer.from(binary.value()) : undefined;
}

function int32(text: string): number {
  const number = Number(text);
  if ((number | 0) !== number) throw new Misfit();
  return number;
}

function valid(date: Date): Date {
  if (Number.isNaN(date.getTime())) throw new Misfit();
  return date;
}

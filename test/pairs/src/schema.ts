import type { Kind, Value } from "@sync/core";

// What a case keeps the same, as data. Each side makes of it models of its own library.

/** Who makes the keys of new records: a sequence, the database, or the library. */
export type KeyKind = "serial" | "bigint" | "uuid" | "cuid" | "objectid";

export interface ValueField {
  readonly kind: Kind;
  readonly nullable?: true;
}

/** Holds the key of a record of another model, or of its own. */
export interface ReferenceField {
  readonly to: string;
  readonly nullable?: true;
  /** What the database does when that record goes. @default "restrict" */
  readonly onDelete?: "cascade" | "restrict";
}

export type CaseField = ValueField | ReferenceField;

/** Several fields that together hold the key of another record; they stand among the model's fields as values. */
export interface CompositeReference {
  readonly name: string;
  readonly fields: readonly string[];
  readonly to: string;
  /** Its key. */
  readonly targetFields: readonly string[];
}

export interface CaseModel {
  /** The key is `id`, made by the database or the library; or it is these fields, which come with the record. */
  readonly key: KeyKind | readonly string[];
  /** Without `id`. */
  readonly fields: Readonly<Record<string, CaseField>>;
  readonly unique?: readonly (readonly string[])[];
  readonly references?: readonly CompositeReference[];
  /** The fields by which people name a record; tests do too. A reference among them counts by its record's name. */
  readonly named: readonly string[];
  /** A reference: where records can hold other records, these live in that one. Elsewhere they have a table. */
  readonly within?: string;
}

export type CaseSchema = Readonly<Record<string, CaseModel>>;

/** Field → canonical text, or null. The key of a model that makes its own is `id`. */
export type RawRecord = Readonly<Record<string, Value>>;

export function isReference(field: CaseField): field is ReferenceField {
  return "to" in field;
}

export const text: ValueField = { kind: { type: "text" } };
export const flag: ValueField = { kind: { type: "boolean" } };
export const whole: ValueField = { kind: { type: "integer", bits: 32 } };

export function decimal(precision: number, scale: number): ValueField {
  return { kind: { type: "decimal", precision, scale } };
}

export function orNull<Field extends CaseField>(field: Field): Field & { readonly nullable: true } {
  return { ...field, nullable: true };
}

export function to(model: string, onDelete: "cascade" | "restrict" = "restrict"): ReferenceField {
  return { to: model, onDelete };
}

/** The fields of a model's key. */
export function keyFields({ key }: CaseModel): readonly string[] {
  return typeof key === "string" ? ["id"] : key;
}

/** Of which kind the fields of its key are, where they come with the record; else what makes them. */
export function keyOf(schema: CaseSchema, model: string): KeyKind | Kind {
  const { key, fields } = schema[model]!;
  if (typeof key === "string") return key;
  const field = fields[key[0]!]!;
  return isReference(field) ? keyOf(schema, field.to) : field.kind;
}

/** A canonical key for a record that an application inserts itself, another one for each number. */
export function keyText(kind: KeyKind, number: number): string {
  switch (kind) {
    case "serial":
      return String(number);
    case "bigint":
      return String(9_007_199_254_740_993n + BigInt(number));
    case "uuid":
      return `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
    case "cuid":
      return `c${String(number).padStart(24, "0")}`;
    case "objectid":
      return number.toString(16).padStart(24, "0");
  }
}

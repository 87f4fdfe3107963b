export type ValueKind =
  | "text" | "boolean" | "integer" | "decimal" | "float" | "instant" | "local" | "date" | "time" | "duration" | "bytes" | "uuid" | "enum" | "json" | "list";

/** The labels of the corpus's enum. */
export const CHOICES = ["red", "Deep blue", "it's", "RED", "red ", "ru\u0308n", "r\u00fcn", "\u{1f7e2}", "null", "0"] as const;

/** One value, as an application would have it stored. */
export interface CorpusValue {
  /** The natural key of its record, on both sides. */
  readonly id: string;
  readonly kind: ValueKind;
  /**
   * A plain spelling that every bare driver can be given: ISO 8601 for times, hexadecimal digits for bytes, JSON for documents
   * and lists. Null: no value. Absent: only the dialects of `sql` can store it.
   */
  readonly text?: string | null;
  /** Stored by this expression instead, which makes something that no driver would be given for the kind. */
  readonly sql?: { readonly postgres?: string; readonly sqlite?: string };
}

/** Values of one kind under ids of their own; every kind begins with no value at all. */
export function valuesOf(kind: ValueKind, texts: readonly string[], stored: Readonly<Record<string, NonNullable<CorpusValue["sql"]>>> = {}): CorpusValue[] {
  return [
    { id: `${kind} none`, kind, text: null },
    ...[...new Set(texts)].map((text, at): CorpusValue => ({ id: `${kind} ${String(at + 1).padStart(3, "0")}`, kind, text })),
    ...Object.entries(stored).map(([name, sql]): CorpusValue => ({ id: `${kind} ${name}`, kind, sql })),
  ];
}

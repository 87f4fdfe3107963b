import type { Database } from "@sync/core";
import type { CorpusValue, ValueKind } from "./corpus/index.ts";
import type { Coarseness } from "./meaning.ts";
import type { Refusal } from "./refusals.ts";

/** The column that a library has for values of one kind, as far as it can be told without the product. */
export interface ValueColumn extends Coarseness {
  /** Columns of the same range share a word: what one of them holds is not measured again before it goes to the other. */
  readonly range: string;
  /** What may stand here and is no value of its kind. */
  readonly reads: Refusal;
  /** What a column of another range may hold, and this one is not given. */
  readonly takes: Refusal;
  /** How the library shows that there is no value, where it cannot. */
  readonly none?: string;
  /** What the database itself refuses, or can keep only as something else, whatever came from where. */
  readonly keeps?: Refusal;
}

/** What stands in one record, by the bare driver. */
export interface StoredValue {
  /** Canonical text of the record's local key. */
  readonly key: string;
  /** Everything that is stored, to the byte. */
  readonly bytes: string | null;
  /** The same in the corpus's plain spelling. */
  readonly spelled: string | null;
  readonly note: string | null;
}

/** Tables of one database, one for each kind that its library has a column for: `code` (unique), `value`, `note`. */
export interface ValueSide {
  readonly database: Database;
  readonly columns: Readonly<Partial<Record<ValueKind, ValueColumn>>>;
  /** Whether the bare driver can have it stored at all. */
  holds(value: CorpusValue): boolean;
  insert(kind: ValueKind, values: readonly CorpusValue[]): Promise<void>;
  /** By `code`. */
  rows(kind: ValueKind): Promise<ReadonlyMap<string, StoredValue>>;
  /** The application writes the note of these records. */
  note(kind: ValueKind, codes: readonly string[], note: string): Promise<void>;
  close(): Promise<void>;
}

/** The model's name in every library. */
export function modelOf(kind: ValueKind): string {
  return `${kind[0]!.toUpperCase()}${kind.slice(1)}Value`;
}

/** The table's name, likewise. */
export function tableOf(kind: ValueKind): string {
  return `${kind}_values`;
}

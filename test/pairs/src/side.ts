import type { Database } from "@sync/core";
import type { FreshSchema } from "@sync/test-adapters/conformance";
import type { FreshDatabase } from "@sync/test-databases";
import type { CaseSchema, KeyKind, RawRecord } from "./schema.ts";

export type AdapterName = "drizzle" | "typeorm" | "mikro-orm" | "prisma" | "postgres-jsonb" | "mongoose";

export type Engine = "postgres" | "sqlite" | "mongodb";

/** One adapter, as the cases see it. */
export interface PairSide {
  readonly name: AdapterName;
  /** The databases it is tried on, the usual one first. */
  readonly engines: readonly Engine[];
  /** Records live inside of records where a schema says `within`. */
  readonly documents: boolean;
  /** The keys that its library, or the database for it, makes for new records. */
  readonly keys: readonly KeyKind[];
  /** Law id of `@sync/conformance` → why it is waived: cases check that it is refused by name. */
  readonly waived: Readonly<Record<string, string>>;
  /** An empty database with the tables of this schema, made from the library's own models. */
  open(schema: CaseSchema, engine: Engine, fresh: Fresh): Promise<OpenSide>;
}

/** Gives empty databases, each call another one. */
export interface Fresh {
  /** A schema of a real PostgreSQL. */
  postgres(): Promise<FreshSchema>;
  /** A database of a MongoDB. */
  mongodb(): Promise<FreshDatabase>;
}

/** An adapter's database and a way to it that knows nothing of syncs. */
export interface OpenSide {
  readonly database: Database;
  readonly probe: Probe;
  /** A server that refuses a unique value to a new record although the one that had it has another by now. */
  readonly remembersGivenUp?: boolean;
  /** What the adapter calls a model of the schema, where it is another name: `Country.regions`. */
  model(name: string): string;
  /** What the adapter calls a field. */
  field(model: string, name: string): string;
  close(): Promise<void>;
}

/** The database behind the adapter's back, by the bare driver. Names are the schema's, values canonical, keys local ones. */
export interface Probe {
  /** Every record with all fields of its model, in any order. */
  rows(model: string): Promise<readonly RawRecord[]>;
  /** Fields that are left out get what the database gives them. */
  insert(model: string, records: readonly RawRecord[]): Promise<void>;
  /** `key`: the fields of the primary key. */
  update(model: string, key: RawRecord, changes: RawRecord): Promise<void>;
  delete(model: string, key: RawRecord): Promise<void>;
}

/** What no document database does. */
export const documentKeysStay: PairSide["waived"] = {
  "keys/changed": "The key of a document is not written again once it is there: a change is refused as WRITE.REFUSED.",
};

import type { Database, Value } from "@sync/core";
import type { KitModelName, ValueField } from "./models.ts";

/** Field → canonical text, as `encode` and `canonical` of `@sync/core` make it, or null. */
export type KitRecord = Readonly<Record<string, Value>>;

/** Writes as an application makes them. */
export interface ProbeWrites {
  /** Fields left out get what the database gives them: a default, a key, null. */
  insert(model: KitModelName, records: readonly KitRecord[]): Promise<void>;
  /** `key`: the fields of the primary key. */
  update(model: KitModelName, key: KitRecord, changes: KitRecord): Promise<void>;
  delete(model: KitModelName, key: KitRecord): Promise<void>;
}

export interface ProbeTransaction extends ProbeWrites {
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

/** The database behind the adapter's back. No assertion of the kit trusts the adapter where this can tell. */
export interface Probe extends ProbeWrites {
  /** Every committed row with all the kit's fields that the model has, in any order. */
  rows(model: KitModelName): Promise<readonly KitRecord[]>;
  /** Capability `transactions`. */
  begin?(): Promise<ProbeTransaction>;
  /** Capability `foreignValues`: puts into one field of this thing what is not of its kind, and says into which. */
  spoil?(key: KitRecord): Promise<ValueField>;
  /** Capability `uninstall`: names of whatever the adapter has made in this database. */
  sideTables?(): Promise<readonly string[]>;
}

/** A fresh database with the kit's schema, empty. */
export interface Session {
  /** What is tested. The kit uses this very object. */
  readonly database: Database;
  readonly probe: Probe;
  readonly server: Server;
  /** Capability `reopening`: the same database as a process sees it that starts later. */
  reopen?(): Promise<Database>;
  /** Capability `uninstall`. */
  uninstall?(): Promise<void>;
  close(): Promise<void>;
}

export interface Server {
  /** `PostgreSQL`, `SQLite`, `MongoDB` */
  readonly product: string;
  readonly version: string;
  /** It only behaves like `product`: what it really is. */
  readonly compatible?: string;
}

/** Every one has to be answered. What is there has to be declared, and what is declared has to be there. */
export interface HarnessCapabilities {
  /** Of every endpoint: it tells what may differ since a mark. */
  readonly changesSince: boolean;
  /** Of every endpoint: it makes fingerprints. */
  readonly fingerprints: boolean;
  /** Of every endpoint but that of `Thing`: a written row equals the row sent. */
  readonly exactWrites: boolean;
  /** The database can hold the state of pairs. */
  readonly state: boolean;
  /** `Child` bears its cloudId itself. */
  readonly cloudIdField: boolean;
  /** A unit is written whole or not at all. */
  readonly atomicUnits: boolean;
  /** The database keeps rows from referring to nothing. */
  readonly foreignKeys: boolean;
  /** The database has the check constraint of `Parent.size`. */
  readonly checks: boolean;
  /** The database refuses null where the schema does. */
  readonly notNull: boolean;
  /** The database gives `Child.rank` its default. */
  readonly defaults: boolean;
  /** The application has transactions: `Probe.begin`. */
  readonly transactions: boolean;
  /** Others read and write while one of them is open; else they wait for its end. */
  readonly overlappingTransactions: boolean;
  /** The database may hold what is not of its field's kind: `Probe.spoil`. */
  readonly foreignValues: boolean;
  /** `Session.reopen` */
  readonly reopening: boolean;
  /** `Session.uninstall` and `Probe.sideTables` */
  readonly uninstall: boolean;
}

export type Capability = keyof HarnessCapabilities;

/** What an adapter's author hands to the kit. */
export interface Harness {
  /** An empty database with the kit's schema. Names of one test run are all different and fit into a path: `drizzle-keys-are-tuples`. */
  open(namespace: string): Promise<Session>;
  readonly capabilities: HarnessCapabilities;
  /** The fields of `Thing` that this database has a kind for. */
  readonly values: readonly ValueField[];
  /**
   * What the adapter calls the kit's models and fields where it cannot have their names: `{ Entry: "Book.entries", "Entry.book":
   * "Book.id" }`. The probe goes by the kit's names.
   */
  readonly names?: Partial<Record<KitModelName | `${KitModelName}.${string}`, string>>;
  /** Law id → why this adapter does not keep it, in a sentence. */
  readonly waive?: Readonly<Record<string, string>>;
}
